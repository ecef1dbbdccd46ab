"""Fixtures for pytest. Pytest loads this wherever the package is installed, so it imports next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions


@pytest.fixture
def wahelp_sandbox_options() -> SandboxOptions:
    """Return how the sandbox behaves; override this fixture to change it."""
    from airflow_provider_wahelp.sandbox import SandboxOptions

    return SandboxOptions()


@pytest.fixture
def wahelp_sandbox(wahelp_sandbox_options: SandboxOptions) -> Iterator[Sandbox]:
    """Run a fresh Wahelp sandbox for one test.

    :param wahelp_sandbox_options: how it behaves.
    """
    from airflow_provider_wahelp.sandbox import Sandbox

    sandbox = Sandbox(wahelp_sandbox_options)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.request_stop()  # it takes a fifth of a second, for which the next test need not wait

"""Fixtures for pytest. Pytest loads this wherever the package is installed, so it imports next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_provider_wahelp.sandbox import Sandbox, SandboxConnection, SandboxOptions


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


@pytest.fixture
def wahelp_connect(
    wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., SandboxConnection]:
    """Return a function that gives Airflow a connection to the sandbox: ``wahelp_connect(conn_id, **extra)``.

    Each has an active channel, in a project of its own. Tokens, and how many messages were sent, are the
    test's own.

    :param wahelp_sandbox: the sandbox.
    :param monkeypatch: takes the connections away after the test.
    :param tmp_path_factory: makes a directory for what the tasks of a host share.
    """
    from airflow_provider_wahelp.sandbox.airflow_connection import environment, make_connection

    monkeypatch.setenv("AIRFLOW__WAHELP__STATE_DIRECTORY", str(tmp_path_factory.mktemp("wahelp")))

    def connect(conn_id: str = "wahelp_default", **extra: Any) -> SandboxConnection:
        connection = make_connection(wahelp_sandbox, conn_id)
        for name, value in environment(wahelp_sandbox, connection, extra).items():
            monkeypatch.setenv(name, value)
        return connection

    return connect


@pytest.fixture
def wahelp_connection(wahelp_connect: Callable[..., SandboxConnection]) -> SandboxConnection:
    """Give Airflow the connection ``wahelp_default``; override this fixture for another id.

    :param wahelp_connect: makes connections.
    """
    return wahelp_connect()

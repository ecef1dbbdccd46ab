"""Debian's Chromium, which asks nobody but this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from demo.airflow import Airflow

_HERE = Path(__file__).parent

# An Airflow without the extra `browser` runs the other tests.
collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]

_OPTIONS = (
    "--no-sandbox",  # root's, as in CI
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs in a browser: it is left out of all runs but its own, as it keeps an event loop."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Take the browser that is installed; Playwright would fetch one of its own."""
    program = shutil.which("chromium")
    assert program, "no Chromium here: .ci/chromium installs Debian's"
    return {**browser_type_launch_args, "executable_path": program, "args": list(_OPTIONS)}


@pytest.fixture(scope="session")
def wahelp() -> Iterator[Sandbox]:
    """Run the account that all connections lead to."""
    with Sandbox(SandboxOptions(activation_delay=0)) as running:
        yield running


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Run an Airflow without any connection."""
    with Airflow(tmp_path_factory.mktemp("airflow"), [_HERE / "dags"]) as running:
        yield running

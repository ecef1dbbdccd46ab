"""Debian's Chromium, which asks nobody but this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from demo.airflow import Airflow
from demo.airflow_version import VERSION

from . import people

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WITH_PEOPLE = VERSION >= (3,) and find_spec("flask_appbuilder") is not None
"""Whether FAB's auth manager is beside the Airflow, which knows people and their rights."""

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
    """Run an Airflow without any connection.

    With FAB it is as companies have it: people log in, and it is served under a path. Without, everybody is
    an administrator.
    """
    company: dict[str, Any] = {
        "path": "/airflow",
        "account": people.ADMIN,
        "env": people.SETTINGS,
        "on_migrated": people.let_in,
    }
    home = tmp_path_factory.mktemp("airflow")
    with Airflow(home, [_HERE / "dags"], **(company if WITH_PEOPLE else {})) as running:
        yield running


@pytest.fixture(scope="session")
def of_admin(browser: Browser, airflow: Airflow) -> list[Any]:
    """Return the cookies of an administrator."""
    if not WITH_PEOPLE:
        return []
    with browser.new_context() as context:
        log_in(context.new_page(), airflow.url, people.ADMIN)
        return list(context.cookies())


@pytest.fixture(autouse=True)
def _patience() -> None:
    """Airflow is slow while its tasks run. Before each test: those of the sandbox's page are less patient."""
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)


@pytest.fixture(autouse=True)
def _admin_looks(request: pytest.FixtureRequest) -> None:
    """Let a page of Airflow be opened by its administrator."""
    if {"page", "airflow"} <= set(request.fixturenames):
        request.getfixturevalue("context").add_cookies(request.getfixturevalue("of_admin"))


def log_in(page: Page, url: str, account: Mapping[str, str]) -> None:
    """Open an address of Airflow's as somebody who has to log in first."""
    page.goto(url)
    for name, value in account.items():
        page.locator(f"input[name={name}]").fill(value)
    page.locator("input[type=submit]").click()
    page.locator("input[type=submit]").wait_for(state="detached")

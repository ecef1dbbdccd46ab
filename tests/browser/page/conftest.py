"""The sandbox's page, open in a browser beside a caller of the API."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from tests.sandbox.support import Api, ChannelCaller

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page

collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]

SECOND = 1000  # in which whatever happens must be seen
MOST = 10 * SECOND


@pytest.fixture(autouse=True)
def _within_a_second() -> Iterator[None]:
    """Whatever is expected must be there within a second of a machine that does nothing else."""
    from playwright.sync_api import expect

    waiting = os.getloadavg()[0] / (os.cpu_count() or 1)
    expect.set_options(timeout=min(SECOND * max(1.0, waiting), MOST))
    yield
    expect.set_options(timeout=5 * SECOND)


@pytest.fixture
def wahelp_sandbox_options() -> SandboxOptions:
    # Only a scan and a moved clock make anything happen, however slow the machine.
    return SandboxOptions(activation_delay=None, delivered_after=100, read_after=300)


@pytest.fixture
def api(wahelp_sandbox: Sandbox) -> Iterator[Api]:
    caller = Api(wahelp_sandbox)
    with caller.http:
        caller.log_in()
        yield caller


@pytest.fixture
def channel(api: Api) -> ChannelCaller:
    return api.channel()


@pytest.fixture
def sandbox_page(page: Page, wahelp_sandbox: Sandbox) -> Iterator[Page]:
    """The page, which must neither fail nor ask anybody but the sandbox."""
    asked: list[str] = []
    wrong: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # The browser reports each answer that says no; the page is to show it to the person.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    page.set_default_timeout(MOST)
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", note)
    page.goto(wahelp_sandbox.url)
    page.get_by_text("live", exact=True).wait_for()
    yield page
    assert wrong == []
    web = [url for url in asked if urlsplit(url).scheme != "data"]
    assert {urlsplit(url).netloc for url in web} == {urlsplit(wahelp_sandbox.url).netloc}

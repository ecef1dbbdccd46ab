from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_provider_wahelp.sandbox import SandboxOptions
from tests.conftest import SANDBOX_LOG

from .support import Api, ChannelCaller, Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_wahelp.sandbox import Sandbox


@pytest.fixture(autouse=True, scope="package")
def _lines_for_requests() -> Iterator[None]:
    SANDBOX_LOG.setLevel("NOTSET")
    yield
    SANDBOX_LOG.setLevel("WARNING")


@pytest.fixture
def wahelp_sandbox_options() -> SandboxOptions:
    # Minutes, so that only a moved clock makes anything happen, however slow the machine.
    return SandboxOptions(activation_delay=600, delivered_after=100, read_after=300)


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
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running

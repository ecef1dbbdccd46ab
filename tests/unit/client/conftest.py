from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from .wire import Asynchronous, Blocking, Clients, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as server:
        yield server


@pytest.fixture(params=[Blocking, Asynchronous], ids=["blocking", "asynchronous"])
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    """Make clients; every test that asks for this runs with both kinds."""
    with ExitStack() as stack:
        yield Clients(request.param, stack)


@pytest.fixture
def client(clients: Clients, wire: Wire) -> Blocking | Asynchronous:
    return clients(wire.url)

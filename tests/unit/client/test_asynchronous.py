"""What only httpx and an event loop can do to a call; the rest is in test_exchange and test_retries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
import respx

from airflow_provider_wahelp.client import AsyncWahelpClient, Settings, calls, errors
from airflow_provider_wahelp.client.certificates import tls_context
from airflow_provider_wahelp.client.token_store import MemoryStore

from .wire import TEXT

URL = "https://wahelp.ru/api/app/projects/1/channels/c-1/send_message/301"
SEND = calls.send_message(1, "c-1", 301, TEXT)


async def _no_wait(_: float) -> None:
    """Wait for nothing."""


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock as router:
        yield router


def perform(**settings: float) -> object:
    async def run() -> object:
        async with AsyncWahelpClient(Settings(access_token="ready", **settings), sleep=_no_wait) as client:
            return await client.perform(SEND)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("fault", "repeated"),
    [
        (httpx.ConnectTimeout, True),
        (httpx.ConnectError, True),
        (httpx.PoolTimeout, True),
        (httpx.ProxyError, True),
        (httpx.ReadTimeout, False),
        (httpx.WriteTimeout, False),
        (httpx.ReadError, False),
        (httpx.WriteError, False),
        (httpx.CloseError, False),
        (httpx.RemoteProtocolError, False),
    ],
)
def test_a_send_is_repeated_only_if_it_never_left(
    server: respx.MockRouter, fault: type[httpx.TransportError], repeated: bool
) -> None:
    route = server.post(URL).mock(
        side_effect=[fault("x"), httpx.Response(200, json={"success": True, "data": {"id": 1}})]
    )
    if repeated:
        assert perform().id == 1  # type: ignore[attr-defined]
    else:
        with pytest.raises(errors.ConnectionLostError, match="not known"):
            perform()
    assert route.call_count == 1 + repeated


def test_connecting_has_a_timeout_of_its_own(server: respx.MockRouter) -> None:
    route = server.post(URL).respond(json={"success": True, "data": {"id": 1}})
    perform(send_timeout=60)
    assert route.calls.last.request.extensions["timeout"] == {
        "connect": 10,
        "read": 60,
        "write": 60,
        "pool": 60,
    }


def test_one_tls_context_serves_all_clients_of_a_process() -> None:
    assert tls_context(True) is tls_context(True)
    assert tls_context(False) is not tls_context(True)


def test_a_cancelled_login_leaves_the_store_to_others(server: respx.MockRouter) -> None:
    store = MemoryStore()

    async def run() -> None:
        begun = asyncio.Event()

        async def never(_: httpx.Request) -> httpx.Response:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        server.post("https://wahelp.ru/api/app/user/login").mock(side_effect=never)
        async with AsyncWahelpClient(Settings(login="l", password="p"), store=store) as client:
            task = asyncio.create_task(client.perform(SEND))
            await begun.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert store.try_lock()

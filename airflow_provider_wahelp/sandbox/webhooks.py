"""Delivery of events: real POSTs, in the background, so that no answer of the API waits for a receiver."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.state import Event

log = logging.getLogger(__name__)

_TIMEOUT = 5.0
_OK = range(200, 300)


class WebhookDelivery:
    """Delivers events in order, address by address: a slow receiver delays nobody else.

    What fails is logged and forgotten.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: dict[str, asyncio.Queue[Event]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._network: httpx.AsyncHTTPTransport | None = None

    async def start(self) -> None:
        """Begin to accept events, on the running event loop."""
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Stop at once; what has not been delivered is dropped."""
        self._loop = None
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._network:
            await self._network.aclose()

    def put(self, event: Event) -> None:
        """Take note of an event. Any thread may call this.

        :param event: what to deliver, and where to.
        """
        loop = self._loop  # read once: the server may be stopping in another thread
        if loop:
            loop.call_soon_threadsafe(self._enqueue, event)

    def _enqueue(self, event: Event) -> None:
        if event.url not in self._queues:
            queue: asyncio.Queue[Event] = asyncio.Queue()
            self._queues[event.url] = queue
            self._workers.append(asyncio.create_task(self._work(queue)))
        self._queues[event.url].put_nowait(event)

    async def _work(self, queue: asyncio.Queue[Event]) -> None:
        while True:
            event = await queue.get()
            if event.owed():
                await self._deliver(event)

    async def _deliver(self, event: Event) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT):
                status = await self._post(event)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            log.warning("Webhook %s was not reached: %s", _public(event.url), type(error).__name__)
        else:
            if status not in _OK:
                log.warning("Webhook %s answered HTTP %d", _public(event.url), status)

    async def _post(self, event: Event) -> int:
        request = httpx.Request(
            "POST",
            event.url,
            content=json.dumps(event.body).encode(),
            headers={"Content-Type": "application/json"},
        )
        # An httpx client would log the whole address at INFO, and with it the secret in its query string.
        response = await self._transport().handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response.status_code

    def _transport(self) -> httpx.AsyncHTTPTransport:
        # Only on first use: it builds a TLS context, which most sandboxes never need.
        if self._network is None:
            self._network = httpx.AsyncHTTPTransport()
        return self._network


def _public(url: str) -> str:
    # The path and the query string are where integrators put their only secret.
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

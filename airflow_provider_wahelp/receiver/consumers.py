"""Where events go on that are committed and answered: to whatever a message ends, decides or lifts.

A webhook has no signature (docs/api.md, 5), and whoever knows the address can invent one. So a consumer reads
the message back from the API by its id before it lets it count.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module

from airflow_provider_wahelp.receiver.received import Received

log = logging.getLogger(__name__)

Consumer = Callable[[Sequence[Received]], Awaitable[None]]

CONSUMERS: tuple[str, ...] = ("airflow_provider_wahelp.receiver.approvals:decide_by_replies",)
"""``module:function`` of each; a module is imported with the first event."""

MOST_WAITING = 1000


class Consumers:
    """Hands events on, all that have come meanwhile at once, and survives whatever a consumer does.

    Of one event loop.

    :param consumers: who is told; each is told of all events, repeated ones included.
    """

    def __init__(self, consumers: Sequence[Consumer] | None = None) -> None:
        self._consumers = consumers
        self._waiting: list[Sequence[Received]] = []
        self._worker: asyncio.Task[None] | None = None

    async def hand_on(self, received: Sequence[Received]) -> None:
        """Take events and return at once."""
        if self._consumers is None:
            self._consumers = [found for found in map(_imported, CONSUMERS) if found]
        if not self._consumers:
            return
        if len(self._waiting) >= MOST_WAITING:
            log.warning("So much is to be done that events are left to polling")
            return
        self._waiting.append(received)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            received = [each for some in self._waiting for each in some]
            self._waiting.clear()
            for consumer in self._consumers or ():
                try:
                    await consumer(received)
                except Exception as error:  # noqa: BLE001 - the others are told nevertheless
                    log.warning("An event was not taken further: %s", type(error).__name__)


def _imported(name: str) -> Consumer | None:
    """Return a consumer; ``None`` where this Airflow has nothing for it to do: it asks people since 3.1."""
    module, _, function = name.partition(":")
    try:
        consumer: Consumer = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        if error.name != "airflow.models.hitl":
            raise
        return None
    return consumer

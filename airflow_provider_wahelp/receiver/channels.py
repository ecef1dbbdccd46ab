"""From the number that webhooks call a channel by to its uuid (docs/api.md, 4.1)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
from airflow_provider_wahelp.receiver.settings import ReceiverSettings

log = logging.getLogger(__name__)

PAUSE_SECONDS = 60.0
"""So long an unknown number is not asked for again: events may come from a channel that has no uuid."""

RETRY_SECONDS = 5.0

Channels = Mapping[str, str]


class ChannelsUnknownError(Exception):
    """The API does not tell the channels now."""


async def list_channels(receiver: ReceiverSettings) -> Channels:
    """Return the uuids of a project's channels, by number."""
    async with WahelpAsyncHook(receiver.conn_id, retries=1) as hook:
        channels = [each async for each in hook.list_channels(receiver.project_id)]
    return {str(each.id): each.uuid.lower() for each in channels if each.id is not None and each.uuid}


class ChannelNumbers:
    """Knows the channels of the projects of all receivers, and reads them again only for an unknown number.

    :param read: reads the channels.
    :param clock: tells the time in seconds.
    """

    def __init__(
        self,
        read: Callable[[ReceiverSettings], Awaitable[Channels]] = list_channels,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._clock = clock
        self._known: dict[ReceiverSettings, Channels] = {}
        self._next: dict[ReceiverSettings, float] = {}
        self._lock = asyncio.Lock()

    async def uuid(self, receiver: ReceiverSettings, number: int | str | None) -> str | None:
        """Return the uuid of a channel; ``None`` where the project has no such channel.

        :raises ChannelsUnknownError: if the API cannot be asked.
        """
        if number is None:
            return None
        if str(number) not in self._known.get(receiver, {}):
            async with self._lock:
                await self._refresh(receiver, str(number))
        return self._known[receiver].get(str(number))

    async def _refresh(self, receiver: ReceiverSettings, number: str) -> None:
        known = self._known.get(receiver)
        if known is not None and number in known:
            return  # read while this one waited
        if self._clock() >= self._next.get(receiver, 0.0):
            await self._read_again(receiver)
        if receiver not in self._known:
            raise ChannelsUnknownError

    async def _read_again(self, receiver: ReceiverSettings) -> None:
        self._next[receiver] = self._clock() + RETRY_SECONDS
        try:
            self._known[receiver] = await self._read(receiver)
            self._next[receiver] = self._clock() + PAUSE_SECONDS
        except Exception as error:  # noqa: BLE001 - whatever it is, the peer is to send again
            log.warning("The channels of %r cannot be read: %s", receiver.conn_id, type(error).__name__)
            raise ChannelsUnknownError from None

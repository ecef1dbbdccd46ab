"""One look at everything that tasks of a project wait for, with as few requests as possible."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import count
from typing import Any, TypeVar

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.errors import (
    CredentialsError,
    InputError,
    NotFoundError,
    NotWahelpError,
    WahelpError,
)
from airflow_provider_wahelp.client.flow import once
from airflow_provider_wahelp.client.history import Extent, may_be_missing, read_history
from airflow_provider_wahelp.client.models import Channel, Message
from airflow_provider_wahelp.client.waiting import all_channels, is_transient
from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
from airflow_provider_wahelp.incoming.hints import Hint
from airflow_provider_wahelp.triggers.waiters import IncomingWaiter, Waiter, Waiters, time_of

BUDGET = 12
"""Requests of one look. It takes more only if more channels than that have messages to look for, or if what
people wrote since the last look fills more pages."""

MISSES = 3
"""Looks without finding a message before it counts as missing: it may show up late (docs/api.md, 3.3)."""

AT_A_TIME = 100
"""Waiters that are called before the event loop may run other tasks."""

FOR_ALL = (CredentialsError, InputError, NotWahelpError)
"""Errors that end all waits: the connection is wrong, not one channel or message."""

Key = tuple[str, ...]  # ("channels",), ("history", uuid), ("channel", uuid) or ("message", uuid, id)
Read = Callable[[], Awaitable[None]]
W = TypeVar("W", bound=Waiter)


class Poll:
    """Looks at the things that tasks wait for, again and again.

    One list serves all channels. One reading of a channel's history serves all its messages and all who wait
    for what people write: a page, or back to where the last look ended. What they do not show is requested
    one by one, in turns, within the budget.
    """

    def __init__(self, api: WahelpAsyncHook, project_id: int, waiters: Waiters) -> None:
        self.read = 0
        self.shown: set[str] = set()
        self._hints: Collection[Hint] | None = None
        self._api = api
        self._project = project_id
        self._waiters = waiters
        self._missing: list[Key] = []
        self._turns: dict[Key, int] = {}
        self._misses: dict[Key, int] = {}
        self._count = count(1)
        self._failed: Key | None = None

    async def run_once(self, hints: Collection[Hint] | None = None) -> WahelpError | None:
        """Look once; ``read`` then counts what could be read, and ``shown`` has the messages that were seen.

        :param hints: what to look at; ``None`` for everything.
        :return: the transient error that cut it short, if there was one.
        :raises FOR_ALL: if the connection is wrong.
        """
        self.read, self._missing, self._hints, self.shown = 0, [], hints, set()
        failed = await self._read_all(self._resumed(self._lists()))
        self._failed, fault = failed or (None, None)
        if fault and (fault.retry_after or not self.read):  # the fault concerns more than one channel
            return fault
        _, later = await self._read_all(self._singles()) or (None, None)
        return fault or later

    def _lists(self) -> dict[Key, Read]:
        reads: dict[Key, Read] = {}
        if self._waiters.channels and self._hints is None:
            reads[("channels",)] = self._read_channels
        return reads | {
            ("history", uuid): partial(self._read_history, uuid)
            for uuid in {**self._waiters.messages, **self._waiters.incoming}
            if self._hints is None or any(hint.channel_uuid == uuid for hint in self._hints)
        }

    def _resumed(self, reads: dict[Key, Read]) -> dict[Key, Read]:
        """Begin after the read that failed last, so that one failing channel does not block the others."""
        keys = list(reads)
        start = keys.index(self._failed) + 1 if self._failed in keys else 0
        return {key: reads[key] for key in keys[start:] + keys[:start]}

    def _singles(self) -> dict[Key, Read]:
        """Choose what to spend the budget on: what was requested the longest time ago."""
        if self._hints is None:
            self._turns = {key: self._turns[key] for key in self._missing if key in self._turns}
            self._misses = {key: self._misses[key] for key in self._missing if key in self._misses}
        chosen = sorted(self._missing, key=lambda key: self._turns.get(key, 0))
        return {key: partial(self._read_single, key) for key in chosen[: max(BUDGET - self.read, 1)]}

    async def _read_all(self, reads: dict[Key, Read]) -> tuple[Key, WahelpError] | None:
        """Read one after the other, until a transient error; return that error and where it occurred."""
        for key, read in reads.items():
            try:
                await read()
            except WahelpError as error:
                if is_transient(error):
                    return key, error
                if isinstance(error, FOR_ALL):
                    raise
                await self._give_up(key, error)
            self.read += 1
        return None

    async def _read_channels(self) -> None:
        try:
            listed = {channel.uuid: channel for channel in await self._api.run(all_channels(self._project))}
        except NotFoundError:  # perhaps only the list is missing: request the channels one by one
            listed = {}
        await self._show_channels(listed)
        self._missing += [("channel", uuid) for uuid in self._waiters.channels if uuid not in listed]

    async def _show_channels(self, listed: dict[str | None, Channel]) -> None:
        for uuid in [uuid for uuid in self._waiters.channels if uuid in listed]:
            await self._show(("channel", uuid), listed[uuid])

    async def _read_history(self, uuid: str) -> None:
        incoming = list(self._waiters.incoming.get(uuid, ()))
        messages, newest = await self._recent(uuid, incoming)
        await tell(incoming, lambda waiter: waiter.show(messages, newest))
        shown = {str(message.id): message for message in messages}
        self.shown |= shown.keys()
        wanted = list(self._waiters.messages.get(uuid, ()))
        for message_id in wanted:
            if message_id in shown:
                await self._show(("message", uuid, message_id), shown[message_id])
        hinted = None if self._hints is None else {hint.message_id for hint in self._hints}
        missing = [each for each in wanted if each not in shown and (hinted is None or each in hinted)]
        self._missing += [("message", uuid, each) for each in missing]

    async def _recent(self, uuid: str, incoming: Sequence[IncomingWaiter]) -> tuple[Sequence[Message], float]:
        """Return a page of messages, or all that are needed, the oldest first; and the newest's time."""
        if not incoming:
            page = await self._api.run(once(calls.get_messages(self._project, uuid)))
            return page.items, -math.inf
        found: dict[object, Message] = {}  # by id: a page may repeat what the one before has had

        def take(message: Message, _: Extent) -> bool:
            found[message.id] = message
            return False

        def since(extent: Extent) -> float:
            return min(waiter.mark(extent.newest) for waiter in incoming)

        extent = await self._api.run(read_history(self._project, uuid, since, take))
        self.read += extent.pages - 1
        if not extent.is_whole:
            await tell(incoming, lambda waiter: waiter.doubt(may_be_missing(uuid, extent)))
        return sorted(found.values(), key=_age), extent.newest

    async def _read_single(self, key: Key) -> None:
        self._turns[key] = next(self._count)
        call: Callable[..., Call[Any]] = calls.get_channel if key[0] == "channel" else calls.get_message
        try:
            found = await self._api.run(once(call(self._project, *key[1:])))
        except NotFoundError:
            self._misses[key] = self._misses.get(key, 0) + 1
            if key[0] == "channel" or self._misses[key] >= MISSES:
                raise
            return
        self._misses.pop(key, None)
        self.shown.add(key[-1])
        await self._show(key, found)

    async def _show(self, key: Key, current: Any) -> None:
        await tell(self._waiters_of(key), lambda waiter: waiter.update(current))

    async def _give_up(self, key: Key, error: WahelpError) -> None:
        await tell(self._waiters_of(key), lambda waiter: waiter.give_up(error))

    def _waiters_of(self, key: Key) -> list[Waiter]:
        """Return the waiters that a read concerns."""
        if key[0] == "channels":
            return [waiter for waiters in self._waiters.channels.values() for waiter in waiters]
        if key[0] == "channel":
            return list(self._waiters.channels.get(key[1], ()))
        messages = self._waiters.messages.get(key[1], {})
        if key[0] == "history":
            incoming = self._waiters.incoming.get(key[1], ())
            return [*(waiter for waiters in messages.values() for waiter in waiters), *incoming]
        return list(messages.get(key[2], ()))


def _age(message: Message) -> tuple[float, int]:
    """Order messages by time; of one second, those with numbers by them."""
    return time_of(message), message.id if isinstance(message.id, int) else 0


async def tell(waiters: Iterable[W], what: Callable[[W], None]) -> None:
    """Call a function with each waiter, without blocking the event loop."""
    for number, waiter in enumerate(list(waiters), 1):
        what(waiter)
        if number % AT_A_TIME == 0:
            await asyncio.sleep(0)

"""The tasks that wait: how the poller tells each of them what it has seen."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.events import event_of
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.waiting import Result
from airflow_provider_wahelp.incoming.hints import Hint

Outcome = dict[str, Any]
"""What a trigger's event carries: ``{"result": ...}``, ``{"error": ...}`` or ``{"late": True}``."""

W = TypeVar("W", bound="Waiter")


class Waiter:
    """What one task waits for.

    :param channel_uuid: the channel, or that of the message.
    :param interval: the longest time between two looks, in seconds.
    :param predicate: returns the result for the current channel or message; ``None`` to go on waiting.
    :param message_id: the message; ``None`` to wait for the channel itself.
    """

    __slots__ = (
        "_done", "_events", "_ready", "channel_uuid", "has_result", "interval", "message_id", "predicate",
    )  # fmt: skip

    def __init__(
        self,
        channel_uuid: str,
        interval: float,
        predicate: Callable[[Any], Result | None],
        message_id: str | None = None,
    ) -> None:
        self.channel_uuid = channel_uuid
        self.interval = interval
        self.predicate = predicate
        self.message_id = message_id
        self._events: deque[str | Outcome | BaseException] = deque()
        self._ready = asyncio.Event()
        self._done = False
        self.has_result = False

    async def next_event(self) -> str | Outcome:
        """Return the next line for the task's log, or the outcome, which comes last.

        :raises RuntimeError: if the poll has failed unexpectedly.
        """
        await self._ready.wait()
        event = self._events.popleft()
        if not self._events:
            self._ready.clear()
        if isinstance(event, BaseException):
            raise RuntimeError(  # noqa: TRY004 - it is not the type that is wrong
                "The poll has failed unexpectedly, and with it all waits that share it."
            ) from event
        return event

    def update(self, current: Any) -> None:
        """End the wait if the predicate gives a result or an error.

        :param current: the channel or the message, as it is now.
        """
        try:
            result = self.predicate(current)
        except WahelpError as error:
            self.give_up(error)
        else:
            if result is not None:
                self.has_result = True
                self._end({"result": result})

    def give_up(self, error: WahelpError) -> None:
        """End the wait with an error."""
        self._end({"error": error.to_dict()})

    def abort(self, error: BaseException) -> None:
        """End the wait with an unexpected error."""
        self._end(error)

    def say(self, words: str) -> None:
        """Log a line in the task's log."""
        if not self._done:
            self._put(words)

    def _end(self, outcome: Outcome | BaseException) -> None:
        if not self._done:
            self._done = True
            self._put(outcome)

    def _put(self, event: str | Outcome | BaseException) -> None:
        self._events.append(event)
        self._ready.set()


class IncomingWaiter(Waiter):
    """What one task waits for in a channel's history. It is shown each message once, however long it waits.

    Service events are not shown. A message that is deleted for everyone a moment later is shown once more.

    :param since: shows messages since a moment, in seconds since 1970 by the history's clock; ``None`` to
        show those that come after the first look.
    :param take: is called with what is new, the oldest first, never with nothing; returns the result that
        ends the wait, or ``None``.
    :param user_ids: the people whose messages are worth a look at once.
    """

    __slots__ = ("_doubted", "_seen", "_undated", "_user_ids", "since")

    def __init__(
        self,
        channel_uuid: str,
        interval: float,
        since: float | None,
        take: Callable[[Sequence[Message]], Result | None],
        user_ids: Collection[str] = (),
    ) -> None:
        super().__init__(channel_uuid, interval, take)
        self.since = since
        self._user_ids = frozenset(user_ids)
        self._doubted = False
        self._seen: set[str] = set()
        self._undated: set[str] = set()

    def mark(self, newest: float) -> float:
        """Return back to which moment the history must be read.

        :param newest: the time of its newest message.
        """
        return newest - LATENESS if self.since is None else self.since

    def show(self, messages: Sequence[Message], newest: float) -> None:
        """Take what is new among messages, which are in order, and remember how far that went."""
        since, first = self.mark(newest), self.since is None
        recent = (each for each in messages if time_of(each) >= since)
        current = {event.key: each for each in recent if (event := event_of(each))}
        new = [each for key, each in current.items() if key not in self._seen | self._undated]
        self._undated |= {key for key, each in current.items() if each.created_at is None}
        self._seen, self.since = set(current), max(since, newest - LATENESS)
        if new and not first:
            self.update(new)

    def heeds(self, hint: Hint) -> bool:
        """Return whether a hint is about a message of somebody who is waited for."""
        return bool(self._user_ids) and hint.is_written_in(self.channel_uuid, self._user_ids)

    def doubt(self, words: str) -> None:
        """Log once that messages may be missing."""
        if not self._doubted:
            self._doubted = True
            self.say(words)

    def pass_on(self, outcome: Outcome) -> None:
        """Let the task have something, and go on waiting."""
        if not self._done:
            self._put(outcome)


def time_of(message: Message) -> float:
    """Return when a message was written, in seconds since 1970; one without a time may be new for ever."""
    return message.created_at.timestamp() if message.created_at else math.inf


class Waiters:
    """The waiters of one project, by channel and message."""

    def __init__(self) -> None:
        self.channels: dict[str, Waits] = {}
        self.incoming: dict[str, dict[IncomingWaiter, None]] = {}
        self.messages: dict[str, dict[str, Waits]] = {}
        self._intervals: Counter[float] = Counter()

    def __bool__(self) -> bool:
        return bool(self._intervals)

    def __iter__(self) -> Iterator[Waiter]:
        for waiters in self.channels.values():
            yield from waiters
        for readers in self.incoming.values():
            yield from readers
        for channel in self.messages.values():
            for waiters in channel.values():
                yield from waiters

    @property
    def interval(self) -> float:
        """Seconds between two looks: the shortest interval of all waiters."""
        return max(min(self._intervals, default=LEAST_INTERVAL), LEAST_INTERVAL)

    def heed(self, hint: Hint) -> bool:
        """Return whether a hint is about something that a task waits for."""
        waited = hint.message_id in self.messages.get(hint.channel_uuid, ())
        return waited or any(reader.heeds(hint) for reader in self.incoming.get(hint.channel_uuid, ()))

    def add(self, waiter: Waiter) -> None:
        """Add a waiter."""
        self._intervals[waiter.interval] += 1
        if isinstance(waiter, IncomingWaiter):
            self.incoming.setdefault(waiter.channel_uuid, {})[waiter] = None
        elif waiter.message_id is None:
            self.channels.setdefault(waiter.channel_uuid, {})[waiter] = None
        else:
            of_channel = self.messages.setdefault(waiter.channel_uuid, {})
            of_channel.setdefault(waiter.message_id, {})[waiter] = None

    def remove(self, waiter: Waiter) -> None:
        """Remove a waiter, and the channel or message that no other task waits for."""
        self._intervals[waiter.interval] -= 1
        if not self._intervals[waiter.interval]:
            del self._intervals[waiter.interval]
        if isinstance(waiter, IncomingWaiter):
            _discard(self.incoming, waiter.channel_uuid, waiter)
            return
        if waiter.message_id is None:
            _discard(self.channels, waiter.channel_uuid, waiter)
            return
        of_channel = self.messages[waiter.channel_uuid]
        _discard(of_channel, waiter.message_id, waiter)
        if not of_channel:
            del self.messages[waiter.channel_uuid]


def _discard(waiters: dict[str, dict[W, None]], key: str, waiter: W) -> None:
    del waiters[key][waiter]
    if not waiters[key]:
        del waiters[key]


Waits = dict[Waiter, None]  # a set that keeps its order


LEAST_INTERVAL = 1.0
"""The shortest time between two looks, in seconds, whatever interval the tasks have."""

LATENESS = 300.0
"""How long after its time a message may show up in the history, in seconds; how late is not known
(docs/api.md, 3.3)."""

"""One task's wait, from the side of the task and from the side of the poller."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

from airflow_provider_wahelp.client.errors import WahelpError, told
from airflow_provider_wahelp.client.waiting import Result

Outcome = dict[str, Any]
"""What a trigger's event carries: ``{"result": ...}``, ``{"error": ...}`` or ``{"late": True}``."""


class Wait:
    """What one task waits for.

    :param channel_uuid: the channel, or that of the message.
    :param interval: how many seconds may pass between two looks.
    :param judge: says of the channel or the message, as it is now, what the result is; ``None``: not yet.
    :param message_id: the message; ``None`` where it is the channel that is waited for.
    """

    __slots__ = ("_done", "_news", "_ready", "channel_uuid", "interval", "judge", "message_id")

    def __init__(
        self,
        channel_uuid: str,
        interval: float,
        judge: Callable[[Any], Result | None],
        message_id: str | None = None,
    ) -> None:
        self.channel_uuid = channel_uuid
        self.interval = interval
        self.judge = judge
        self.message_id = message_id
        self._news: deque[str | Outcome | BaseException] = deque()
        self._ready = asyncio.Event()
        self._done = False

    async def news(self) -> str | Outcome:
        """Return what there is to say to the task's log, or at last the outcome.

        :raises RuntimeError: if the poll has broken down.
        """
        await self._ready.wait()
        news = self._news.popleft()
        if not self._news:
            self._ready.clear()
        if isinstance(news, BaseException):
            raise RuntimeError(  # noqa: TRY004 - it is not the type that is wrong
                "The poll has broken down, and with it all waits that share it."
            ) from news
        return news

    def look(self, thing: Any) -> None:
        """End the wait, if what is waited for has come about or never will.

        :param thing: the channel or the message, as it is now.
        """
        try:
            result = self.judge(thing)
        except WahelpError as error:
            self.give_up(error)
        else:
            if result is not None:
                self._end({"result": result})

    def give_up(self, error: WahelpError) -> None:
        """End the wait with an error.

        :param error: the error.
        """
        self._end({"error": told(error)})

    def break_down(self, error: BaseException) -> None:
        """End the wait with what nobody has foreseen.

        :param error: the error.
        """
        self._end(error)

    def say(self, words: str) -> None:
        """Have something said in the task's log.

        :param words: what to say.
        """
        if not self._done:
            self._put(words)

    def _end(self, outcome: Outcome | BaseException) -> None:
        if not self._done:
            self._done = True
            self._put(outcome)

    def _put(self, news: str | Outcome | BaseException) -> None:
        self._news.append(news)
        self._ready.set()


class Waiters:
    """The waits of one project, by channel and message."""

    def __init__(self) -> None:
        self.channels: dict[str, Waits] = {}
        self.messages: dict[str, dict[str, Waits]] = {}
        self._intervals: Counter[float] = Counter()

    def __bool__(self) -> bool:
        return bool(self._intervals)

    def __iter__(self) -> Iterator[Wait]:
        for waits in self.channels.values():
            yield from waits
        for channel in self.messages.values():
            for waits in channel.values():
                yield from waits

    @property
    def interval(self) -> float:
        """Seconds between two looks: what the most impatient asks for."""
        return max(min(self._intervals, default=LEAST_INTERVAL), LEAST_INTERVAL)

    def add(self, wait: Wait) -> None:
        """Note a wait.

        :param wait: the wait.
        """
        self._intervals[wait.interval] += 1
        if wait.message_id is None:
            self.channels.setdefault(wait.channel_uuid, {})[wait] = None
        else:
            of_channel = self.messages.setdefault(wait.channel_uuid, {})
            of_channel.setdefault(wait.message_id, {})[wait] = None

    def remove(self, wait: Wait) -> None:
        """Forget a wait, and what nobody waits for any more.

        :param wait: a wait that was added.
        """
        self._intervals[wait.interval] -= 1
        if not self._intervals[wait.interval]:
            del self._intervals[wait.interval]
        if wait.message_id is None:
            _discard(self.channels, wait.channel_uuid, wait)
            return
        of_channel = self.messages[wait.channel_uuid]
        _discard(of_channel, wait.message_id, wait)
        if not of_channel:
            del self.messages[wait.channel_uuid]


def _discard(waits: dict[str, Waits], key: str, wait: Wait) -> None:
    del waits[key][wait]
    if not waits[key]:
        del waits[key]


Waits = dict[Wait, None]  # a set that keeps its order


LEAST_INTERVAL = 1.0
"""Seconds between two looks at the least, whatever the tasks ask for."""

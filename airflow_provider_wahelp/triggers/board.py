"""Who waits for what in one project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from airflow_provider_wahelp.triggers.waiters import Wait

Waits = dict[Wait, None]  # a set that keeps its order

LEAST_INTERVAL = 1.0
"""Seconds between two looks at the least, whatever the tasks ask for."""


class Board:
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

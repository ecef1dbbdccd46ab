"""How fast messages may go: a messenger bans a number that writes too fast, whichever task it was."""

from __future__ import annotations

import hashlib
import logging
import math
import random as randomness
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.sent import Messages, Sent, SentLog, broken, contended

log = logging.getLogger(__name__)

_MARGIN = 1_000  # a window is longer than it says: the way to the server takes now more, now less
_MINUTE, _HOUR, _DAY = 60_000 + _MARGIN, 3_600_000, 86_400_000 + _MARGIN
_JITTER = 0.2  # of the spacing, early or late: a gap is between 0.6 and 1.4 of it
_SLACK, _SLACKEST = 0.4, 0.05  # the spacing is this much wider than the window, so that the two seldom meet
_CONTENDED = 0.01  # seconds until another task has taken its leave
_SLOWEST = 0.001


@dataclass(frozen=True)
class _Spacing:
    """Messages one after the other, and not like clockwork.

    A message has a place on an even timetable and goes a little before or after it. What it was off by is
    kept with it and made up for by the next: chance never adds up to a burst, nor to a slower pace.

    :param interval: milliseconds from place to place.
    """

    interval: float

    def place(self, last: Sent | None, now: int) -> float:
        """Return the place of the next message."""
        return last.at + self._clipped(last.off) + self.interval if last else now

    def due(self, last: Sent | None, now: int, chance: float) -> int:
        """Return when the next message goes, given a chance from -1 to 1."""
        return math.ceil(self.place(last, now) + chance * self._most) if last else now

    @property
    def _most(self) -> float:
        return _JITTER * self.interval

    def _clipped(self, off: float) -> float:
        """Forgive what is more than chance: places that were missed, and what a slower task was off by."""
        return max(-self._most, min(off, self._most))


class Pace:
    """How fast messages may go through one channel, counted across all tasks of a host.

    Tasks may name different limits for one channel: each keeps to its own, and all that was sent counts.

    :param directory: where the tasks of the host count together; ``None``: each counts for itself.
    :param channel: what the channel is known by.
    :param per_minute: messages in any minute at most; a fraction is one message in so many minutes.
    :param daily_cap: messages in any 24 hours at most.
    :param clock: the time, in seconds since 1970.
    :param random: what spaces the messages.
    :raises InputError: if a limit is none that anything could be sent under.
    """

    def __init__(
        self,
        directory: Path | None,
        channel: str,
        *,
        per_minute: float | None = None,
        daily_cap: int | None = None,
        clock: Callable[[], float] = time.time,
        random: randomness.Random | None = None,
    ) -> None:
        per_minute = _limit(per_minute, "per_minute", _SLOWEST)
        daily_cap = int(cap) if (cap := _limit(daily_cap, "daily_cap", 1)) else None
        self._limits = _limits(per_minute, daily_cap)
        self._spacing = _spacing(per_minute) if per_minute else None
        self._sent = SentLog(directory / f"pace-{_digest(channel)}.sqlite" if directory else None)
        self._clock = clock
        self._random = random or randomness.Random()  # noqa: S311 - nobody gains by guessing it
        self._chance = self._draw()
        self._tidied = 0
        self._warned: set[str] = set()
        self._threads = threading.Lock()

    def take(self) -> float:
        """Take leave to send one message now. Never waits, and never fails.

        :return: 0.0, and the message is counted; or the seconds until asking again is worth it, and nothing
            is counted.
        """
        if not self._limits:
            return 0.0
        with self._threads:
            for recover in (self._start_anew, self._count_alone):
                try:
                    return self._ask()
                except Exception as error:  # noqa: BLE001 - whatever a disk can do must not fail a mailing
                    if contended(error):
                        return _CONTENDED
                    recover(error)
            return self._ask()

    def close(self) -> None:
        """Let go of the file; what was counted stays counted."""
        with self._threads:
            self._sent.close()

    def _ask(self) -> float:
        with self._sent.alone() as sent:
            now = int(self._clock() * 1000)
            sent.set_back(now)
            self._forget_old(sent, now)
            last = sent.nth(1)
            wait = max(0, self._due(sent, last, now) - now)
            if not wait:
                sent.add(Sent(now, self._spacing.place(last, now) - now if self._spacing else 0.0))
        if not wait:
            self._chance = self._draw()
        return wait / 1000

    def _due(self, sent: Messages, last: Sent | None, now: int) -> int:
        """Return when the spacing and all windows have room."""
        due = self._spacing.due(last, now, self._chance) if self._spacing else now
        for count, window in self._limits:
            if first := sent.nth(count):
                due = max(due, first.at + window + 1)
        return due

    def _forget_old(self, sent: Messages, now: int) -> None:
        """Drop what is older than a day, and no sooner: another task may have a daily cap."""
        if not self._tidied <= now < self._tidied + _HOUR:
            sent.forget_before(now - _DAY)
            self._tidied = now

    def _draw(self) -> float:
        return self._random.uniform(-1, 1)

    def _start_anew(self, error: Exception) -> None:
        if not broken(error):
            return self._count_alone(error)
        self._warn("The count of what was sent is broken and starts anew", error)
        with suppress(OSError):
            self._sent.start_anew()
        return None

    def _count_alone(self, error: Exception) -> None:
        self._sent.close()
        self._sent = SentLog(None)
        self._warn("What was sent cannot be counted across tasks: this task keeps to its pace alone", error)

    def _warn(self, words: str, error: Exception) -> None:
        if words not in self._warned:
            self._warned.add(words)
            log.warning("%s (%s).", words, type(error).__name__)


def _limit(value: float | None, argument: str, least: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
        raise InputError(argument, f"must be a number, {least} at least, or None for no limit")
    return value


def _window(per_minute: float) -> tuple[int, int]:
    """Return how many messages may go in how many milliseconds: whole ones, so that a half takes longer."""
    count = math.ceil(per_minute)
    return count, math.ceil(_MINUTE * count / per_minute)


def _limits(per_minute: float | None, daily_cap: int | None) -> list[tuple[int, int]]:
    """Return how many messages may go in how many milliseconds, for each limit."""
    limits = [_window(per_minute)] if per_minute else []
    return [*limits, (daily_cap, _DAY)] if daily_cap else limits


def _spacing(per_minute: float) -> _Spacing:
    count, window = _window(per_minute)
    return _Spacing(window / count * (1 + min(_SLACKEST, _SLACK / count)))


def _digest(channel: str) -> str:
    return hashlib.sha256(channel.encode()).hexdigest()[:32]

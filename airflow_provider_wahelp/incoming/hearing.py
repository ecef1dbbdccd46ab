"""When a look is due: at each interval or, where a receiver hears of all that happens, at its hints."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Container

from airflow_provider_wahelp.incoming.hints import Board, Hint

HEARING_SECONDS = 2.0
"""Seconds between two readings of the hints."""

MISSING_SECONDS = 300.0
"""As above, where there are none: no webhook has ever come."""

NET_INTERVALS, NET_SECONDS = 10, 300.0
"""With a receiver, the poll is a net for what no webhook has told of: it looks at each tenth interval, and
every five minutes."""

SPACING = 5.0
"""Seconds between two looks at hints: a mailing's reports must not make more requests than a poll does."""

SETTLING_SECONDS = 6.0
"""So long after a wait has begun no hint ends it: a worker may notice late that its task was deferred, and
Airflow fails a task that goes on before (docs/waiting.md)."""

OPEN_SECONDS = 300.0
"""So long a message that a hint told of is looked for at each interval, if the API does not show it yet."""

DOUBT_SECONDS = 30.0
"""So much later than the API, a webhook may tell of something."""

DISTRUST_SECONDS = 3600.0
"""So long the poll keeps its own interval after it found what no webhook had told of."""


def net_interval(interval: float) -> float:
    """Return the seconds between two looks that no hint has caused."""
    return max(interval, min(interval * NET_INTERVALS, NET_SECONDS))


class Hearing:
    """Decides when to look, and at what.

    :param clock: tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count: int | None = None
        self._hear_at = self._looked_at = self._hinted_at = self._joined_at = self._moved_at = -math.inf
        self._trusts_at = self._suspected_at = -math.inf
        self._open: dict[Hint, float] = {}
        self._news_at = math.inf
        self._is_calm = False

    @property
    def hear_at(self) -> float:
        """When the hints are to be read again."""
        return self._hear_at

    @property
    def hears(self) -> bool:
        """Whether there is a receiver to rely on."""
        return self._count is not None and self._clock() >= self._trusts_at

    def start(self) -> None:
        """Note that the waiting begins: the first look is due at once."""
        self._looked_at = self._hinted_at = -math.inf
        self._open, self._news_at = {}, math.inf

    def join(self) -> None:
        """Note that something more is waited for: what has come before, no later hint tells."""
        self._joined_at = self._clock()

    def hear(self, board: Board | None, heeds: Callable[[Hint], bool]) -> None:
        """Take the hints.

        :param board: ``None`` where there are none.
        :param heeds: whether a hint is about something that is waited for.
        """
        now = self._clock()
        self._hear_at = now + (HEARING_SECONDS if board else MISSING_SECONDS)
        known, self._count = self._count, board.count if board else None
        if board is None:
            return
        new = board.since(known) if known is not None else None
        if new is None:
            self.join()
        if new or new is None:
            self._moved_at, self._suspected_at = now, -math.inf
        for hint in filter(heeds, new or ()):
            self._open[hint] = now + OPEN_SECONDS
            self._news_at = min(self._news_at, now)
        self._doubt(now)

    def due(self, interval: float) -> float:
        """Return when the next look is due.

        :param interval: seconds between two looks without hints.
        """
        full = self._full_at(interval)
        if self._news_at == math.inf:
            return full
        settled = min(self._joined_at, self._news_at) + SETTLING_SECONDS
        return min(full, max(settled, self._hinted_at + min(interval, SPACING)))

    def begin(self, interval: float) -> Collection[Hint] | None:
        """Return what to look at: what the hints are about, or ``None`` for everything."""
        now = self._clock()
        if self._open and now < self._full_at(interval):
            self._is_calm = False
            return tuple(self._open)
        self._is_calm = self.hears and not self._is_alert() and self._moved_at <= self._looked_at
        return None

    def looked(self, began: float, hints: Collection[Hint] | None, shown: Container[str]) -> None:
        """Note that a look has succeeded. What hints have told of and it has not seen is looked for again.

        :param began: when.
        :param hints: what it was to look at.
        :param shown: the ids of the messages that it has seen.
        """
        self._news_at = math.inf
        now, left = self._clock(), self._open.items()
        self._open = {hint: until for hint, until in left if until > now and hint.message_id not in shown}
        if hints is None:
            self._looked_at = began
        else:
            self._hinted_at = began

    def ended(self) -> None:
        """Note that a wait has ended: if no hint had told of that, perhaps no webhook comes any more."""
        if self._is_calm:
            self._suspected_at = self._clock()

    def _doubt(self, now: float) -> None:
        if self._suspected_at > -math.inf and now > self._suspected_at + DOUBT_SECONDS:
            self._trusts_at, self._suspected_at = now + DISTRUST_SECONDS, -math.inf

    def _full_at(self, interval: float) -> float:
        slow = self.hears and not self._is_alert()
        return self._looked_at + (net_interval(interval) if slow else interval)

    def _is_alert(self) -> bool:
        return bool(self._open) or self._joined_at > self._looked_at

"""The server's clock, learnt from its answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

SET = 1.0
"""A clock that has moved by more seconds than this against another one has been set."""


@dataclass(frozen=True)
class Moment:
    """A time by the server's clock.

    :param seconds: since 1970.
    :param by_host: whether it is by this host's clock instead: the server had not answered yet.
    """

    seconds: float
    by_host: bool = False


def uptime() -> float:
    """Return the seconds since this host was started, by a clock that cannot be set."""
    # Where CLOCK_BOOTTIME is, CLOCK_MONOTONIC stands still while the host sleeps.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ServerClock:
    """The server's clock, as its ``Date`` headers show it.

    A ``Date`` that arrives is old by the way back, and by up to a second of rounding. So the largest
    difference seen is the closest, and the server's time is never put too late. The clock is kept as what it
    showed when this host was started, because this host's own clock may be set at any time.

    :param clock: this host's time, in seconds since 1970.
    :param uptime: the seconds since this host was started.
    """

    def __init__(self, clock: Callable[[], float] = time.time, uptime: Callable[[], float] = uptime) -> None:
        self._at_start: float | None = None
        self._heard = self._suggested = False
        self._date: str | None = None
        self._clock = clock
        self._uptime = uptime

    def learn(self, date: str | None, asked: float | None = None) -> None:
        """Take the time of an answer into account.

        :param asked: this host's uptime when the request was sent; now by default.
        """
        self._heard = True
        if date == self._date:  # the same second, seen later: it would put the server's time no later
            return
        self._date = date
        up = self._uptime()
        try:
            seen = parsedate_to_datetime(date or "").timestamp() - up
        except ValueError:
            return
        age = 1.0 + (0.0 if asked is None else up - asked)
        known = None if self._suggested else self._at_start
        # Further back than its age explains: the server's clock was set, or ours runs wrong.
        self._at_start = seen if known is None or seen < known - age else max(known, seen)
        self._suggested = False

    def shared(self) -> tuple[float | None, float | None]:
        """Return the arguments of :meth:`suggest` for another process of this host."""
        start = self._start()
        return (None, None) if self._at_start is None else (self._at_start - start, start)

    def suggest(self, offset: float | None, start: float | None) -> None:
        """Start from what another process of this host has learnt, until an answer says more.

        It does not count if this host was started again since, or its clock was set.

        :param offset: the seconds that the server was ahead; ``None`` if it does not date its answers.
        :param start: when the host was started, by its clock as it was set then.
        """
        if offset is None:
            self._heard = True
        elif self._at_start is None and start is not None and abs(self._start() - start) <= SET:
            self._heard = self._suggested = True
            self._at_start = offset + start

    def time(self, at: float | None = None) -> Moment:
        """Return the server's time, once it has answered; this host's, if it does not date its answers.

        :param at: the moment, by this host's clock; now by default.
        """
        here = self._clock() if at is None else at
        ahead = 0.0 if self._at_start is None else self._at_start - self._start()
        return Moment(here + ahead, by_host=not self._heard)

    def _start(self) -> float:
        """Return when this host was started, by its clock."""
        up = self._uptime()  # first: a pause in between puts the server's time too early, not too late
        return self._clock() - up

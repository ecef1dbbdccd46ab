"""What an operation may ask of the client besides calls: to wait, and what time it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from airflow_provider_wahelp.client.calls import Call

T = TypeVar("T")


@dataclass(frozen=True)
class Pause:
    """Wait.

    :param seconds: how long.
    """

    seconds: float


@dataclass(frozen=True)
class ServerTime:
    """Tell the server's time, as a :class:`Moment`: never later than it really is there.

    It is this host's where the server has not said anything yet, as with a ready-made token.

    :param at: the moment, by this host's clock; now by default.
    """

    at: float | None = None


@dataclass(frozen=True)
class Moment:
    """When something was begun, by the server's clock.

    :param seconds: since 1970.
    :param by_host: whether by this host's clock instead, as the server had not told its time yet.
    """

    seconds: float
    by_host: bool = False


Step = Call[Any] | Pause | ServerTime
Conversation = Generator[Step, Any, T]


class ServerClock:
    """The server's clock, as its ``Date`` headers show it.

    A header is at most a second and the way back older than it says: the largest difference ever seen is the
    closest, and never puts the server's time too late.

    :param clock: this host's time, in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.offset: float | None = None
        self._heard = False
        self._date: str | None = None
        self._clock = clock

    def learn(self, date: str | None) -> None:
        """Take the time of an answer into account.

        :param date: its ``Date`` header.
        """
        self._heard = True
        if date == self._date:  # the same second, seen later: it would put the server's time no later
            return
        self._date = date
        try:
            seen = parsedate_to_datetime(date or "").timestamp() - self._clock()
        except ValueError:
            return
        self.offset = seen if self.offset is None else max(self.offset, seen)

    def suggest(self, offset: float | None) -> None:
        """Start from what another process of this host has seen, until an answer says more.

        :param offset: the seconds that the server is ahead.
        """
        self._heard = True
        if self.offset is None:
            self.offset = offset

    def time(self, at: float | None = None) -> Moment:
        """Return the server's time, once it has answered; this host's, if it does not date its answers.

        :param at: the moment, by this host's clock; now by default.
        """
        here = self._clock() if at is None else at
        return Moment(here + (self.offset or 0.0), by_host=not self._heard)

"""When a mailing will end: by its pace, the night, the day's cap, or by how fast it has been."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.delivery.mailing.words import people

_HORIZON = timedelta(days=100)
_DAY = timedelta(days=1)
_STEP, _LONGEST_STEP = timedelta(minutes=5), timedelta(hours=1)
_STEPS = 100  # of a mailing, at least, without its nights
_FRESH = 300.0  # seconds until it is asked anew who waits where: that reads through all of them
_HELD = 0.7  # of the pace: whoever is slower is held by something else
_ENOUGH = 10  # messages that must have been due by the pace before that can be told


class Pacing(Protocol):
    """How fast messages may go."""

    capped: bool

    @property
    def shared(self) -> bool:
        """Whether another task writes through this channel too."""

    @property
    def per_minute(self) -> float | None:
        """Messages in any minute."""

    @property
    def daily_cap(self) -> int | None:
        """Messages in any 24 hours."""

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""

    @property
    def interval(self) -> float:
        """Seconds from one message to the next; 0 without a pace."""

    def take(self) -> float:
        """Return 0 and count a message, or the seconds until it is worth asking again."""

    def room(self) -> int | None:
        """Return how many messages the day has room for."""

    def close(self) -> None:
        """Let go of what is shared."""


class Windows(Protocol):
    """When people may be written to."""

    @property
    def words(self) -> str:
        """When they may not, in words."""

    def closed(self, zones: Collection[str], now: datetime) -> Collection[str]:
        """Return those of the zones where it is quiet now."""

    def opens(self, zones: Collection[str], now: datetime) -> datetime:
        """Return when the first of the zones opens."""

    def told(self, zones: Collection[str], now: datetime) -> str:
        """Return that in words, by the clock that people have on their wall."""


class Speed(NamedTuple):
    """How fast it goes.

    :param interval: seconds from one message to the next; 0 if that is not known.
    :param words: in words; none if it is not known.
    """

    interval: float
    words: str


@dataclass
class Outlook:
    """What a mailing has before it.

    :param pace: how fast messages may go.
    :param windows: when; ``None`` for always.
    :param waiting: returns how many wait in which zones; it takes a while where there are many.
    """

    pace: Pacing
    windows: Windows | None
    waiting: Callable[[], Mapping[str, int]]
    _asked: datetime | None = field(default=None, init=False)
    _idle: timedelta | None = field(default=timedelta(), init=False)
    _zones: Mapping[str, int] = field(default_factory=dict, init=False)

    def speed(self, done: int, seconds: float) -> Speed:
        """Return how fast it goes: by the pace where that is what holds it, as it has gone otherwise.

        :param done: how many were done lately.
        :param seconds: in how many seconds.
        """
        due = seconds / self.pace.interval if self.pace.interval else 0.0
        if self.pace.per_minute and not (self.pace.shared or (due > _ENOUGH and done < _HELD * due)):
            return Speed(self.pace.interval, f"at {self.pace.per_minute:,g} a minute")
        if not done or seconds <= 0:
            return Speed(0.0, "")
        return Speed(seconds / done, _rate(done / seconds) + self._others())

    def end(self, now: datetime, left: int, interval: float) -> datetime | None:
        """Return when it will end; ``None`` if nobody can tell.

        :param now: the time.
        :param left: how many are still to be written to.
        :param interval: seconds from one message to the next.
        """
        self._refresh(now, left, interval)
        if not interval or self._idle is None:
            return None
        return now + timedelta(seconds=left * interval) + self._idle

    def quiet(self, now: datetime) -> str:
        """Return who waits for quiet hours to end, and until when; nothing if nobody does.

        :param now: the time.
        """
        closed = self.windows.closed(self._zones, now) if self.windows else ()
        if not self.windows or not closed:
            return ""
        first = min(closed, key=lambda zones: self._opens(zones, now))
        zone, count = first.split(",")[0], sum(self._zones[zones] for zones in closed)
        opens = self._opens(first, now).astimezone(ZoneInfo(zone))
        return f"{people(count)} {'waits' if count == 1 else 'wait'} until {opens:%H:%M} {zone}"

    def rules(self, now: datetime) -> Iterator[str]:
        """Yield in words what else holds than the pace.

        :param now: the time.
        """
        if self.windows:
            quiet = self.quiet(now)
            yield f"Quiet hours are {self.windows.words}{quiet and f'; {quiet}'}"
        if self.pace.daily_cap:
            room = self.pace.room()
            now_ = "" if room is None else f": {room:,} may go now"
            yield f"No more than {self.pace.daily_cap:,} messages go in 24 hours (daily_cap){now_}"

    def _opens(self, zones: str, now: datetime) -> datetime:
        return self.windows.opens([zones], now) if self.windows else now

    def _others(self) -> str:
        if not self.pace.per_minute or not self.pace.shared:
            return ""
        return f" (another task shares the pace of {self.pace.per_minute:,g} a minute)"

    def _refresh(self, now: datetime, left: int, interval: float) -> None:
        """Look who waits in which zone, and how long nothing may go until all is sent."""
        if self.windows is None and not self.pace.daily_cap:
            return
        fresh = self._asked and 0 <= (now - self._asked).total_seconds() < _FRESH
        if not fresh:
            self._asked, self._zones, self._idle = now, dict(self.waiting()), None
        if interval and self._idle is None and (end := self._walk(now, dict(self._zones), interval)):
            self._idle = max(end - now - timedelta(seconds=left * interval), timedelta())

    def _walk(self, now: datetime, left: dict[str, float], interval: float) -> datetime | None:
        """Go through the days to come, a step at a time; return when nobody is left."""
        longest = timedelta(seconds=sum(left.values()) * interval) / _STEPS
        step = min(max(longest, _STEP), _LONGEST_STEP).total_seconds() / interval
        moment, day, room = now, now, self._room()
        while left and moment < now + _HORIZON:
            if room < 1:
                moment = day = max(moment, day + _DAY)
                room = self.pace.daily_cap or 0
            if not (awake := self._awake(left, moment)):
                moment = self.windows.opens(left, moment) if self.windows else moment
                continue
            count = min(sum(map(left.__getitem__, awake)), max(step, 1.0), room)
            _take(left, awake, count)
            moment, room = moment + timedelta(seconds=count * interval), room - count
        return None if left else moment

    def _awake(self, left: Mapping[str, float], moment: datetime) -> list[str]:
        closed = self.windows.closed(left, moment) if self.windows else ()
        return [zones for zones in left if zones not in closed]

    def _room(self) -> float:
        if not self.pace.daily_cap:
            return float("inf")
        room = self.pace.room()
        return self.pace.daily_cap if room is None else room


def _take(left: dict[str, float], zones: Collection[str], count: float) -> None:
    """Take so many away, of each zone its share."""
    total = sum(left[each] for each in zones)
    for each in zones:
        left[each] -= left[each] * count / total
        if left[each] < 0.5:  # noqa: PLR2004 - nobody
            del left[each]


def _rate(per_second: float) -> str:
    return f"{per_second:,.1f} a second" if per_second >= 1 else f"{per_second * 60:,.1f} a minute"

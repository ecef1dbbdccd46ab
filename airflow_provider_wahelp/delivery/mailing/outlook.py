"""When a mailing will end: by its pace, the night, the day's cap, or by how fast it has been."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows
from airflow_provider_wahelp.delivery.words import people

_HORIZON = timedelta(days=100)
_DAY = timedelta(days=1)
_STEP, _LONGEST_STEP = timedelta(minutes=5), timedelta(hours=1)
_STEPS = 100  # of a mailing, at least, without its nights
_FRESH = 300.0  # seconds until the waiting recipients are counted anew: that reads all of them
_HELD = 0.7  # of the pace: a mailing that is slower is held by something else
_ENOUGH = 10  # messages that must have been due by the pace before that can be told


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

    :param waiting: returns how many wait in which zones; it takes a while where there are many.
    """

    pace: Pace
    windows: QuietWindows | None
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
        """Return when it will end; ``None`` if that cannot be told.

        :param left: how many are still to be written to.
        """
        self._refresh(now, left, interval)
        if not interval or self._idle is None:
            return None
        return now + timedelta(seconds=left * interval) + self._idle

    def quiet(self, now: datetime) -> str:
        """Return how many wait for quiet hours to end, and until when; ``""`` if none do."""
        closed = self.windows.closed(self._zones, now) if self.windows else ()
        if not self.windows or not closed:
            return ""
        first = min(closed, key=lambda zones: self._opens(zones, now))
        zone, count = first.split(",")[0], sum(self._zones[zones] for zones in closed)
        opens = self._opens(first, now).astimezone(ZoneInfo(zone))
        return f"{people(count)} {'waits' if count == 1 else 'wait'} until {opens:%H:%M} {zone}"

    def rules(self, now: datetime) -> Iterator[str]:
        """Yield in words the rules besides the pace."""
        if self.windows:
            quiet = self.quiet(now)
            yield f"Quiet hours are {self.windows.words}{quiet and f'; {quiet}'}"
        if self.pace.daily_cap:
            room = self.pace.room(now.timestamp())
            now_ = "" if room is None else f": {room:,} may go now"
            cap = self.pace.cap_at(now.timestamp(), now.timestamp())
            rises = f", and rises to {self.pace.daily_cap:,}" if cap < self.pace.daily_cap else ""
            by = "warm_up" if self.pace.warms_up else "daily_cap"
            yield f"No more than {cap:,} messages go in 24 hours ({by}{rises}){now_}"

    def _opens(self, zones: str, now: datetime) -> datetime:
        return self.windows.opens([zones], now) if self.windows else now

    def _others(self) -> str:
        if not self.pace.per_minute or not self.pace.shared:
            return ""
        return f" (another task shares the pace of {self.pace.per_minute:,g} a minute)"

    def _refresh(self, now: datetime, left: int, interval: float) -> None:
        """Count the waiting recipients by zone, and the time in which nothing may go until all is sent."""
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
        moment, day, room = now, now, self._room(now)
        while left and moment < now + _HORIZON:
            if room < 1:
                moment = day = max(moment, day + _DAY)
                room = self.pace.cap_at(day.timestamp(), now.timestamp())
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

    def _room(self, now: datetime) -> float:
        if not self.pace.daily_cap:
            return float("inf")
        room = self.pace.room(now.timestamp())
        return self.pace.cap_at(now.timestamp(), now.timestamp()) if room is None else room


def together(speeds: Sequence[Speed]) -> str:
    """Return in words how fast several go at once, as far as that is known."""
    known = [speed for speed in speeds if speed.interval]
    if len(known) < 2:  # noqa: PLR2004
        return known[0].words if known else ""
    return f"{_rate(sum(1 / speed.interval for speed in known))} through {len(known)} channels"


def _take(left: dict[str, float], zones: Collection[str], count: float) -> None:
    """Take so many away, of each zone its share."""
    total = sum(left[each] for each in zones)
    for each in zones:
        left[each] -= left[each] * count / total
        if left[each] < 0.5:  # noqa: PLR2004 - nobody
            del left[each]


def _rate(per_second: float) -> str:
    return f"{per_second:,.1f} a second" if per_second >= 1 else f"{per_second * 60:,.1f} a minute"

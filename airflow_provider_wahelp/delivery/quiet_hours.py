"""When people are asleep, by the clock on their wall, and which clock that is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.client.errors import InputError

_MUST = 'must be two different times of the day, e.g. "21:00-09:00"'
_CLOCK = re.compile(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*", re.ASCII)
_HORIZON = timedelta(days=2)
_SIGNIFICANT = {"1": 8, "7": 7}  # digits after the plus that the numbering plans of +1 and +7 look at
_MOST_SIGNIFICANT = 10  # +57 and +995 look at so many, all others at fewer
_CACHED = 1 << 17
_STEP, _STEPS = timedelta(hours=3), 8 * 366  # a year
_TELLING = 3  # zones: a region has one, or two where a border runs through it


@dataclass(frozen=True)
class QuietHours:
    """The hours in which nobody is written to, in everybody's own time.

    :param start: their first moment, on the wall.
    :param end: the first moment after them; before the start where they go over midnight.
    """

    start: time
    end: time

    @classmethod
    def parse(cls, value: Any) -> QuietHours:
        """Return the hours that an author has named.

        :param value: ``"21:00-09:00"`` or ``("21:00", "09:00")``.
        :raises InputError: if it is anything else, or a start that is its end.
        """
        parts = value.split("-") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or len(parts) != 2:  # noqa: PLR2004 - a start and an end
            raise InputError("quiet_hours", _MUST)
        hours = cls(*map(_time, parts))
        if hours.start == hours.end:
            raise InputError("quiet_hours", _MUST)
        return hours

    def opens(self, zones: Sequence[str], now: datetime, default: str = "UTC") -> datetime:
        """Return the next moment at which nobody in any of these zones has quiet hours.

        :param zones: names of zones; all of them count, as it is not known in which the person is.
        :param now: the time, with a zone.
        :param default: the zone that counts alone where the others leave no moment within two days.
        :return: ``now``, or a later moment, in UTC.
        """
        now = now.astimezone(UTC)
        moment = now
        while closed := next((zone for zone in zones if self._quiet(zone, moment)), None):
            moment = self._end(closed, moment)
            if moment > now + _HORIZON:
                return self._end(default, now) if self._quiet(default, now) else now
        return moment

    def _quiet(self, zone: str, moment: datetime) -> bool:
        wall = moment.astimezone(_zone(zone)).time()
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def _end(self, zone: str, moment: datetime) -> datetime:
        """Return when the quiet hours of a zone are over that it has at this moment."""
        ends = (end for end in self._ends(zone, moment) if end > moment and not self._quiet(zone, end))
        return min(ends)

    def _ends(self, zone: str, moment: datetime) -> Iterator[datetime]:
        """Yield every moment at which they can be over: the wall says so, or the wall's clock is changed."""
        today = moment.astimezone(_zone(zone)).date()
        for days in range(4):  # a change of clocks can skip one
            for fold in (0, 1):
                end = datetime.combine(today + timedelta(days), self.end, _zone(zone))
                yield end.replace(fold=fold).astimezone(UTC)
        if change := _change(_zone(zone), moment, moment + _HORIZON):
            yield change


def zones_of(phone: str, default: str) -> tuple[str, ...]:
    """Return the names of the zones that a number may be in.

    A number of a whole country tells its zone where the country has one clock, as Kazakhstan has, whatever
    the names of its zones. Where it has several, as Russia has for its mobiles, it tells nothing.

    :param phone: a normalised number: ``+`` and digits.
    :param default: the zone of a number that does not tell its own.
    """
    digits = _SIGNIFICANT.get(phone[1:2], _MOST_SIGNIFICANT)
    # What the numbering plans do not look at is the same for all: a million numbers are few entries.
    return _zones(f"{phone[: digits + 1]:0<{len(phone)}}") or (default,)


def check_zone(value: Any) -> str:
    """Return the name of a time zone.

    :param value: an IANA name.
    :raises InputError: if there is no such zone.
    """
    name = value.strip() if isinstance(value, str) else ""
    if not name or not _known(name):
        raise InputError("timezone", 'must be the name of a time zone, e.g. "Europe/Moscow"')
    return name


def _time(value: Any) -> time:
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise InputError("quiet_hours", _MUST)
    return time(int(found[1]), int(found[2]))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)  # whose own cache holds eight


def _known(name: str) -> bool:
    try:
        _zone(name)
    except (KeyError, ValueError, OSError):  # no such zone, no such path, a directory of zones
        return False
    return True


def _change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime | None:
    """Return when the zone's clocks are changed between two moments, to the second."""
    before = start.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == before:
        return None
    start, seconds = start.replace(microsecond=0), timedelta(seconds=1)
    while end - start > seconds:
        middle = start + (end - start) // seconds // 2 * seconds
        if middle.astimezone(zone).utcoffset() == before:
            start = middle
        else:
            end = middle
    return end.replace(microsecond=0)


@lru_cache(maxsize=_CACHED)
def _zones(phone: str) -> tuple[str, ...]:
    """Return the zones of a number; one of several that are one clock, none of too many."""
    import phonenumbers  # 60 ms, and a DAG file never needs it
    from phonenumbers.timezone import time_zones_for_number

    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return ()
    zones = tuple(time_zones_for_number(number))
    found = _told(zones)
    if found or len(zones) == 1:
        return found
    return _told(_zones_of_country(phonenumbers.region_code_for_number(number)))


@cache
def _told(zones: tuple[str, ...]) -> tuple[str, ...]:
    """Return the zones that somebody may be in; one of those that are one clock, none of too many."""
    known = tuple(zone for zone in zones if _known(zone))  # "Etc/Unknown" is none
    if len(set(map(_clock, known))) == 1:
        return (max(known, key=_usual().__getitem__),)
    return known if len(known) <= _TELLING else ()


@cache
def _zones_of_country(region: str | None) -> tuple[str, ...]:
    """Return the zones of a country that shares its calling code: Kazakhstan has +7 7, and Russia the rest.

    :param region: its ISO code.
    """
    from phonenumbers import PhoneMetadata
    from phonenumbers.tzdata import TIMEZONE_DATA

    plan = PhoneMetadata.metadata_for_region(region, None) if region else None
    if plan is None or not plan.leading_digits:
        return ()
    leading = re.compile(rf"{plan.country_code}(?:{plan.leading_digits})")
    found = (zones for start, zones in TIMEZONE_DATA.items() if leading.match(start))
    return tuple(sorted({zone for zones in found for zone in zones}))


@cache
def _usual() -> Counter[str]:
    """Return how many areas have a zone: London is said of a British mobile, and not Guernsey."""
    from phonenumbers.tzdata import TIMEZONE_DATA

    return Counter(zone for zones in TIMEZONE_DATA.values() for zone in zones)


@cache
def _clock(name: str) -> int:
    """Return what two zones share that are one clock for a year: how far it is from UTC."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    steps = (now + step * _STEP for step in range(_STEPS))
    return hash(tuple(moment.astimezone(_zone(name)).utcoffset() for moment in steps))


class QuietWindows:
    """The windows that quiet hours leave open.

    Zones are written as a message of the worklist has them: those that a phone may belong to, with commas
    between.

    :param quiet: the quiet hours.
    :param default: the zone where nothing is known of the person's own.
    :param own: whether people's own zones count, or this one for all.
    """

    def __init__(self, quiet: QuietHours, default: str, *, own: bool = True) -> None:
        self._quiet = quiet
        self._default = default
        self._own = own

    @property
    def words(self) -> str:
        """When people are not to be written to, in words."""
        hours = f"{self._quiet.start:%H:%M}-{self._quiet.end:%H:%M}"
        if not self._own:
            return f"{hours} {self._default}"
        return f"{hours} in the zone of each phone, {self._default} where it tells none"

    def zones(self, phone: str) -> str:
        """Return the zones of a phone; of ``""`` where there is none."""
        return ",".join(zones_of(phone, self._default)) if phone and self._own else self._default

    def closed(self, zones: Collection[str], now: datetime) -> frozenset[str]:
        """Return those of the zones where it is quiet now."""
        return frozenset(some for some in zones if self._opens(some, now) > now)

    def opens(self, zones: Collection[str], now: datetime) -> datetime:
        """Return when the first of the zones opens."""
        return min(self._opens(some, now) for some in zones)

    def told(self, zones: Collection[str], now: datetime) -> str:
        """Return that in words, by the clock that people have on their wall."""
        openings = {some: self._opens(some, now) for some in zones}
        first = min(openings, key=openings.__getitem__)
        walls = [openings[first].astimezone(ZoneInfo(zone)) for zone in first.split(",")]
        wall = min(walls, key=lambda clock: clock.replace(tzinfo=None))  # where they have only just ended
        longer = ", and longer elsewhere" if len(set(openings.values())) > 1 else ""
        return f"{wall:%H:%M on %d %b} in {wall.tzinfo}{longer}"

    def _opens(self, zones: str, now: datetime) -> datetime:
        return self._quiet.opens(zones.split(","), now, self._default)

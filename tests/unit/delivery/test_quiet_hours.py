"""Quiet hours against a clock that is read minute by minute, and zones against the numbering plans."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from functools import cache
from re import _parser as patterns  # type: ignore[attr-defined]
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers.timezone import time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery import quiet_hours
from airflow_provider_wahelp.delivery.quiet_hours import QuietHours, check_zone, zones_of

MINUTE = timedelta(minutes=1)
NIGHT = QuietHours(time(21), time(9))
CHANGES = {  # the moments at which clocks were changed, in UTC
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "Pacific/Apia": ("2011-12-30T10:00",),  # a day was left out
    "Africa/Casablanca": ("2026-02-15T02:00", "2026-03-22T02:00"),
}
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
HOURS = st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: QuietHours(*pair))


@st.composite
def _moments(draw: st.DrawFn) -> tuple[str, datetime]:
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = datetime.fromisoformat(draw(st.sampled_from(CHANGES[zone]))).replace(tzinfo=UTC)
    return zone, change + draw(st.integers(-2160, 1440)) * MINUTE


def _quiet(hours: QuietHours, zone: str, moment: datetime) -> bool:
    wall, start, end = (
        clock.hour * 60 + clock.minute
        for clock in (moment.astimezone(ZoneInfo(zone)), hours.start, hours.end)
    )
    return (wall - start) % 1440 < (end - start) % 1440


def _oracle(hours: QuietHours, zones: list[str], now: datetime, default: str) -> datetime:
    for candidates in (zones, [default]):
        for minutes in range(2881):
            moment = now + minutes * MINUTE
            if not any(_quiet(hours, zone, moment) for zone in candidates):
                return moment
    raise AssertionError("quiet for ever")


@settings(max_examples=300, deadline=None)
@given(hours=HOURS, at=_moments(), others=st.lists(st.sampled_from(sorted(CHANGES)), max_size=2))
@example(
    hours=QuietHours(time(22), time(2, 30)),  # 2:30 is left out: they end when the clock is put forward
    at=("Europe/Berlin", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
    others=[],
)
@example(
    hours=QuietHours(time(22), time(2, 30)),  # the first of two 2:30
    at=("Europe/Berlin", datetime(2026, 10, 25, 0, 0, tzinfo=UTC)),
    others=[],
)
@example(
    hours=QuietHours(time(22), time(2, 30)),  # the second
    at=("Europe/Berlin", datetime(2026, 10, 25, 1, 10, tzinfo=UTC)),
    others=[],
)
@example(
    hours=QuietHours(time(2, 30), time(9)),  # 2:40 becomes 2:00 once more, before they start
    at=("Europe/Berlin", datetime(2026, 10, 25, 0, 40, tzinfo=UTC)),
    others=[],
)
def test_they_end_when_a_clock_read_every_minute_says_so(
    hours: QuietHours, at: tuple[str, datetime], others: list[str]
) -> None:
    zone, now = at
    zones = [zone, *others]
    assert hours.opens(zones, now, "Europe/Moscow") == _oracle(hours, zones, now, "Europe/Moscow")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-06-01T09:00:00.5+03:00", "2026-06-01T06:00:00.5+00:00"),
        ("2026-06-01T20:59:59+03:00", "2026-06-01T17:59:59+00:00"),
        ("2026-06-01T21:00+03:00", "2026-06-02T06:00+00:00"),
        ("2026-06-01T08:59:59.9+03:00", "2026-06-01T06:00+00:00"),
    ],
)
def test_the_start_is_quiet_and_the_end_is_not(now: str, expected: str) -> None:
    opens = NIGHT.opens(["Europe/Moscow"], datetime.fromisoformat(now))
    assert opens == datetime.fromisoformat(expected)
    assert opens.tzinfo is UTC


def test_all_zones_must_be_awake() -> None:
    now = datetime(2026, 6, 1, 18, tzinfo=UTC)
    opens = NIGHT.opens(["Europe/Moscow", "Asia/Vladivostok"], now)
    assert opens == datetime(2026, 6, 2, 6, tzinfo=UTC)


def test_a_moment_is_looked_for_in_the_next_two_days() -> None:
    zones, hours = ["Europe/Berlin", "Europe/Moscow"], QuietHours(time(12), time(10))
    now = datetime(2026, 3, 27, 12, tzinfo=UTC)
    changed = datetime(2026, 3, 29, 8, tzinfo=UTC)  # Berlin has come an hour nearer
    assert hours.opens(zones, now, "UTC") == changed
    assert hours.opens(zones, changed - timedelta(hours=49), "UTC") == datetime(2026, 3, 27, 10, tzinfo=UTC)


def test_where_never_all_are_awake_the_default_counts() -> None:
    zones, now = ["America/New_York", "Asia/Tokyo"], datetime(2026, 6, 1, 22, tzinfo=UTC)
    hours = QuietHours(time(18), time(10))
    assert hours.opens(zones, now, "Europe/Moscow") == datetime(2026, 6, 2, 7, tzinfo=UTC)
    assert hours.opens(zones, now.replace(hour=12), "Europe/Moscow") == now.replace(hour=12)


@pytest.mark.parametrize(
    ("given", "start", "end"),
    [
        ("21:00-09:00", time(21), time(9)),
        (" 9:05 - 10:00 ", time(9, 5), time(10)),
        (("21:00", "09:00"), time(21), time(9)),
        (["00:00", "23:59"], time(0), time(23, 59)),
    ],
)
def test_hours_are_read(given: Any, start: time, end: time) -> None:
    assert QuietHours.parse(given) == QuietHours(start, end)


@pytest.mark.parametrize(
    "given",
    [
        None, "", "21:00", "21-9", "24:00-09:00", "21:60-09:00", "21:00-21:00", "21:00-9:00-10:00",
        ("21:00",), ("21:00", None), (21, 9), {"21:00": 1, "09:00": 2}, "21:00 09:00", "٢١:00-09:00",
    ],
    ids=repr,
)  # fmt: skip
def test_what_are_no_hours_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match="quiet_hours: must be two different times"):
        QuietHours.parse(given)


@pytest.mark.parametrize("given", ["Europe/Moscow", " UTC ", "America/Argentina/Buenos_Aires"])
def test_a_zone_is_a_name(given: str) -> None:
    assert check_zone(given) == given.strip()


@pytest.mark.parametrize(
    "given", [None, "", 3, "Moscow", "Europe", "/etc/localtime", "../UTC", "Etc/Unknown", "\0"], ids=repr
)
def test_what_is_no_zone_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match="timezone: must be the name"):
        check_zone(given)


@pytest.mark.parametrize(
    ("phone", "zones"),
    [
        ("+74951234567", ("Europe/Moscow",)),
        ("+4915112345678", ("Europe/Berlin",)),
        ("+12125551234", ("America/New_York",)),
        ("+71234567890", ("Asia/Omsk",)),  # no such code: the default
        ("+88312345678", ("Asia/Omsk",)),
        ("+999123456789", ("Asia/Omsk",)),  # no such country
    ],
)
def test_a_number_has_zones(phone: str, zones: tuple[str, ...]) -> None:
    assert zones_of(phone, "Asia/Omsk") == zones


@pytest.mark.parametrize("phone", ["+78001234567", "+79161234567", "+18005551234"])
def test_a_number_of_a_whole_country_does_not_tell_its_zone(phone: str) -> None:
    assert zones_of(phone, "Asia/Omsk") == ("Asia/Omsk",)


def test_every_zone_of_the_plans_is_known_here() -> None:
    for zones in TIMEZONE_DATA.values():
        assert [check_zone(zone) for zone in zones] == list(zones)


def _numbers(chance: random.Random) -> list[str]:
    """Return numbers at the edges of all plans: an example of each kind, with some of its digits changed."""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    found = []
    for code, regions in codes.items():
        kinds = [phonenumbers.example_number(region) for region in regions]
        kinds += [
            phonenumbers.example_number_for_type(region, kind) for region in regions for kind in range(6)
        ]
        kinds.append(phonenumbers.example_number_for_non_geo_entity(code))
        for example_number in filter(None, kinds):
            number = phonenumbers.format_number(example_number, phonenumbers.PhoneNumberFormat.E164)
            for _ in range(25):
                head = chance.randrange(len(str(code)) + 1, len(number) + 1)
                found.append(number[:head] + "".join(chance.choices("0123456789", k=len(number) - head)))
    found += [f"+7{chance.randrange(10**10):010}" for _ in range(5000)]
    found += [f"+1{chance.randrange(10**10):010}" for _ in range(5000)]
    return found


@cache
def _year(zone: str) -> tuple[Any, ...]:
    days = (datetime.now(UTC) + timedelta(days) for days in range(365))
    return tuple(day.astimezone(ZoneInfo(zone)).utcoffset() for day in days)


@pytest.mark.parametrize(
    ("phone", "zone"),
    [
        ("+77010000001", "Asia/Almaty"),  # mobiles of Kazakhstan: the plans say all zones of +7
        ("+77470000001", "Asia/Almaty"),
        ("+77122000001", "Asia/Almaty"),  # a town in the west: Asia/Aqtobe
        ("+447400123456", "Europe/London"),
    ],
)
def test_a_country_of_one_clock_has_it_whatever_its_zones_are_called(phone: str, zone: str) -> None:
    (found,) = zones_of(phone, "Asia/Omsk")
    assert _year(found) == _year(zone)


def test_the_zone_that_is_told_is_the_one_that_most_areas_have() -> None:
    assert zones_of("+447400123456", "Asia/Omsk") == ("Europe/London",)


@pytest.mark.parametrize(
    ("phone", "zones"),
    [
        ("+34612345678", ("Atlantic/Canary", "Europe/Madrid")),
        ("+79161234567", ("Asia/Omsk",)),
        ("+61412345678", ("Asia/Omsk",)),
    ],
)
def test_clocks_that_differ_all_count_or_none(phone: str, zones: tuple[str, ...]) -> None:
    assert zones_of(phone, "Asia/Omsk") == zones


def test_nobody_in_kazakhstan_is_written_to_at_night() -> None:
    """17:30 UTC is 20:30 in Moscow and 22:30 in Kazakhstan."""
    now = datetime(2026, 3, 10, 17, 30, tzinfo=UTC)
    kazakh, russian = (zones_of(phone, "Europe/Moscow") for phone in ("+77010000001", "+79990000001"))
    assert NIGHT.opens(kazakh, now) == datetime(2026, 3, 11, 4, tzinfo=UTC)
    assert NIGHT.opens(russian, now) == now


def test_what_is_remembered_is_what_the_plans_say() -> None:
    chance = random.Random(20260601)
    numbers = _numbers(chance)
    assert len(numbers) > 30_000
    for number in numbers:
        try:
            expected = tuple(time_zones_for_number(phonenumbers.parse(number, None)))
        except phonenumbers.NumberParseException:
            expected = ()
        found = zones_of(number, "Asia/Omsk")
        if expected in {(), ("Etc/Unknown",)}:
            assert found == ("Asia/Omsk",), number
        elif len(expected) > 3 or len({_year(zone) for zone in expected}) == 1:
            assert len(found) == 1, number
            assert found[0] in {"Asia/Omsk", *expected}, number  # of its country, if that has one clock
        else:
            assert found == expected, number


def _significant(parsed: Any, position: int = 0) -> tuple[int, int]:
    """Return up to which digit a pattern cares what it is, and where it ends."""
    last = position
    for kind, value in parsed:
        name = str(kind)
        if name == "LITERAL":
            last = position = position + 1
        elif name == "IN":
            position += 1
            last = last if str(value[0][0]) == "CATEGORY" else position
        elif name == "MAX_REPEAT":
            (_, most, repeated), width = value, value[2].getwidth()[1]
            inner, _ = _significant(repeated)
            last = max(last, position + width * (most - 1) + inner) if inner else last
            position += width * most
        elif name in {"SUBPATTERN", "BRANCH"}:
            parts = [value[3]] if name == "SUBPATTERN" else value[1]
            ends = [_significant(part, position) for part in parts]
            last, position = max(last, *(end[0] for end in ends)), max(end[1] for end in ends)
        else:
            assert name == "AT"  # a number's length is remembered as well
    return last, position


def _patterns(code: int, region: str) -> list[str]:
    plans = phonenumbers.PhoneMetadata
    plan = plans.metadata_for_region_or_calling_code(code, region)
    descriptions = [value for value in vars(plan).values() if isinstance(value, phonenumbers.PhoneNumberDesc)]
    found = [description.national_number_pattern for description in descriptions]
    return [pattern for pattern in [*found, plan.leading_digits, plan.national_prefix_for_parsing] if pattern]


def test_the_plans_look_at_no_digit_beyond_what_is_remembered() -> None:
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        found = [pattern for region in regions for pattern in _patterns(code, region)]
        deepest = max(_significant(patterns.parse(pattern))[0] for pattern in found)
        remembered = quiet_hours._SIGNIFICANT.get(str(code)[0], quiet_hours._MOST_SIGNIFICANT)
        assert len(str(code)) + deepest <= remembered, code


def test_a_million_numbers_are_few_entries() -> None:
    quiet_hours._zones.cache_clear()
    for number in range(20_000):
        zones_of(f"+791612{number:05}", "Asia/Omsk")
    assert quiet_hours._zones.cache_info().misses == 2  # +7916120 and +7916121


def test_parsing_a_dag_costs_no_numbering_plans() -> None:
    code = (
        "import sys; from airflow_provider_wahelp.delivery import quiet_hours as q;"
        "q.QuietHours.parse('21:00-09:00'); q.check_zone('UTC'); assert 'phonenumbers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

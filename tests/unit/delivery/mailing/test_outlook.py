"""When a mailing will end: as a mailing to the same people does, minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.delivery.mailing.outlook import Outlook, Speed, together
from airflow_provider_wahelp.delivery.quiet_hours import QuietHours, QuietWindows
from airflow_provider_wahelp.storage.state.directory import DirectoryState

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)  # 15:00 in Moscow, 22:00 in Vladivostok
MOSCOW, EAST, KALININGRAD = "Europe/Moscow", "Asia/Vladivostok", "Europe/Kaliningrad"
NIGHT = QuietWindows(QuietHours.parse("21:00-09:00"), MOSCOW)


def ends(
    waiting: dict[str, int],
    interval: float,
    windows: QuietWindows | None = None,
    cap: int | None = None,
    now: datetime = NOON,
) -> datetime | None:
    pace = Pace(DirectoryState(None, now.timestamp), "channel", daily_cap=cap)
    return Outlook(pace, windows, lambda: waiting).end(now, sum(waiting.values()), interval)


def test_without_a_limit_it_is_the_pace_alone() -> None:
    assert ends({"": 100}, 3.0) == NOON + timedelta(minutes=5)
    assert ends({"": 100}, 0.0) is None


def test_who_is_asleep_is_written_to_in_the_morning() -> None:
    assert ends({EAST: 20}, 3.0, NIGHT) == datetime(2026, 6, 1, 23, 1, tzinfo=UTC)
    assert ends({MOSCOW: 20}, 3.0, NIGHT) == NOON + timedelta(minutes=1)


def test_what_the_evening_has_no_room_for_goes_on_in_the_morning() -> None:
    """Six hours are left of the day, and eight are needed."""
    end = ends({MOSCOW: 9600}, 3.0, NIGHT)
    assert end
    assert abs(end - datetime(2026, 6, 2, 8, tzinfo=UTC)) <= timedelta(minutes=5)


def test_a_cap_takes_days() -> None:
    assert ends({"": 250}, 3.0, cap=100) == NOON + timedelta(days=2, minutes=2.5)


def test_the_cap_of_a_new_number_rises_on_the_way() -> None:
    pace = Pace(DirectoryState(None, NOON.timestamp), "channel", daily_cap=130, warm_up=True)
    view = Outlook(pace, None, lambda: {"": 360})  # 100, 120, 130 and 10
    assert view.end(NOON, 360, 3.0) == NOON + timedelta(days=3, seconds=30)
    told = "No more than 100 messages go in 24 hours (warm_up, and rises to 130): 100 may go now"
    assert list(view.rules(NOON)) == [told]


def test_what_was_sent_today_is_taken_off_the_cap() -> None:
    times = iter([NOON.timestamp()] * 9)
    pace = Pace(DirectoryState(None, lambda: next(times)), "channel", daily_cap=3)
    assert [pace.take(), pace.take()] == [0.0, 0.0]
    assert pace.room(NOON.timestamp()) == 1
    end = Outlook(pace, None, lambda: {"": 2}).end(NOON, 2, 3.0)
    assert end == NOON + timedelta(days=1, seconds=3)


def test_a_mailing_of_a_lifetime_has_no_end() -> None:
    assert ends({"": 1000}, 3.0, cap=1) is None


def test_who_waits_where_is_not_asked_at_each_line() -> None:
    asked: list[int] = []

    def waiting() -> dict[str, int]:
        asked.append(1)
        return {MOSCOW: 9600}

    view = Outlook(Pace(DirectoryState(None), "channel"), NIGHT, waiting)
    for seconds in range(0, 600, 5):
        view.end(NOON + timedelta(seconds=seconds), 9600 - seconds // 3, 3.0)
    assert len(asked) == 2


@pytest.mark.parametrize("now", [NOON, NOON + timedelta(hours=7)])
def test_quiet_hours_are_told_by_the_clock_of_those_who_wait(now: datetime) -> None:
    view = Outlook(
        Pace(DirectoryState(None), "channel"), NIGHT, lambda: {MOSCOW: 3, f"{EAST},Asia/Sakhalin": 2}
    )
    view.end(now, 5, 3.0)
    told = {NOON: "2 people wait until 09:00 Asia/Vladivostok"}
    assert view.quiet(now) == told.get(now, "5 people wait until 09:00 Asia/Vladivostok")


@settings(deadline=None, max_examples=100)
@given(
    zone=st.sampled_from([MOSCOW, EAST, KALININGRAD]),
    count=st.integers(1, 600),
    interval=st.floats(1.0, 300.0),
    hour=st.integers(0, 23),
)
def test_it_ends_when_a_mailing_does(zone: str, count: int, interval: float, hour: int) -> None:
    """Give or take a tenth of the people, as the last few can cost a night."""
    now = NOON + timedelta(hours=hour)
    end = ends({zone: count}, interval, NIGHT, now=now)
    assert end
    assert _mailed(zone, count * 9 // 10, interval, now) <= end
    assert end <= _mailed(zone, count * 11 // 10 + 1, interval, now)


def _mailed(zone: str, count: int, interval: float, now: datetime) -> datetime:
    """Return when a mailing ends that writes to one after the other, by day."""
    moment = now
    for _ in range(count):
        moment = NIGHT.opens([zone], moment) + timedelta(seconds=interval)
    return moment


def test_several_numbers_are_as_fast_as_all_of_them() -> None:
    fast, slow, unknown = Speed(3.0, "at 20 a minute"), Speed(6.0, "at 10 a minute"), Speed(0.0, "")
    assert together([fast, slow, unknown]) == "30.0 a minute through 2 channels"
    assert together([slow, unknown]) == "at 10 a minute"
    assert together([unknown]) == ""

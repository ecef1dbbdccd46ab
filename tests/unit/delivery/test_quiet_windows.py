"""What is said of quiet hours: until when they hold, by whose clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_provider_wahelp.delivery.quiet_hours import QuietHours, QuietWindows

NOW = datetime(2026, 11, 28, 18, tzinfo=UTC)  # 21:00 in Moscow, 04:00 in Vladivostok


@pytest.mark.parametrize(
    ("zones", "told"),
    [
        ({"Europe/Moscow"}, "09:00 on 29 Nov in Europe/Moscow"),
        ({"Europe/Moscow", "Asia/Vladivostok"}, "09:00 on 29 Nov in Asia/Vladivostok, and longer elsewhere"),
        ({"Europe/Moscow", "Europe/Minsk"}, "09:00 on 29 Nov in "),
        # A region with a border of zones: the hours are over when they are in the west.
        ({"Asia/Vladivostok,Asia/Yakutsk"}, "09:00 on 29 Nov in Asia/Yakutsk"),
    ],
)
def test_the_end_is_told_by_the_clock_of_whoever_may_be_written_to_first(zones: set[str], told: str) -> None:
    windows = QuietWindows(QuietHours.parse("21:00-09:00"), "Europe/Moscow")
    assert windows.told(zones, NOW).startswith(told)
    assert windows.told(zones, NOW).endswith("elsewhere") is told.endswith("elsewhere")


def test_hours_that_end_at_midnight_are_told_of_the_right_day() -> None:
    windows = QuietWindows(QuietHours.parse("20:00-00:00"), "Europe/Moscow")
    assert windows.told({"Europe/Moscow,Europe/Samara"}, NOW) == "00:00 on 29 Nov in Europe/Moscow"

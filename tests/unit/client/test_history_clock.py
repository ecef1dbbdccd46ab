"""The clock that stamps the history's messages."""

from __future__ import annotations

import math

import pytest

from airflow_provider_wahelp.client.history_clock import (
    LONGEST_ZONE,
    Offset,
    Window,
    agreed,
    offset_of,
    window,
)

NOW = 1_800_000_001.0
ONE_CLOCK = Offset(-1.5, 0.5)


@pytest.mark.parametrize(
    ("stamped", "asked", "answered", "found"),
    [
        (NOW, NOW, NOW + 0.5, Offset(-1.5, 1.0)),
        (NOW - 7200, NOW, NOW + 1, Offset(-7202.0, -7199.0)),
        (NOW, NOW - 45, NOW + 1, None),  # it took too long to tell
        (NOW - 1, NOW, NOW, Offset(-2.0, 0.0)),  # a whole minute, and as it should be
        (NOW - 1, NOW + 40, NOW + 40, None),  # a whole minute: the seconds may be lost
    ],
)
def test_an_answer_tells_of_the_clock(
    stamped: float, asked: float, answered: float, found: Offset | None
) -> None:
    assert offset_of(stamped, asked, answered) == found


def test_findings_narrow_each_other_down_until_a_clock_is_set() -> None:
    assert agreed(None, ONE_CLOCK) == ONE_CLOCK
    assert agreed(ONE_CLOCK, Offset(-0.5, 2.0)) == Offset(-0.5, 0.5)
    assert agreed(ONE_CLOCK, Offset(60.0, 62.0)) == Offset(60.0, 62.0)


@pytest.mark.parametrize(
    ("new", "worth"),
    [(Offset(-1.4, 0.5), False), (Offset(-1.0, 0.0), True), (Offset(-3.0, -2.0), True), (ONE_CLOCK, False)],
)
def test_a_finding_is_shared_if_it_says_more(new: Offset, worth: bool) -> None:
    assert new.says_more_than(ONE_CLOCK) is worth


@pytest.mark.parametrize(
    ("offset", "newest", "coarse", "opened"),
    [
        (ONE_CLOCK, NOW, False, Window(NOW, NOW - 3.0)),
        (Offset(-7202.0, -7199.0), NOW - 7200, False, Window(NOW - 7202, NOW - 7204)),
        (ONE_CLOCK, NOW - 1, True, Window(NOW - 1, NOW - 3)),
        (ONE_CLOCK, NOW + 60, False, Window(math.inf, NOW - 300)),  # the clock was set since
        (None, NOW + 10, False, Window(NOW, NOW - 300)),
        (None, NOW - 290, False, Window(NOW, NOW - 600)),
        (None, -math.inf, False, Window(NOW, NOW - LONGEST_ZONE)),
        (None, NOW + 3600, False, Window(math.inf, NOW - 300)),
        (None, NOW + 9, True, Window(NOW - 1, NOW - 302)),
    ],
)
def test_a_message_counts_from_when_it_can_be_of_the_send(
    offset: Offset | None, newest: float, coarse: bool, opened: Window
) -> None:
    assert window(NOW + 0.5, NOW + 10, offset, newest, coarse=coarse) == opened


def test_a_clock_that_was_set_back_since_its_newest_message_hides_no_message() -> None:
    """Two hours behind, then two minutes more: what went out now is stamped before what went out before."""
    before, ours = NOW - 7200, NOW - 7200 - 120
    assert window(NOW, NOW + 1, None, before, coarse=False).possible <= ours

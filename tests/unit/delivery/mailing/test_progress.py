"""The lines about a mailing in the log: from the first second, at a bearable number, and true."""

from __future__ import annotations

import itertools
import logging
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.outlook import Outlook
from airflow_provider_wahelp.delivery.mailing.progress import Failures, Progress
from airflow_provider_wahelp.delivery.mailing.together import outlook_of
from airflow_provider_wahelp.delivery.quiet_hours import QuietHours, QuietWindows
from airflow_provider_wahelp.storage.state.directory import DirectoryState
from tests.clock import Clock

PHONE = "+71234567890"
START = datetime(2026, 5, 4, 17, 22, tzinfo=UTC).timestamp()
CHANNEL = "3f2a"


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> logging.Logger:
    caplog.set_level("INFO", "mailing")
    return logging.getLogger("mailing")


def outlook(clock: Clock, per_minute: float | None = None, **given: object) -> Outlook:
    pace = Pace(DirectoryState(None, clock), CHANNEL, per_minute=per_minute, **given)  # type: ignore[arg-type]
    return Outlook(pace, None, dict)


def free(log: logging.Logger, clock: Clock, total: int, every: float = 5.0) -> Progress:
    """Return the progress of a mailing without any limit."""
    return Progress(log, total, outlook(clock), every, clock)


def paced(log: logging.Logger, clock: Clock, total: int, per_minute: float = 20) -> Progress:
    return Progress(log, total, outlook(clock, per_minute), clock=clock)


def test_the_first_line_says_how_many_how_fast_and_until_when(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    paced(log, clock, 40).start(CHANNEL)
    assert caplog.messages == [
        "Writing to 40 people through channel 3f2a, at 20 a minute: about 2 min, until 17:24 UTC"
    ]


def test_without_a_pace_nobody_can_tell_at_first(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    free(log, clock, 1).start(CHANNEL)
    assert caplog.messages == ["Writing to 1 person through channel 3f2a, as fast as Wahelp answers"]


def test_the_end_of_a_long_mailing_is_on_another_day(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    paced(log, clock, 10_000).start(CHANNEL)
    paced(log, clock, 1_000_000).start(CHANNEL)
    assert [line.partition("minute: ")[2] for line in caplog.messages] == [
        "about 8 h 38 min, until 5 May 02:00 UTC",
        "about 36 days, until 9 Jun 17:32 UTC",
    ]


def test_quiet_hours_and_the_cap_are_said(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    windows = QuietWindows(QuietHours.parse("21:00-09:00"), "Europe/Moscow")
    waiting = {"Europe/Moscow": 28, "Asia/Vladivostok": 12}
    pace = Pace(DirectoryState(None, clock), CHANNEL, per_minute=20, daily_cap=1500)
    for _ in range(3):
        assert not pace.take()
        clock.now += 10
    clock.now = START
    Progress(log, 40, Outlook(pace, windows, lambda: waiting), clock=clock).start(CHANNEL)
    assert caplog.messages == [
        "Writing to 40 people through channel 3f2a, at 20 a minute: about 5 h 39 min, until 23:00 UTC",
        "Quiet hours are 21:00-09:00 in the zone of each phone, Europe/Moscow where it tells none; "
        "12 people wait until 09:00 Asia/Vladivostok",
        "No more than 1,500 messages go in 24 hours (daily_cap): 1,497 may go now",
    ]


def test_where_the_pace_holds_it_the_pace_tells_when_it_ends(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    progress = paced(log, clock, 40)
    for _ in range(19):
        clock.now += 3.1
        progress.add(Outcome.SENT)
        progress.tick()
    assert caplog.messages[0] == "2 of 40 sent (5 %), at 20 a minute, about 2 min left (17:24 UTC)"
    assert caplog.messages[-1] == "17 of 40 sent (42 %), at 20 a minute, about 1 min left (17:24 UTC)"


def test_where_something_else_holds_it_what_was_measured_counts(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    progress = paced(log, clock, 1000, per_minute=60)
    for _ in range(30):
        clock.now += 4
        progress.add(Outcome.SENT)
        progress.tick()
    assert caplog.messages[-1] == "28 of 1,000 sent (2 %), 15.0 a minute, about 1 h 5 min left (18:28 UTC)"


def test_a_pace_that_is_shared_says_so(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    mine, other = (Pace(DirectoryState(tmp_path, clock), CHANNEL, per_minute=20) for _ in range(2))
    progress = Progress(log, 100, Outlook(mine, None, dict), clock=clock)
    for _ in range(5):
        for pace in (other, mine):
            clock.now += 3
            while wait := pace.take():
                clock.now += wait
        progress.add(Outcome.SENT)
        progress.tick()
    for pace in (mine, other):
        pace.close()
    assert re.fullmatch(
        r"5 of 100 sent \(5 %\), \d+\.\d a minute \(another task shares the pace of 20 a minute\), "
        r"about \d+ min left \(17:3\d UTC\)",
        caplog.messages[-1],
    )


def test_the_rate_is_that_of_the_last_lines(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What was quick at first does not make the rest look quick."""
    progress = free(log, clock, 100_000)
    progress.add(Outcome.SKIPPED, 50_000)
    for _ in range(60):
        clock.now += 5
        progress.add(Outcome.SENT, 10)
        progress.tick()
    assert ", 10,002.0 a second, about 5 s left (17:22 UTC)" in caplog.messages[0]
    assert ", 2.0 a second, about 6 h 52 min left (5 May 00:18 UTC)" in caplog.messages[-1]


@pytest.mark.parametrize(("hours", "fewest", "most"), [(0.01, 5, 8), (1, 35, 45), (8, 100, 140)])
def test_lines_thin_out(
    log: logging.Logger,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    hours: float,
    fewest: int,
    most: int,
) -> None:
    progress, times = paced(log, clock, 10_000), []
    while clock.now < START + hours * 3600:
        clock.now += 2.5
        before = len(caplog.messages)
        progress.tick()
        times += [clock.now] * (len(caplog.messages) - before)
    assert fewest <= len(times) <= most
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) <= 302.5


def test_a_heart_beats_where_nothing_moves_and_says_what_is_waited_for(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    progress = free(log, clock, 10)
    progress.add(Outcome.SENT, 5)
    for _ in range(12):
        clock.now += 1
        progress.tick("answers")
    assert [line.rpartition("; ")[2] for line in caplog.messages] == ["waiting for answers"] * 2
    progress.add(Outcome.SENT)
    clock.now += 4
    progress.tick("answers")
    assert "waiting" not in caplog.messages[-1]


def test_who_waits_for_quiet_hours_is_in_every_line(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    windows = QuietWindows(QuietHours.parse("20:00-09:00"), "Europe/Moscow", own=False)
    pace = Pace(DirectoryState(None, clock), CHANNEL, per_minute=20)
    progress = Progress(log, 3, Outlook(pace, windows, lambda: {"Europe/Moscow": 3}), clock=clock)
    clock.now += 5
    progress.tick()
    assert caplog.messages == [
        "0 of 3 sent (0 %), at 20 a minute, about 12 h 38 min left (5 May 06:00 UTC); "
        "quiet hours: 3 people wait until 09:00 Europe/Moscow"
    ]


def test_a_clock_that_is_set_back_does_not_silence_it(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    progress = free(log, clock, 10)
    clock.now -= 3600
    progress.tick()
    progress.tick()
    assert caplog.messages == ["0 of 10 sent (0 %)"]


@pytest.mark.parametrize(
    ("total", "added", "line"),
    [
        (1000, 1000, "1,000 of 1,000 sent (100 %), 200.0 a second"),
        (1000, 999, "999 of 1,000 sent (99 %), 199.8 a second, about 0 s left (17:22 UTC)"),
        (1000, 0, "0 of 1,000 sent (0 %)"),
    ],
)
def test_what_a_line_says_at_the_edges(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture, total: int, added: int, line: str
) -> None:
    progress = free(log, clock, total)
    clock.now += 5
    progress.add(Outcome.SENT, added)
    progress.tick()
    assert caplog.messages == [line]


def test_what_else_became_of_people_is_counted(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    progress = free(log, clock, 10)
    clock.now += 5
    progress.add(Outcome.SENT, 2)
    progress.add(Outcome.NO_MESSENGER)
    progress.add(Outcome.FAILED)
    progress.tick()
    assert caplog.messages[0].startswith("2 of 10 sent, 1 no messenger, 1 failed (40 %), 48.0 a minute, ")


@pytest.mark.parametrize(
    ("seconds", "took"),
    [(0.4, "0 s"), (59, "59 s"), (89, "1 min"), (3599, "1 h 0 min"), (9000, "2 h 30 min"), (2e5, "2 days")],
)
def test_the_last_line_sums_up(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture, seconds: float, took: str
) -> None:
    progress = free(log, clock, 1003)
    progress.add(Outcome.SENT, 1000)
    progress.add(Outcome.NO_MESSENGER, 2)
    progress.add(Outcome.FAILED)
    clock.now += seconds
    progress.finish()
    assert caplog.messages == [f"1,003 of 1,003 done (100 %) in {took}: 1,000 sent, 2 no messenger, 1 failed"]


def test_a_mailing_to_nobody_says_so(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    free(log, clock, 0).finish()
    assert caplog.messages == ["0 done in 0 s: no recipients"]


def test_totals_name_every_outcome_and_are_plain(log: logging.Logger, clock: Clock) -> None:
    progress = free(log, clock, 5)
    progress.add(Outcome.DEFERRED, 2)
    assert progress.totals == {
        "sent": 0, "skipped": 0, "suppressed": 0, "no_messenger": 0, "failed": 0, "deferred": 2,
    }  # fmt: skip
    assert {type(name) for name in progress.totals} == {str}  # XCom keeps what is plain


def test_the_first_failures_are_put_into_words(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    failures = Failures(log)
    for number in range(1, 7):
        failures.failed(number, "+7*****7890", f"there is no {PHONE}")
    assert len(caplog.messages) == 6
    for number in range(7, 20):
        failures.failed(number, "+7*****7890", "no")
    assert caplog.messages == [
        *(f"Row {number} (+7*****7890): there is no +7*****7890" for number in range(1, 6)),
        "Further failures are in the report only",
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_a_recipient_that_was_not_masked_is(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    Failures(log).failed(1, PHONE, "no")
    assert caplog.messages == ["Row 1 (+7*****7890): no"]


def test_several_numbers_go_together_and_end_with_the_last(log: logging.Logger, clock: Clock) -> None:
    """The third has nothing to do, or is logged out."""
    works = [paced(log, clock, 40), paced(log, clock, 20, per_minute=10), paced(log, clock, 0)]
    told = outlook_of(works)
    assert re.fullmatch(r"(2[89]|30)\.\d a minute through 2 channels", told["speed"])
    assert told["ends"] == max(work.outlook()["ends"] for work in works[:2])
    works[1].add(Outcome.SENT, 20)
    assert outlook_of(works) == {"speed": "at 20 a minute", "ends": works[0].outlook()["ends"], "holds": ""}
    assert outlook_of([*works, free(log, clock, 5)])["ends"] is None  # nobody can tell yet
    assert outlook_of(works[1:]) == {"speed": "", "ends": None, "holds": ""}

"""The pace holds whatever tasks, killed workers, broken files and wrong clocks do. Time is driven."""

from __future__ import annotations

import itertools
import logging
import math
import random
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.storage import database
from airflow_provider_wahelp.storage.state import sql
from airflow_provider_wahelp.storage.state.directory import DirectoryState
from tests.clock import Clock

START = 1_780_000_000.0
DAY = 86_400.0


class Host:
    """Tasks of a host that write through one channel, each as fast as its pace lets it."""

    def __init__(self, directory: Path | None, *limits: dict[str, Any], seed: int = 1) -> None:
        self.clock = Clock(START)
        self.paces = [
            Pace(
                DirectoryState(directory, self.clock), "channel", random=random.Random(seed + number), **limit
            )
            for number, limit in enumerate(limits)
        ]

    def run(self, seconds: float, starts: Sequence[float] = ()) -> list[tuple[float, int]]:
        """Return when which task has sent."""
        until, sent = self.clock.now + seconds, []
        due = [self.clock.now + late for late in [*starts, *[0.0] * len(self.paces)][: len(self.paces)]]
        while (first := min(due)) < until:
            task = due.index(first)
            self.clock.now = max(self.clock.now, first)
            if wait := self.paces[task].take():
                due[task] = self.clock.now + wait
            else:
                sent.append((self.clock.now, task))
                due[task] = self.clock.now + 0.001  # a quick server
        return sent

    def close(self) -> None:
        for pace in self.paces:
            pace.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    hosts: list[Host] = []

    def make(*limits: dict[str, Any], directory: Path | None = tmp_path / "state") -> Host:
        hosts.append(Host(directory, *limits))
        return hosts[-1]

    yield make
    for made in hosts:
        made.close()


def _most(times: Sequence[float], window: float) -> int:
    """Return how many of these times lie in a window at most."""
    most, first = 0, 0
    for last, time in enumerate(times):
        while times[first] <= time - window:
            first += 1
        most = max(most, last - first + 1)
    return most


def _gaps(times: Sequence[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(times)]


LIMITS = st.fixed_dictionaries(
    {"per_minute": st.none() | st.floats(0.3, 200) | st.integers(1, 200)},
    optional={"daily_cap": st.integers(1, 300)},
).filter(lambda limits: any(limits.values()))


@settings(max_examples=40, deadline=None)
@given(limits=st.lists(LIMITS, min_size=1, max_size=3), starts=st.lists(st.floats(0, 90), max_size=3))
def test_no_task_sends_where_its_limits_are_reached(
    limits: list[dict[str, Any]], starts: list[float]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        host = Host(Path(directory), *limits)
        sent = [*host.run(240, starts), *_later(host, DAY - 200, 120), *_later(host, 3600, 120)]
        host.close()
    times = [time for time, _ in sent]
    for number, (time, task) in enumerate(sent):
        per_minute, cap = limits[task]["per_minute"], limits[task].get("daily_cap")
        before = times[: number + 1]
        if per_minute:
            allowed, window = math.ceil(per_minute), max(60.0, 60 / per_minute)
            assert sum(earlier > time - window for earlier in before) <= allowed
        if cap:
            assert sum(earlier > time - DAY for earlier in before) <= cap


def _later(host: Host, pause: float, seconds: float) -> list[tuple[float, int]]:
    host.clock.now += pause
    return host.run(seconds)


@pytest.mark.parametrize(
    ("per_minute", "minutes"), [(0.5, 1000), (1, 600), (1.5, 400), (3, 200), (20, 60), (60, 30), (3000, 2)]
)
@pytest.mark.parametrize("tasks", [1, 3])
def test_the_pace_is_nearly_what_was_asked_for_and_never_a_burst(
    host: Callable[..., Host], per_minute: float, minutes: int, tasks: int
) -> None:
    directory = {} if tasks > 1 else {"directory": None}
    minutes = minutes if tasks == 1 else minutes // 4 + 1
    times = [time for time, _ in host(*[{"per_minute": per_minute}] * tasks, **directory).run(minutes * 60)]
    spacing, gaps = 60 / per_minute, _gaps(times)
    assert (len(times) - 1) / (times[-1] - times[0]) * 60 >= 0.9 * per_minute
    assert _most(times, max(60, spacing)) <= math.ceil(per_minute)
    assert 0.5 * spacing <= min(gaps) + 0.002  # the clock is read in milliseconds
    assert max(gaps) <= 1.5 * spacing + 0.003
    for share in (3, 5, 10):  # no burst in a part of a minute either
        assert _most(times, max(60, spacing) / share) <= math.ceil(per_minute) / share + 2


def test_gaps_differ(host: Callable[..., Host]) -> None:
    gaps = _gaps([time for time, _ in host({"per_minute": 20}, directory=None).run(1800)])
    assert min(gaps) < 0.75 * 3
    assert max(gaps) > 1.25 * 3
    assert sum(abs(gap - 3) > 0.2 for gap in gaps) > len(gaps) / 2


def test_a_message_in_a_minute_is_never_two(host: Callable[..., Host]) -> None:
    times = [time for time, _ in host({"per_minute": 1}, {"per_minute": 1}).run(3600)]
    assert min(_gaps(times)) > 61


def test_a_pause_is_not_caught_up_on(host: Callable[..., Host]) -> None:
    running = host({"per_minute": 60}, directory=None)
    running.run(120)
    times = [time for time, _ in _later(running, 600, 30)]
    assert len(times) <= 32


def test_what_is_refused_is_not_counted(host: Callable[..., Host]) -> None:
    pace = (running := host({"daily_cap": 2})).paces[0]
    assert [pace.take() == 0 for _ in range(50)] == [True, True] + [False] * 48
    assert pace.take() == pytest.approx(DAY + 1, abs=0.01)
    running.clock.now += DAY + 1.01
    assert [pace.take() == 0 for _ in range(3)] == [True, True, False]


def test_a_slower_task_yields_to_what_a_faster_one_sends(host: Callable[..., Host]) -> None:
    sent = host({"per_minute": 60}, {"per_minute": 2}).run(600, [5.0, 0.0])
    by_slow = [time for time, task in sent if task == 1]
    assert by_slow == [START]  # before the other began
    assert len(sent) > 500


def test_a_fast_task_does_not_wait_out_the_gap_of_a_slow_one(host: Callable[..., Host]) -> None:
    running = host({"per_minute": 0.5}, {"per_minute": 60})
    slow, fast = running.paces
    for _ in range(20):
        while wait := slow.take():
            running.clock.now += wait + 0.001
        assert 0.5 < fast.take() < 1.5


def test_a_task_without_a_daily_cap_forgets_nothing_of_the_day(host: Callable[..., Host]) -> None:
    capped, minutely = {"daily_cap": 10}, {"per_minute": 60}
    running = host(capped, minutely)
    assert [running.paces[0].take() == 0 for _ in range(11)] == [True] * 10 + [False]
    for _ in range(20):
        running.clock.now += 3600
        assert running.paces[1].take() == 0
        assert running.paces[0].take() > 0


def test_what_is_older_than_any_window_is_dropped(host: Callable[..., Host], tmp_path: Path) -> None:
    running = host({"per_minute": 60})
    for _ in range(9):
        running.clock.now += DAY
        assert running.paces[0].take() == 0
    [file] = (tmp_path / "state").glob("pace.sqlite")
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT COUNT(*) FROM wahelp_sent").fetchone()[0] <= 4


def test_a_cap_that_only_a_faster_task_can_reach_counts_too(host: Callable[..., Host]) -> None:
    fast, capped = {"daily_cap": 5000}, {"per_minute": 1, "daily_cap": 1500}  # more than a minute's a day
    running = host(fast, capped)
    for _ in range(1500):
        running.clock.now += 0.01
        assert running.paces[0].take() == 0
    running.clock.now += 7200
    assert running.paces[1].take() == pytest.approx(DAY - 7200, abs=20)
    assert running.paces[0].take() == 0


def test_a_pace_knows_whether_another_task_shares_it(host: Callable[..., Host]) -> None:
    alone = host({"per_minute": 20})
    alone.run(60)
    assert not alone.paces[0].shared
    two = host({"per_minute": 20}, {"per_minute": 20})
    two.run(120)
    assert two.paces[1].shared  # whoever is lucky does not notice
    two.paces.pop(0).close()
    two.run(90)
    assert not two.paces[0].shared


def test_a_pace_knows_how_long_it_takes(host: Callable[..., Host]) -> None:
    made = host({"per_minute": 20})
    sent = [time for time, _ in made.run(3600)]
    assert (sent[-1] - sent[0]) / (len(sent) - 1) == pytest.approx(made.paces[0].interval, rel=0.01)


@pytest.mark.parametrize("per_minute", [None, 60])
def test_a_pace_knows_what_the_day_has_room_for(host: Callable[..., Host], per_minute: float | None) -> None:
    made = host({"per_minute": per_minute, "daily_cap": 5}, {"per_minute": per_minute})
    pace = made.paces[0]
    assert (pace.room(made.clock()), made.paces[1].room(made.clock())) == (5, None)
    made.run(0.5)
    before = pace.room(made.clock())
    assert before is not None
    assert before < 5
    made.run(600)
    assert (pace.room(made.clock()), pace.take() > 0, pace.capped) == (0, True, True)
    made.clock.now += 86_402
    assert pace.room(made.clock()) == 5
    assert not pace.take()
    assert not pace.capped


def test_another_channel_has_another_pace(tmp_path: Path) -> None:
    one, two = (Pace(DirectoryState(tmp_path, Clock(START)), name, daily_cap=1) for name in ("one", "two"))
    assert [one.take(), two.take()] == [0, 0]
    assert one.take() > 0
    one.close()
    two.close()


def test_without_limits_there_is_no_file(host: Callable[..., Host], tmp_path: Path) -> None:
    running = host({})
    assert [running.paces[0].take() for _ in range(100)] == [0.0] * 100
    assert list(tmp_path.rglob("*.sqlite*")) == []


def test_the_files_are_their_owners_and_do_not_name_the_channel(
    host: Callable[..., Host], tmp_path: Path
) -> None:
    assert host({"per_minute": 60}).paces[0].take() == 0
    files = sorted((tmp_path / "state").iterdir())
    assert len(files) >= 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert not any("channel" in file.name for file in files)


@pytest.mark.parametrize("set_back", [0.3, 5.0, 7200.0, 400_000.0])
def test_a_clock_that_is_set_back_blocks_for_no_hours(host: Callable[..., Host], set_back: float) -> None:
    running = host({"per_minute": 30}, {"per_minute": 30})
    running.run(100)
    running.clock.now -= set_back
    times = [time for time, _ in running.run(180)]
    assert times[0] - (START + 100 - set_back) <= 62
    assert len(times) >= 30
    assert _most(times, 60) <= 30


def test_a_clock_that_is_set_back_does_not_lift_the_cap(host: Callable[..., Host]) -> None:
    for directory in ({}, {"directory": None}):
        running = host({"daily_cap": 3}, **directory)
        assert [running.paces[0].take() for _ in range(3)] == [0, 0, 0]
        running.clock.now -= 7200
        assert DAY - 1 < running.paces[0].take() < DAY + 2


@pytest.mark.parametrize("broken", [b"this is no database" * 100, b"SQLite format 3\0" + b"\1" * 5000])
def test_a_broken_file_starts_anew_with_one_warning(
    host: Callable[..., Host], tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: bytes
) -> None:
    host({"daily_cap": 2}).paces[0].take()
    [file] = (tmp_path / "state").glob("pace.sqlite")
    for name in list(file.parent.iterdir()):
        name.unlink()
    file.write_bytes(broken)
    running = host({"daily_cap": 2}, {"daily_cap": 2})
    assert [pace.take() == 0 for pace in running.paces * 2] == [True, True, False, False]
    assert len(caplog.records) == 1
    assert "damaged, so it is created anew" in caplog.text


def test_files_that_vanish_are_shared_again(host: Callable[..., Host], tmp_path: Path) -> None:
    running = host({"daily_cap": 2}, {"daily_cap": 2})
    assert [pace.take() for pace in running.paces] == [0, 0]
    for file in (tmp_path / "state").iterdir():
        file.unlink()
    (tmp_path / "state").rmdir()
    assert [pace.take() == 0 for pace in running.paces * 2] == [True, False, False, False], "each remembers"


@pytest.mark.parametrize("failing", ["open", "write"])
def test_a_disk_that_refuses_costs_the_sharing_and_one_warning(
    host: Callable[..., Host],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
) -> None:
    caplog.set_level(logging.WARNING, database.__name__)
    running = host({"daily_cap": 2})

    def refuse(*_: object) -> Any:
        raise OSError(28, "No space left") if failing == "open" else sqlite3.OperationalError("disk is full")

    if failing == "open":
        monkeypatch.setattr(database, "make_private", refuse)
    else:
        assert running.paces[0].take() == 0
        with monkeypatch.context() as patch:
            patch.setattr(sql._Log, "_add", _once(refuse, sql._Log._add))
            assert running.paces[0].take() == 0
            assert running.paces[0].take() > 0, "it remembers what it has sent"
        assert len(caplog.records) == 1
        return
    assert [running.paces[0].take() == 0 for _ in range(3)] == [True, True, False]
    assert sum("pace.sqlite" in record.getMessage() for record in caplog.records) == 1


def _once(first: Callable[..., Any], then: Callable[..., Any]) -> Callable[..., Any]:
    calls = itertools.count()

    def call(*given: object) -> Any:
        return (then if next(calls) else first)(*given)

    return call


@pytest.mark.parametrize(
    "limit",
    [{"per_minute": value} for value in (0, -1, 0.0001, math.inf, math.nan, "60", True)]
    + [{"daily_cap": value} for value in (0, -5, 0.5, "10", True)],
    ids=str,
)
def test_a_limit_that_is_none_is_refused(limit: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(limit))}: must be a number"):
        Pace(DirectoryState(None), "channel", **limit)


def test_an_interrupted_task_keeps_nobody_out(
    host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = host({"daily_cap": 2}, {"daily_cap": 2})
    interrupted = running.paces[0]
    assert interrupted.take() == 0

    def interrupt(log: sql._Log, at: int, off: float) -> None:
        log._run(sql._INSERT, name=log._name, at=at, off=off)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sql._Log, "_add", interrupt)
        with pytest.raises(KeyboardInterrupt):
            interrupted.take()
    assert [running.paces[1].take() == 0, interrupted.take() == 0] == [True, False]


KILLED = """
import os, signal, sys
from pathlib import Path
from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.storage.state import sql
from airflow_provider_wahelp.storage.state.directory import DirectoryState

state = DirectoryState(Path(sys.argv[1]), lambda: 1_780_000_000.0)
pace = Pace(state, "channel", daily_cap=3)
assert pace.take() == 0

def die(log, at, off):
    log._run(sql._INSERT, name=log._name, at=at, off=off)
    os.kill(os.getpid(), signal.SIGKILL)

sql._Log._add = die
pace.take()
"""

HAMMER = """
import os, sys
from pathlib import Path
from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.storage.state.directory import DirectoryState

state = DirectoryState(Path(sys.argv[1]), lambda: 1_780_000_000.0)
pace = Pace(state, "channel", daily_cap=int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
granted = 0
while (wait := pace.take()) < 1:
    granted += wait == 0
    os.sched_yield()
print(granted, flush=True)
"""


def test_a_task_that_is_killed_while_it_asks_keeps_nobody_out(
    host: Callable[..., Host], tmp_path: Path
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "state")], check=False)
    assert done.returncode == -9
    pace = host({"daily_cap": 3}).paces[0]
    assert [pace.take() == 0 for _ in range(3)] == [True, True, False]  # what it had sent counts


def test_four_processes_are_granted_what_one_would_be(tmp_path: Path, host: Callable[..., Host]) -> None:
    command = [sys.executable, "-c", HAMMER, str(tmp_path / "state"), "200"]
    pipe = subprocess.PIPE
    tasks = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    for task in tasks:
        assert task.stdout is not None
        assert task.stdout.readline() == "ready\n"
    for task in tasks:
        assert task.stdin is not None
        task.stdin.write("\n")
        task.stdin.flush()
    said = [task.communicate(timeout=60) for task in tasks]
    assert sum(int(granted) for granted, _ in said) == 200
    assert [warnings for _, warnings in said] == [""] * 4
    assert host({"daily_cap": 201}).paces[0].take() == 0

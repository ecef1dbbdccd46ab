"""The pace on every state: at most what was asked for, and nearly that, whoever dies. Time is driven."""

from __future__ import annotations

import itertools
import math
import os
import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.delivery.limits.daily_use import DailyUse, daily_use
from airflow_provider_wahelp.delivery.limits.rate_limit import AWAY, AWAY_LONG, Pace
from airflow_provider_wahelp.storage.state.interface import StateAwayError

from .conftest import KINDS, Open
from .test_state import Clock

HOUR = 3_600_000
SOAK = int(os.environ.get("WAHELP_SOAK", "0"))
"""With so many examples all states have their turn; without, what answers alike has it on a directory."""
NAMES = map(str, itertools.count())


class Tasks:
    """Tasks on several hosts that write through one channel; a killed one comes back with no memory."""

    def __init__(self, opened: Open, count: int, seed: int, **limits: float) -> None:
        self.clock = Clock()
        self._state = opened(self.clock)
        self._random = random.Random(seed)
        self._limits = limits
        self._channel = next(NAMES)
        self.paces = [self._pace() for _ in range(count)]
        self.due = [self.clock.now] * count

    def run(self, until: int, kills: Sequence[tuple[int, int]] = ()) -> Iterator[int]:
        """Yield when a message was sent; kill a task, by its number, at each of some moments."""
        left = sorted(kills)
        while (first := min(self.due)) < until:
            self.clock.now = max(self.clock.now, first)
            while left and left[0][0] <= self.clock.now:
                self._kill(left.pop(0)[1] % len(self.paces))
            task = self.due.index(min(self.due))
            if self.due[task] > self.clock.now:
                continue
            wait = self.paces[task].take()
            if not wait:
                yield self.clock.now
            self.due[task] = self.clock.now + math.ceil(1000 * wait + self._random.uniform(1, 30))

    def _kill(self, task: int) -> None:
        self.paces[task] = self._pace()
        self.due[task] = self.clock.now + self._random.randrange(60_000)

    def _pace(self) -> Pace:
        return Pace(self._state, self._channel, random=self._random, **self._limits)  # type: ignore[arg-type]


def most(times: Sequence[int], window: int) -> int:
    """Return how many of these times lie in a window at most."""
    found, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - window:
            first += 1
        found = max(found, last - first + 1)
    return found


@pytest.mark.parametrize("kind", KINDS if SOAK else ["directory"], indirect=True)
@settings(max_examples=SOAK or 6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tasks=st.integers(1, 12),
    per_minute=st.sampled_from([1, 3, 6, 10]),
    kills=st.lists(st.tuples(st.integers(0, HOUR), st.integers(0, 11)), max_size=8),
    seed=st.integers(0, 1000),
)
def test_an_hour_has_at_most_the_limit_and_at_least_nine_tenths_of_it(
    opened: Open, tasks: int, per_minute: int, kills: list[tuple[int, int]], seed: int
) -> None:
    running = Tasks(opened, tasks, seed, per_minute=per_minute)
    start = running.clock.now
    times = list(running.run(start + HOUR, [(start + at, task) for at, task in kills]))
    down = 60_000 * (1 + len(kills)) if tasks <= len(kills) else 0  # for so long nobody may be there
    assert most(times, 60_000) <= per_minute
    assert len(times) >= 0.9 * per_minute * (HOUR - down) / 60_000 - 1


def test_a_day_has_at_most_the_cap_over_all_tasks(opened: Open) -> None:
    running = Tasks(opened, 3, 1, daily_cap=40)
    start = running.clock.now
    times = list(running.run(start + 60_000, [(start + 10, 1), (start + 40, 2)]))
    assert len(times) == 40
    assert all(pace.capped for pace in running.paces)
    assert running.paces[0].room(running.clock()) == 0
    running.clock.now += 86_402_000
    assert running.paces[1].room(running.clock()) == 40


class Away:
    """A state that answers when it is told to."""

    def __init__(self, opened: Open, clock: Clock) -> None:
        self._state = opened(clock)
        self.away = False

    def __getattr__(self, name: str) -> object:
        if self.away and name != "close":
            raise StateAwayError("ConnectionError")
        return getattr(self._state, name)


@pytest.mark.parametrize("kind", ["directory"], indirect=True)
def test_a_state_that_is_away_lifts_no_limit_and_costs_one_warning(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    state = Away(opened, clock)
    pace = Pace(state, "channel", daily_cap=3)  # type: ignore[arg-type]
    assert (pace.take(), pace.away) == (0.0, False)
    state.away = True
    waits = []
    for _ in range(16):
        waits.append(pace.take())
        clock.now += int(1000 * waits[-1])
    assert set(waits[:12]) == {AWAY}
    assert set(waits[12:]) == {AWAY_LONG}
    assert (pace.away, pace.room(0.0)) == (True, None)
    words = "nothing is sent until it answers and can count."
    assert caplog.messages == [f"The shared state is away (ConnectionError): {words}"]
    state.away = False
    assert [pace.take() == 0.0 for _ in range(3)] == [True, True, False]
    assert not pace.away


def test_what_was_sent_and_the_cap_are_seen_by_others(opened: Open) -> None:
    clock = Clock()
    state, now = opened(clock), clock.now / 1000
    assert daily_use(state, "channel", now) == DailyUse(0, None)
    Pace(state, "channel").count()
    assert daily_use(state, "channel", now) == DailyUse(1, None)
    pace = Pace(state, "channel", daily_cap=130, warm_up=True)
    assert [pace.take() for _ in range(2)] == [0.0, 0.0]
    assert daily_use(opened(clock), "channel", now) == DailyUse(3, 100)
    assert daily_use(state, "channel", now + 86_400).cap == 120
    assert daily_use(state, "channel", now + 9 * 86_400).cap == 130

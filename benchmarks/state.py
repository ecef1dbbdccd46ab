"""Fifty hosts with twenty tasks each that write through one channel, counted in a Redis. Time is driven."""

from __future__ import annotations

import heapq
import random
import statistics
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from pathlib import Path

from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.storage.state.redis_server import RedisState
from benchmarks.table import Row

HOSTS, TASKS = 50, 20
PACE = 60
MINUTES = 10
USED = 0.9
MEDIAN = 2.0  # milliseconds


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    from tests.celery.servers import broker

    say(f"{HOSTS} hosts with {TASKS} tasks each for {MINUTES} minutes, at {PACE} messages a minute in all")
    with broker(home) as server:
        password, _, place = server.address[1:].partition("@")
        host, _, port = place.partition("/")[0].partition(":")
        simulation = Simulation({"host": host, "port": int(port), "password": password})
        times = simulation.run()
    most = max(bisect_left(times, start + 60.0) - number for number, start in enumerate(times))
    what = f"state: {HOSTS * TASKS} tasks at {PACE}"
    return [
        Row(f"{what}: most in any minute", most, "messages", most=PACE),
        Row(f"{what}: used", 100 * len(times) / (PACE * MINUTES), "%", least=100 * USED),
        Row(f"{what}: a take, median", 1000 * statistics.median(simulation.took), "ms", most=MEDIAN),
    ]


class Simulation:
    """Tasks that ask when they were told to, by a clock that waits for nobody; each host has a connection."""

    def __init__(self, options: dict[str, object]) -> None:
        self._now = 1_780_000_000.0
        self._random = random.Random(1)
        states = [RedisState(options, lambda: self._now) for _ in range(HOSTS)]
        self._paces = [Pace(state, "channel", per_minute=PACE) for state in states for _ in range(TASKS)]
        self.took: list[float] = []

    def run(self) -> Sequence[float]:
        """Return when messages were sent."""
        end = self._now + 60 * MINUTES
        due = [(self._now + self._random.random(), number) for number in range(len(self._paces))]
        heapq.heapify(due)
        sent = []
        while due[0][0] < end:
            self._now, number = due[0]
            wait = self._take(self._paces[number])
            if not wait:
                sent.append(self._now)
            heapq.heapreplace(due, (self._now + wait + self._random.uniform(0.001, 0.2), number))
        return sent

    def _take(self, pace: Pace) -> float:
        began = time.perf_counter()
        wait = pace.take()
        self.took.append(time.perf_counter() - began)
        return wait

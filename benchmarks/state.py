"""Fifty hosts with twenty tasks each that count in one Redis. Hosts die, and it crashes. Time is driven."""

from __future__ import annotations

import statistics
import time
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import Any

from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.storage.state.redis_server import RedisState
from benchmarks.hosts import HOSTS, TASKS, Simulation, storm
from benchmarks.table import Row

PACE, CAP = 60, 250
MINUTES = 5
KILLED = 5
EXACT = 0.99
USED = 0.9
MEDIAN = 2.0  # milliseconds
TAKES = 2000


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    from tests.celery.servers import broker

    home.mkdir(parents=True, exist_ok=True)
    limits: dict[str, Any] = {"per_minute": PACE, "daily_cap": CAP}
    say(f"{HOSTS} hosts with {TASKS} tasks each, at {PACE} messages a minute in all, until there are {CAP}")
    with broker(home, keeps=True) as server:
        options = _options(server.address)
        simulation = Simulation(options, limits, kills=KILLED, crash=server.restart)
        times = simulation.run(60 * MINUTES)
        say(f"{HOSTS * TASKS} failures at once")
        alerts, admitted, people = storm(options)
        alone = _alone(options)
    most = max(bisect_left(times, start + 60.0) - number for number, start in enumerate(times))
    took, failures = simulation.took, HOSTS * TASKS
    what = f"state: {failures} tasks at {PACE}"
    return [
        Row(f"{what}: most in any minute", most, "messages", most=PACE),
        Row(
            f"{what}: used until the cap",
            6000 * len(times) / PACE / (times[-1] - times[0]),
            "%",
            least=100 * USED,
        ),
        Row(f"{what}: of a cap of {CAP}, at most", len(times), "messages", most=CAP),
        Row(f"{what}: of a cap of {CAP}, at least", len(times), "messages", least=CAP * EXACT),
        Row(f"state: {failures} failures: sent", alerts["send"], "alerts", most=1),
        Row(f"state: {failures} failures: held back", alerts["hold"], "alerts", least=failures - 1),
        Row(f"state: {people} people at 3 a week", admitted, "messages", most=3 * people),
        Row(f"{what}: a take, all hosts on this machine", 1000 * statistics.median(took), "ms"),
        Row("state: a take, median", 1000 * statistics.median(alone), "ms", most=MEDIAN),
    ]


def _alone(options: dict[str, Any]) -> list[float]:
    """Return how long takes last where the hosts are no burden for one another's CPU."""
    pace = Pace(RedisState(options), "channel", per_minute=PACE, daily_cap=CAP)
    took = []
    for _ in range(TAKES):
        began = time.perf_counter()
        pace.take()
        took.append(time.perf_counter() - began)
    pace.close()
    return took


def _options(address: str) -> dict[str, Any]:
    password, _, place = address[1:].partition("@")
    host, _, port = place.partition("/")[0].partition(":")
    return {"host": host, "port": int(port), "password": password}

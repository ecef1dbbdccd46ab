"""Two tasks on one host that write through one channel: together they keep to its pace."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import sending
from benchmarks.child import Child
from benchmarks.servers import Server, running
from benchmarks.table import Row

PACE = 60
WINDOW, SECONDS = 60.0, 150.0
USED = 0.9

_POLL = 0.05


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    say(f"Two tasks for {SECONDS:.0f} s at {PACE} messages a minute")
    with running() as server, ExitStack() as tasks:
        channel = server.channel()
        rows = sending.rows(channel.users, 4 * PACE)
        for task in ("one", "two"):
            given = {"recipients": rows, "task": task, "pace": PACE, "stop_words": False}
            child = Child(home / task, channel, "sending.by_operator", state=home / "state", **given)
            tasks.enter_context(child)
        times = _seen(server)
    allowed = PACE * SECONDS / WINDOW
    return [
        Row(f"pace of {PACE}: most in any {WINDOW:.0f} s", _most(times), "messages", most=PACE),
        Row(f"pace of {PACE}: used in {SECONDS:.0f} s", 100 * len(times) / allowed, "%", least=100 * USED),
    ]


def _seen(server: Server) -> list[float]:
    """Return when the server saw each message, from the first on."""
    times: list[float] = []
    while not times or time.monotonic() - times[0] < SECONDS:
        sends = sum("/send_message/" in request["path"] for request in server.requests())
        times += [time.monotonic()] * (sends - len(times))
        time.sleep(_POLL)
    return times


def _most(times: Sequence[float]) -> int:
    return max(bisect_left(times, start + WINDOW) - number for number, start in enumerate(times))

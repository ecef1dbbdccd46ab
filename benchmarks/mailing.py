"""A mailing by 32 threads against two loops that send one message after the other, at 50 ms a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import child, sending
from benchmarks.servers import QUICK, SANDBOX, STUB, Channel, Server, running
from benchmarks.table import TIMES, Row

LATENCY = 0.05
THREADS = 32
MESSAGES, ONE_BY_ONE = 4000, 150
RUNS = 3
TIMES_FASTER = 25.0
CPU_MS = 1.5
SANDBOX_CPU_MS = 1.2

Say = Callable[[str], None]


def measure(home: Path, say: Say) -> list[Row]:
    """Measure it with the sandbox, and with a server that takes no CPU.

    :param home: a directory.
    :param say: tells what is being done.
    """
    rows: list[Row] = []
    for name, server in (("sandbox", _sandbox), ("stub", _stub)):
        with server() as served:
            rows += _against(home / name, served, name, say)
    return rows


@contextmanager
def _sandbox() -> Iterator[Server]:
    with running(SANDBOX, *QUICK) as server:
        yield server


@contextmanager
def _stub() -> Iterator[Server]:
    with running(STUB, "--latency", str(LATENCY)) as server:
        yield server


def _against(home: Path, server: Server, name: str, say: Say) -> list[Row]:
    # Each mailing has a channel of its own: no history in which stop words would be looked for.
    channel, *channels = (server.channel() for _ in range(1 + 2 * RUNS))
    if name == "sandbox":
        server.slow_down(LATENCY)
    few = sending.rows(channel.users, ONE_BY_ONE)
    say(f"{ONE_BY_ONE} messages by the hook, and by HttpOperator")
    hook = _rate(child.run(home / "hook", channel, "sending.by_hook", recipients=few))
    path = f"api/app/projects/{channel.project_id}/channels/{channel.uuid}/send_message"
    operator = _rate(
        child.run(
            home / "http", channel, "sending.by_http_operator", recipients=few, token=channel.token, path=path
        )
    )
    rows = [
        Row(f"{name}: hook, one by one", hook, "messages/s"),
        Row(f"{name}: HttpOperator, one by one", operator, "messages/s"),
    ]
    for stop_words in (False, True):
        say(f"{MESSAGES:,} messages by {THREADS} threads, stop_words={stop_words}, {RUNS} times")
        runs = [
            _mail(home / f"{stop_words}-{run}", server, channels.pop(), stop_words) for run in range(RUNS)
        ]
        rows += _compared(f"{name}: mailing" + ", stop words" * stop_words, runs, hook, operator)
    return rows


def _mail(home: Path, server: Server, channel: Channel, stop_words: bool) -> dict[str, Any]:
    used = server.cpu
    found: dict[str, Any] = child.run(
        home,
        channel,
        "sending.by_operator",
        recipients=sending.rows(channel.users, MESSAGES),
        concurrency=THREADS,
        stop_words=stop_words,
    )
    return {**found, "server": server.cpu - used}


def _compared(name: str, runs: list[dict[str, Any]], hook: float, operator: float) -> list[Row]:
    rate = median(map(_rate, runs))
    spent = median(run["cpu"] / run["sent"] for run in runs) * 1000
    served = median(run["server"] / run["sent"] for run in runs) * 1000
    return [
        Row(f"{name} / hook", rate / hook, TIMES, least=TIMES_FASTER),
        Row(f"{name} / HttpOperator", rate / operator, TIMES, least=TIMES_FASTER),
        Row(name, rate, "messages/s"),
        Row(f"{name}: CPU of the sender", spent, "ms/message", most=CPU_MS),
        Row(f"{name}: CPU of the server", served, "ms/message"),
    ]


def _rate(run: dict[str, Any]) -> float:
    return float(run["sent"] / run["seconds"])

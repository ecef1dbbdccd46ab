"""A mailing by 32 threads against two loops that send one message after the other, at 50 ms a call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import child, sending
from benchmarks.servers import Channel, Server, running
from benchmarks.table import TIMES, Row

LATENCY = 0.05
THREADS = 32
MESSAGES, ONE_BY_ONE = 4000, 150
RUNS = 3
TIMES_FASTER = 25.0
CPU_MS = 1.5
SANDBOX_CPU_MS = 1.2  # with more, it would be the sandbox that is measured

Say = Callable[[str], None]


def measure(home: Path, say: Say) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    with running() as server:
        # Each mailing has a channel of its own: no history in which stop words would be looked for.
        channel, *channels = (server.channel() for _ in range(1 + 2 * RUNS))
        server.slow_down(LATENCY)
        hook, operator = _one_by_one(home, channel, say)
        rows = [*_alone("hook, one by one", hook), *_alone("HttpOperator, one by one", operator)]
        for stop_words in (False, True):
            say(f"{MESSAGES:,} messages by {THREADS} threads, stop_words={stop_words}, {RUNS} times")
            homes = [home / f"{stop_words}-{run}" for run in range(RUNS)]
            runs = [_mail(own, server, channels.pop(), stop_words) for own in homes]
            rows += _compared("mailing" + ", stop words" * stop_words, runs, _rate(hook), _rate(operator))
    return rows


def _one_by_one(home: Path, channel: Channel, say: Say) -> tuple[dict[str, Any], dict[str, Any]]:
    """Send with our hook, and with Airflow's operator for any API."""
    rows = sending.rows(channel.users, ONE_BY_ONE)
    say(f"{ONE_BY_ONE} messages by the hook, and by HttpOperator")
    hook = child.run(home / "hook", channel, "sending.by_hook", recipients=rows)
    path = f"api/app/projects/{channel.project_id}/channels/{channel.uuid}/send_message"
    given = {"recipients": rows, "token": channel.token, "path": path}
    operator = child.run(home / "http", channel, "sending.by_http_operator", **given)
    return hook, operator


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
        Row(f"{name}: CPU of the sandbox", served, "ms/message", most=SANDBOX_CPU_MS),
    ]


def _alone(name: str, run: dict[str, Any]) -> list[Row]:
    spent = run["cpu"] / run["sent"] * 1000
    return [Row(name, _rate(run), "messages/s"), Row(f"{name}: CPU", spent, "ms/message")]


def _rate(run: dict[str, Any]) -> float:
    return float(run["sent"] / run["seconds"])

"""A mailing by 32 threads against loops that send one message after the other, at 50 ms a call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import child, hooks, messengers, sending
from benchmarks.servers import LATENCY, Channel, Server, running
from benchmarks.table import TIMES, Row

THREADS = 32
MESSAGES, ONE_BY_ONE = 4000, 150
RUNS = 3
TIMES_FASTER = 25.0
BARRED = ("hook", "HttpOperator")
"""The peers that it must be so many times as fast as."""
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
        peers = {**_one_by_one(home, channel, say), **_by_messengers(home, channel, say)}
        rows = []
        for stop_words in (False, True):
            say(f"{MESSAGES:,} messages by {THREADS} threads, stop_words={stop_words}, {RUNS} times")
            homes = [home / f"{stop_words}-{run}" for run in range(RUNS)]
            runs = [_mail(own, server, channels.pop(), stop_words) for own in homes]
            rows += _compared("mailing" + ", stop words" * stop_words, runs, peers)
    return [*rows, *(row for name, peer in peers.items() for row in _alone(f"{name}, one by one", peer))]


def _one_by_one(home: Path, channel: Channel, say: Say) -> dict[str, dict[str, Any]]:
    """Send with our hook, with Airflow's operator for any API, and with what both are made of."""
    say(f"{ONE_BY_ONE} messages each by hook, HttpOperator, requests and httpx")
    rows = sending.rows(channel.users, ONE_BY_ONE)
    bare = {"recipients": rows, "token": channel.token, "url": f"{channel.url}/{channel.path}"}
    return {
        "hook": child.run(home / "hook", channel, "sending.by_hook", recipients=rows),
        "HttpOperator": child.run(
            home / "http",
            channel,
            "sending.by_http_operator",
            recipients=rows,
            token=channel.token,
            path=channel.path,
        ),
        "requests": child.run(home / "requests", channel, "sending.by_requests", **bare),
        "httpx": child.run(home / "httpx", channel, "sending.by_httpx", **bare),
    }


def _by_messengers(home: Path, channel: Channel, say: Say) -> dict[str, dict[str, Any]]:
    """Send with Airflow's hooks for other messengers, those that are installed."""
    say(f"{ONE_BY_ONE} messages each by Airflow's hooks for other messengers")
    for name in hooks.missing():
        say(f"Skipped: the hook for {name} is not installed; `make bench` does that.")
    rows = sending.rows(channel.users, ONE_BY_ONE)
    with messengers.running() as url:
        return {
            f"{name.title()}Hook": child.run(
                home / name, channel, hooks.SENT_BY[name], recipients=rows, url=url
            )
            for name in sorted(hooks.SENT_BY.keys() - hooks.missing())
        }


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


def _compared(name: str, runs: list[dict[str, Any]], peers: dict[str, dict[str, Any]]) -> list[Row]:
    rate = median(map(_rate, runs))
    spent = median(run["cpu"] / run["sent"] for run in runs) * 1000
    served = median(run["server"] / run["sent"] for run in runs) * 1000
    return [
        *(
            Row(f"{name} / {peer}", rate / _rate(run), TIMES, least=TIMES_FASTER if peer in BARRED else None)
            for peer, run in peers.items()
        ),
        Row(name, rate, "messages/s"),
        Row(f"{name}: CPU of the sender", spent, "ms/message", most=CPU_MS),
        Row(f"{name}: CPU of the sandbox", served, "ms/message", most=SANDBOX_CPU_MS),
    ]


def _alone(name: str, run: dict[str, Any]) -> list[Row]:
    spent = run["cpu"] / run["sent"] * 1000
    return [Row(name, _rate(run), "messages/s"), Row(f"{name}: CPU", spent, "ms/message")]


def _rate(run: dict[str, Any]) -> float:
    return float(run["sent"] / run["seconds"])

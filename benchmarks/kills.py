"""A mailing whose worker is killed again and again, with every tenth answer lost: each message once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow_provider_wahelp.delivery.mailing.dispatcher import AHEAD
from benchmarks import sending
from benchmarks.child import Child
from benchmarks.servers import LATENCY, Channel, Server, running
from benchmarks.table import Row

MESSAGES, KILLS = 2000, 20
UNCLEAR = 0.1
SETTLED_AFTER = 1.0
MOST_REQUESTS = 150  # until a kill: with half of that on average there are messages left for all kills
MOST_SECONDS = 3.0  # without any request: an attempt waits for the history, or is at its end

_POLL = 0.01


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    with running() as server:
        channel = replace(server.channel(), extra={"timeout": SETTLED_AFTER, "send_timeout": SETTLED_AFTER})
        server.give_a_past(channel.uuid)
        for fault in ({"fault": "cut_after", "probability": UNCLEAR}, {"fault": "slow", "seconds": LATENCY}):
            server.ask("POST", "/sandbox/faults", operation="send_message", **fault)
        starts = _attempts(home, server, channel, say)
        texts, requests = server.texts(), server.requests()
    reads = _first_pages(requests, starts)
    cuts = sum(request["fault"] == "cut_after" for request in requests)
    name = f"kills: of {MESSAGES:,} messages"
    return [
        Row("kills", len(starts) - 1, "SIGKILLs", least=KILLS),
        Row("kills: lost answers", cuts, "answers"),
        Row(f"{name} duplicate", len(texts) - len(set(texts)), "messages", most=0),
        Row(f"{name} missing", MESSAGES - len(set(texts)), "messages", most=0),
        Row("kills: most histories read by one attempt", max(reads), "histories", most=AHEAD + 1),
        Row("kills: histories read by all", sum(reads), "histories"),
        Row("kills: wait for the history (10 to 75 s in production)", SETTLED_AFTER, "s"),
    ]


def attempt(**arguments: Any) -> dict[str, Any]:
    """Send with our operator, with less patience for a history that does not lag.

    :param arguments: those of :func:`benchmarks.sending.by_operator`.
    """
    from airflow_provider_wahelp.delivery.mailing import reconcile

    reconcile.SETTLED_AFTER = SETTLED_AFTER
    return sending.by_operator(**arguments)


def _attempts(home: Path, server: Server, channel: Channel, say: Callable[[str], None]) -> list[int]:
    """Let the mailing be done; return how many requests there had been before each attempt."""
    chance = random.Random(4)
    rows, starts = sending.rows(channel.users, MESSAGES), []
    while True:
        starts.append(_asked(server))
        say(f"Attempt {len(starts)}, after {starts[-1]:,} requests")
        given: dict[str, Any] = {"recipients": rows, "stop_words": False, "try_number": len(starts)}
        with Child(home, channel, "kills.attempt", **given) as child:
            if len(starts) > KILLS:
                child.answer()
                return starts
            if _done_before(child, server, starts[-1] + chance.randint(1, MOST_REQUESTS)):
                return starts
            time.sleep(chance.uniform(0, 2 * LATENCY))
            child.kill()


def _done_before(child: Child, server: Server, requests: int) -> bool:
    """Wait for so many requests, or for an end; return whether it is the end of all."""
    last, since = _asked(server), 0.0
    while (asked := _asked(server)) < requests:
        if child.done():
            return True
        if asked != last:
            last, since = asked, time.monotonic()
        if since and time.monotonic() - since > MOST_SECONDS:
            return False
        time.sleep(_POLL)
    return False


def _asked(server: Server) -> int:
    return int(server.ask("GET", "/sandbox/stats")["requests"])


def _first_pages(requests: Sequence[dict[str, Any]], starts: Sequence[int]) -> list[int]:
    """Return for each attempt how often it began to read the history."""
    ends = [*starts[1:], len(requests)]
    return [sum(map(_is_first, requests[start:end])) for start, end in zip(starts, ends, strict=True)]


def _is_first(request: dict[str, Any]) -> bool:
    return request["path"].rstrip("/").endswith("/messages") and "page=" not in request["query"]

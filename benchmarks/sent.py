"""A hundred thousand messages that are really sent, to a server without latency; and bare requests beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks import child, sending
from benchmarks.servers import running
from benchmarks.table import TIMES, Row

MESSAGES, ONE_BY_ONE, THREADS = 100_000, 3000, 32
MEMORY_MIB = 250.0


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    say(f"{MESSAGES:,} messages without latency")
    home.mkdir(parents=True)
    file = home / "rows.jsonl"
    with running() as server:
        channel = server.channel()
        rows = sending.rows(channel.users, MESSAGES)
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        used = server.cpu
        found = child.run(home, channel, "sending.by_operator", recipients=str(file), concurrency=THREADS)
        served = server.cpu - used
        arrived = len(set(server.texts()))
        say(f"{ONE_BY_ONE:,} by requests")
        given = {
            "recipients": rows[:ONE_BY_ONE],
            "token": channel.token,
            "url": f"{channel.url}/{channel.path}",
        }
        bare = child.run(home / "requests", channel, "sending.by_requests", **given)
    rate = MESSAGES / found["seconds"]
    return [
        Row("really sent / requests", rate * bare["seconds"] / ONE_BY_ONE, TIMES),
        Row(f"really sent: of {MESSAGES:,} messages missing", MESSAGES - arrived, "messages", most=0),
        Row("really sent: most memory", found["peak"], "MiB", most=MEMORY_MIB),
        Row("really sent", rate, "messages/s"),
        Row("really sent: CPU of the sender", found["cpu"] / MESSAGES * 1000, "ms/message"),
        Row("really sent: CPU of the sandbox", served / MESSAGES * 1000, "ms/message"),
    ]

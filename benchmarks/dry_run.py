"""A million rows rendered and checked, and nothing sent; and how much less memory a tenth of them takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks import child
from benchmarks.servers import Channel, running
from benchmarks.table import Row

FEW, MANY = 100_000, 1_000_000
SECONDS, MEMORY_MIB, GROWTH_MIB = 180.0, 250.0, 25.0


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    with running() as server:
        channel = server.channel(1)
        seconds, peak = _run(home / "many", channel, MANY, say)
        _, less = _run(home / "few", channel, FEW, say)
    return [
        Row(f"dry run of {MANY:,} rows", seconds, "s", most=SECONDS),
        Row("dry run: most memory", peak, "MiB", most=MEMORY_MIB),
        Row(f"dry run: more than with {FEW:,} rows", peak - less, "MiB", most=GROWTH_MIB),
    ]


def _run(home: Path, channel: Channel, count: int, say: Callable[[str], None]) -> tuple[float, float]:
    say(f"A dry run of {count:,} rows")
    home.mkdir(parents=True)
    file = home / "rows.jsonl"
    _write(file, count)
    found = child.run(home, channel, "sending.by_operator", recipients=str(file), dry_run=True)
    if found["deferred"] != count:
        raise RuntimeError(f"of {count:,} rows {found['deferred']:,} were found good")
    return found["seconds"], found["peak"]


def _write(file: Path, count: int) -> None:
    with file.open("w") as lines:
        for number in range(count):
            row = {"phone": f"+7916{number:07}", "name": "Anna Example", "number": number, "amount": 1500.5}
            lines.write(json.dumps(row) + "\n")

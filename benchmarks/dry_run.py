"""A million rows rendered and checked, and nothing sent: beside a plain loop, and a tenth of the rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks import child
from benchmarks.child import stopwatch
from benchmarks.sending import TEXT
from benchmarks.servers import Channel, running
from benchmarks.table import TIMES, Row

FEW, MANY = 100_000, 1_000_000
FASTER, SECONDS, MEMORY_MIB, GROWTH_MIB = 2.0, 180.0, 158.0, 25.0


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    with running() as server:
        channel = server.channel(1)
        seconds, peak = _run(home / "many", channel, MANY, say)
        _, less = _run(home / "few", channel, FEW, say)
        say("The same in a loop")
        rows = str(home / "many" / "rows.jsonl")
        peer = child.run(home / "loop", channel, "dry_run.in_a_loop", recipients=rows)["seconds"]
    return [
        Row("dry run / json, jinja2 and phonenumbers in a loop", peer / seconds, TIMES, least=FASTER),
        Row(f"dry run of {MANY:,} rows", seconds, "s", most=SECONDS),
        Row("dry run: most memory", peak, "MiB", most=MEMORY_MIB),
        Row(f"dry run: more than with {FEW:,} rows", peak - less, "MiB", most=GROWTH_MIB),
    ]


def in_a_loop(recipients: str) -> dict[str, float]:
    """Read, check and fill in each row with what is made for that, and keep nothing.

    :param recipients: the path of the rows.
    """
    import phonenumbers
    from jinja2 import Environment

    text = Environment().from_string(TEXT)
    with stopwatch() as spent, Path(recipients).open() as lines:
        for line in lines:
            row = json.loads(line)
            if phonenumbers.is_valid_number(phonenumbers.parse(row["phone"])):
                text.render(row=row)
    return spent


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

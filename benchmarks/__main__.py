"""`make bench`: what mailings, waits and the receiver cost, as a table and as JSON. It takes half an hour."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import dry_run, kills, mailing, pace, page, phones, receiver, sent, state, waiting
from benchmarks.table import Row, write

RESULTS = Path(".bench") / "results.json"
MEASURES = {
    "mailing": mailing.measure,
    "phones": phones.measure,
    "dry-run": dry_run.measure,
    "sent": sent.measure,
    "kills": kills.measure,
    "pace": pace.measure,
    "state": state.measure,
    "waiting": waiting.measure,
    "receiver": receiver.measure,
    "page": page.measure,
}


def main() -> int:
    """Measure what is wanted; return 1 if anything misses its bar."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"{', '.join(MEASURES)}; all by default")
    chosen = parser.parse_args().what or list(MEASURES)
    if unknown := set(chosen) - set(MEASURES):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    began = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {words}", flush=True)

    rows: list[Row] = []
    with TemporaryDirectory(prefix="wahelp-bench-") as home:
        for name in chosen:
            rows += MEASURES[name](Path(home) / name, say)
    write(rows, RESULTS)
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Airflow's command line, one command after the other in one process.

To import Airflow and to make its API takes ten times as long as the tasks of an example. On each line of the
input is a command: its arguments, what is new in its environment, and a file for what it prints.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence


def main() -> None:
    """Carry out what comes, and answer each command with its exit code."""
    with os.fdopen(os.dup(1), "w") as answers:
        for line in sys.stdin:
            command = json.loads(line)
            _print_to(command["output"])
            os.environ.update(command["env"])
            print(_exit_code(command["arguments"]), file=answers, flush=True)


def _print_to(path: str) -> None:
    output = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    for printed in (1, 2):
        os.dup2(output, printed)
    os.close(output)


def _exit_code(arguments: Sequence[str]) -> int:
    from airflow.__main__ import main as airflow

    sys.argv = ["airflow", *arguments]
    try:
        airflow()  # type: ignore[no-untyped-call]
    except SystemExit as ended:
        return int(ended.code or 0) if not isinstance(ended.code, str) else 1
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    main()

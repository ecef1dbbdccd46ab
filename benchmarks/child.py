"""A measurement in a process of its own, with an Airflow home of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.servers import Channel
from demo.process import Process, stop_all

_CHECK_SECONDS = 0.05


class Child:
    """A process that calls one function of the benchmarks.

    :param home: a directory for its Airflow, its output and its ledger.
    :param channel: what its connections lead to.
    :param function: the module below ``benchmarks``, a dot, and the function.
    :param state: the directory that it shares with others of its host.
    :param arguments: the function's, plain JSON values.
    """

    def __init__(
        self, home: Path, channel: Channel, function: str, *, state: Path | None = None, **arguments: Any
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._result = home / "result.json"
        self._result.unlink(missing_ok=True)
        command = [sys.executable, "-m", "benchmarks.child", function, json.dumps(arguments)]
        self.process = Process(
            function, [*command, str(self._result)], log=home / "log", env=_env(home, channel, state)
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        stop_all([self.process])

    def done(self) -> bool:
        """Return whether it has ended well; raise if it has ended otherwise."""
        return self.process.succeeded()

    def kill(self) -> None:
        """End it at once, with SIGKILL."""
        os.kill(self.process.pid, signal.SIGKILL)
        stop_all([self.process])  # it is gone: this only waits for it

    def answer(self) -> Any:
        """Wait for the end; return what the function returned."""
        while not self.done():
            time.sleep(_CHECK_SECONDS)
        return json.loads(self._result.read_text())


def run(home: Path, channel: Channel, function: str, **arguments: Any) -> Any:
    """Call a function in a process of its own, and return what it returns.

    :param home: see :class:`Child`, as for the others.
    """
    with Child(home, channel, function, **arguments) as child:
        return child.answer()


@contextmanager
def stopwatch() -> Iterator[dict[str, float]]:
    """Measure the seconds, and the seconds of CPU, of what is done here."""
    spent: dict[str, float] = {}
    began, used = time.perf_counter(), _cpu()
    yield spent
    spent.update(seconds=time.perf_counter() - began, cpu=_cpu() - used)


def peak() -> float:
    """Return the most memory that this process has had at a time, in MiB."""
    status = Path("/proc/self/status").read_text()  # getrusage's begins with what the parent had
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _cpu() -> float:
    used = os.times()
    return used.user + used.system


def _env(home: Path, channel: Channel, state: Path | None) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        **channel.connections,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__WAHELP__STATE_DIRECTORY": str(state or home / "state"),
    }


def main(function: str, arguments: str, result: str) -> None:
    """Call a function and keep what it returns.

    :param function: the module below ``benchmarks``, a dot, and the function.
    :param arguments: the function's, as JSON.
    :param result: the file to keep it in.
    """
    module, _, name = function.rpartition(".")
    returned = getattr(import_module(f"benchmarks.{module}"), name)(**json.loads(arguments))
    Path(result).write_text(json.dumps(returned))


if __name__ == "__main__":
    main(*sys.argv[1:])

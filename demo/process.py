"""Child processes that leave nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")

LOG_LINES = 40
POLL_SECONDS = 0.25
STOP_SECONDS = 10.0


class ProcessDiedError(RuntimeError):
    """A process that should be running has ended."""

    def __init__(self, name: str, code: int, log_end: str) -> None:
        super().__init__(f"{name} ended with exit code {code}. The end of its log:\n{log_end}")


class Process:
    """A child in a session of its own, its output in a file that only its owner can read."""

    def __init__(self, name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        log.touch(mode=0o600)
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
                umask=0o077,
            )

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._popen.pid

    def check(self) -> None:
        """Raise ProcessDiedError unless it runs."""
        code = self._popen.poll()
        if code is not None:
            raise ProcessDiedError(self.name, code, self.log_end())

    def succeeded(self) -> bool:
        """Say whether it has ended well; raise ProcessDiedError if it has ended otherwise."""
        if self._popen.poll() == 0:
            return True
        if self._popen.poll() is not None:
            self.check()
        return False

    def log_end(self) -> str:
        """Return the last lines of its output."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])

    def terminate(self) -> None:
        """Ask it to end; it is left to it to end its own children."""
        if self._popen.poll() is None:
            self._popen.terminate()

    def finish(self, deadline: float) -> None:
        """Wait until the deadline, then kill what is left of its session."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(0.0, deadline - time.monotonic()))
        # Airflow gives each task a process group of its own: a group would miss them, the session does not.
        for pid in _session(self._popen.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._popen.wait()


def stop_all(processes: Iterable[Process], grace: float = STOP_SECONDS) -> None:
    """Stop all together: ask, wait once for all of them, kill."""
    running = list(processes)
    for process in running:
        process.terminate()
    deadline = time.monotonic() + grace
    for process in running:
        process.finish(deadline)


def wait_until(probe: Callable[[], T | None], *, timeout: float, what: str, every: float = POLL_SECONDS) -> T:
    """Poll until the probe returns something true, and return it."""
    deadline = time.monotonic() + timeout
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:.0f} s")
        time.sleep(every)


def _session(leader: int) -> list[int]:
    return [pid for pid in psutil.pids() if _session_of(pid) == leader]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:  # gone meanwhile, or not ours to ask about
        return None

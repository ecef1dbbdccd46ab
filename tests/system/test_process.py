"""The processes below the demo: none may be left behind, and none may die unnoticed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from demo.process import Process, ProcessDiedError, stop_all, wait_until

Start = Callable[[str], Process]

# As Airflow does with a task: a child in a process group of its own. It does not end when asked.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setpgid(0, 0)
print(os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def start(tmp_path: Path) -> Start:
    def run(program: str) -> Process:
        return Process("child", [sys.executable, "-c", program], log=tmp_path / "log", env=os.environ)

    return run


def test_whole_families_are_stopped(start: Start) -> None:
    family = start(STUBBORN)
    try:
        wait_until(lambda: len(family.log_end().splitlines()) == 2, timeout=60, what="parent and child")
    finally:
        stop_all([family], grace=0.1)
    for line in family.log_end().splitlines():
        wait_until(partial(_ended, int(line)), timeout=60, what=f"the end of process {line}")


def test_a_death_is_noticed_and_explained(start: Start) -> None:
    process = start("raise SystemExit('out of luck')")

    def notice() -> None:
        process.check()

    with pytest.raises(ProcessDiedError, match=r"exit code 1(.|\n)*out of luck"):
        wait_until(notice, timeout=60, what="an end")
    stop_all([process])


def test_only_the_owner_can_read_the_output(start: Start) -> None:
    process = start("import os; print(oct(os.umask(0)))")
    wait_until(process.succeeded, timeout=60, what="the end")
    stop_all([process])
    assert process.log.stat().st_mode & 0o077 == 0
    assert process.log_end() == "0o77"


def test_waiting_ends_at_the_deadline() -> None:
    with pytest.raises(TimeoutError, match="the moon: not within"):
        wait_until(lambda: False, timeout=0.01, what="the moon")


def _ended(pid: int) -> bool:
    """Whether a process has ended, be it that its parent has not noticed yet."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True

"""A sandbox with two channels, and whatever Airflow gives to callbacks."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_wahelp.notifications import WahelpNotifier, state
from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from airflow_provider_wahelp.storage.directory import shared_directory
from airflow_provider_wahelp.storage.state.directory import DirectoryState

MINUTE = 60.0
SECONDS = 2.0
SLACK = 5.5  # the machine has other work to do
PHONE, OTHER = "+79161112233", "+79162223344"

Context = dict[str, Any]


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    """Run one sandbox for all tests."""
    with Sandbox(SandboxOptions(activation_delay=0)) as sandbox:
        yield sandbox


class Rig:
    """A sandbox, its channels, and what was sent."""

    def __init__(self, sandbox: Sandbox, connect: Callable[..., None]) -> None:
        self.sandbox = sandbox
        self._connect = connect
        state = sandbox._state
        self.project = state.channels.create_project({"name": "Data"})["id"]
        self.channel, self.second = (
            str(state.channels.create(self.project, {"name": kind, "type": kind})["uuid"])
            for kind in ("whatsapp", "telegram")
        )
        self.connect(sandbox.url)

    def connect(self, url: str, conn_id: str = "wahelp_default", **extra: Any) -> None:
        """Define a connection with the project and the first channel as its defaults."""
        known = {"project_id": self.project, "channel_uuid": self.channel, "timeout": 5}
        self._connect(url, conn_id, extra={**known, **extra})

    def texts(self, phone: str = PHONE) -> list[str]:
        """Return what a phone has got."""
        return [line["text"] for line in self.sandbox.conversation(phone)]

    def user(self, phone: str = PHONE) -> int:
        """Return somebody's id in the first channel, where they are added if need be."""
        added = self.sandbox._state.people.add(self.project, self.channel, {"name": "Anna", "phone": phone})
        return int(added["id"])

    @property
    def sends(self) -> list[str]:
        """The paths of the requests that were to send something."""
        return [entry["path"] for entry in self.sandbox.requests if "send_message" in entry["path"]]


@pytest.fixture
def rig(running: Sandbox, connect: Callable[..., None]) -> Rig:
    running.reset()
    return Rig(running, connect)


def of_task(state: str = "failed", **changes: Any) -> Context:
    """Return the context of a task's callback."""
    ti = {
        "dag_id": "shop",
        "run_id": "scheduled__2026-11-22",
        "task_id": "load",
        "map_index": -1,
        "try_number": 1,
        "max_tries": 2,
        "state": state,
        "start_date": datetime(2026, 11, 22, 19, 0, tzinfo=UTC),
        "log_url": "http://airflow.test/dags/shop/log",
    }
    ti.update({name: changes.pop(name) for name in list(changes) if name in ti})
    task_instance = SimpleNamespace(**ti)
    known = {"dag": None, "ti": task_instance, "task_instance": task_instance, "run_id": ti["run_id"]}
    return {**known, "dag_run": SimpleNamespace(clear_number=0), **changes}


def of_run(
    reason: str = "task_failure", run_id: str = "scheduled__2026-11-22", clear_number: int = 0
) -> Context:
    """Return the context of a DAG's callback: it has some task instance of the run in it."""
    return {
        **of_task(run_id=run_id),
        "dag_run": SimpleNamespace(clear_number=clear_number),
        "reason": reason,
    }


class Clock:
    """The host's time, driven."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 19, 5, tzinfo=UTC).timestamp()  # 22:05 in Moscow

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(state, "host_state", lambda: DirectoryState(shared_directory(), clock))
    return clock


def notifier(**changes: Any) -> WahelpNotifier:
    known = {"text": "{{ ti.task_id }} {{ ti.map_index }}", "phone": PHONE, "throttle": 10 * MINUTE}
    return WahelpNotifier(**{**known, **changes})


def fail(count: int, start: int = 0, by: WahelpNotifier | None = None, **changes: Any) -> None:
    for index in range(start, start + count):
        (by or notifier())(of_task(map_index=index, **changes))


def took(call: Callable[[], object]) -> float:
    start = time.monotonic()
    call()
    return time.monotonic() - start


def run_python(code: str) -> None:
    """Run some code in a process of its own."""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

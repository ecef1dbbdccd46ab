"""The demo as somebody in a terminal sees it."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from demo.airflow import let_go
from demo.airflow_api import AirflowApi
from demo.process import wait_until

from .conftest import REPOSITORY

SECONDS = 240
PHONE = "71234567890"


@dataclass
class Demo:
    """The demo in a terminal of its own, and what is to be seen of it.

    :param home: where its files are.
    :param dags: the folder for DAGs of one's own.
    """

    home: Path
    dags: Path
    shown: bytearray = field(default_factory=bytearray)

    def start(self) -> None:
        """Start it, and read along until it has nothing more to say."""
        ours, its = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "demo", "--home", str(self.home), "--dags", str(self.dags)],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        )
        os.close(its)
        self._reader = threading.Thread(target=self._read, args=(ours,), daemon=True)
        self._reader.start()

    def stop(self) -> str:
        """Press Ctrl-C, and return all that was shown."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self._reader.join(10)
        return self.text

    @property
    def text(self) -> str:
        return self.shown.decode(errors="replace").replace("\r\n", "\n")

    def stays(self) -> bool:
        assert self.process.poll() is None, self.text
        return "Ctrl-C stops them" in self.text

    def place(self, name: str) -> str:
        """Return where something is, as it was shown."""
        found = re.search(rf"^  {name} +([^\s:]+(?:://[^\s/]+)?)", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]

    @cached_property
    def airflow(self) -> AirflowApi:
        api = AirflowApi(self.place("Airflow"))
        api.log_in()
        return api

    @cached_property
    def wahelp(self) -> httpx.Client:
        return httpx.Client(base_url=self.place("Sandbox"), trust_env=False)

    def lines(self) -> list[dict[str, Any]]:
        """Return the conversation on the phone."""
        found: list[dict[str, Any]] = self.wahelp.get(f"/sandbox/phones/{PHONE}/conversation").json()
        return found

    def hear(self, words: str, seconds: float = SECONDS) -> None:
        """Wait until a message with these words is on the phone."""
        wait_until(
            lambda: any(words in line["text"] for line in self.lines()), timeout=seconds, what=words, every=1
        )

    def states(self, dag_id: str, run_id: str) -> dict[str, list[str | None]]:
        """Return the states of a run's tasks."""
        found = defaultdict(list)
        tasks = self.airflow.task_instances(dag_id, run_id)
        for task in sorted(tasks, key=lambda each: each.map_index):
            found[task.task_id].append(task.state)
        return found

    def expect(self, dag_id: str, run_id: str, wanted: dict[str, list[str | None]]) -> None:
        """Wait until the tasks of a run are in these states."""
        with suppress(TimeoutError):
            wait_until(lambda: self.states(dag_id, run_id) == wanted, timeout=SECONDS, what=dag_id, every=1)
        assert self.states(dag_id, run_id) == wanted, self._failures(dag_id, run_id)

    def let_go(self, run_id: str, task_id: str) -> None:
        """Wait until a task that asks somebody may be answered."""
        home = self.home / "airflow"
        wait_until(lambda: let_go(home, run_id, task_id), timeout=SECONDS, what="a worker that is through")

    def _failures(self, dag_id: str, run_id: str) -> str:
        failed = [task for task in self.airflow.task_instances(dag_id, run_id) if task.state == "failed"]
        return "\n".join(
            self.airflow.task_log(dag_id, run_id, task.task_id, task.try_number, task.map_index)
            for task in failed
        )

    def _read(self, terminal: int) -> None:
        with suppress(OSError):  # nobody is at its other end any more
            while some := os.read(terminal, 4096):
                self.shown += some
        os.close(terminal)

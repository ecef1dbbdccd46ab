"""A real Airflow: API server, scheduler, DAG processor and triggerer over SQLite."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from demo.airflow_api import FINISHED_RUN, AirflowApi, TaskInstance
from demo.airflow_settings import environment, prepare
from demo.airflow_version import AIRFLOW
from demo.process import STOP_SECONDS, Process, stop_all, wait_until

START_SECONDS = 180
PARSE_SECONDS = 180
COMMAND_SECONDS = 120
OWN_DAGS = "own_dags"
RUN_POLL_SECONDS = 1.0
"""Whoever asks more often keeps the API server from the tasks."""


class Airflow:
    """An Airflow under `home`, from its database to its daemons; it ends with the `with` block.

    `on_poll` is called again and again wherever this waits: raise there to give up. Files in `dags` must be
    readable; what lies in `own_dags` is its owner's, who sees in the UI what is wrong with it. It is served
    under `path`. If its auth manager knows people, it is spoken to as `account`, and `on_migrated` puts them
    into the database, in the environment that it is given.
    """

    def __init__(
        self,
        home: Path,
        dags: Sequence[Path],
        *,
        own_dags: Path | None = None,
        env: Mapping[str, str] | None = None,
        parallelism: int = 4,
        path: str = "",
        account: Mapping[str, str] | None = None,
        on_migrated: Callable[[Mapping[str, str]], None] = lambda env: None,
        on_poll: Callable[[], None] = lambda: None,
    ) -> None:
        self.home = home.resolve()
        self.url = f"http://127.0.0.1:{free_port()}{path}"
        self.api = AirflowApi(self.url)
        self._dags = _named(dags, own_dags)
        self._env = environment(self.home, self.url, self._dags, parallelism, env or {})
        self._account = account
        self._on_migrated = on_migrated
        self._on_poll = on_poll
        self._processes: dict[str, Process] = {}

    def __enter__(self) -> Airflow:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def env(self) -> Mapping[str, str]:
        """Return the environment of its processes, for one more that is to belong to it."""
        return self._env

    def check(self) -> None:
        """Raise if a component has died, or whatever `on_poll` raises."""
        self._on_poll()
        for process in self._processes.values():
            process.check()

    def restart(self, component: str, grace: float = STOP_SECONDS) -> None:
        """Stop one of the components, which has some seconds to end; return once all are well again."""
        stop_all([self._processes.pop(component)], grace)
        self._start_again(component)

    def crash(self, component: str) -> None:
        """Kill one of the components without a word, start it again, and return once all are well."""
        self._processes.pop(component).finish(deadline=0.0)
        self._start_again(component)

    def task_processes(self, name: str = "") -> list[psutil.Process]:
        """Return the processes in which tasks run now: all, or those with this in their title."""
        children = psutil.Process(self._processes["scheduler"].pid).children(recursive=True)
        titles = [(child, _title(child)) for child in children]
        return [child for child, title in titles if AIRFLOW.task.match(title) and name in title]

    def let_go(self, run_id: str, task_id: str) -> int:
        """Return how many workers the scheduler knows to be through with a task, which has ended or waits."""
        return let_go(self.home, run_id, task_id)

    def cli(self, *arguments: str) -> str:
        """Run `airflow ...` in this home and return what it printed."""
        done = subprocess.run(
            [self._program, *arguments],
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"airflow {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def trigger(
        self, dag_id: str, conf: dict[str, Any] | None = None, logical_date: datetime | None = None
    ) -> str:
        """Let a DAG run as soon as it has been parsed, and return the run's id."""
        wait_until(lambda: self._parsed(dag_id), timeout=PARSE_SECONDS, what=f"DAG {dag_id} parsed")
        return self.api.trigger(dag_id, conf, logical_date)

    def wait_for_run(
        self,
        dag_id: str,
        run_id: str,
        timeout: float,
        on_task: Callable[[TaskInstance], None] = lambda task: None,
    ) -> str:
        """Wait for the end of a run and return its state; `on_task` hears of each task that finishes."""
        told: set[tuple[str, int]] = set()

        def final_state() -> str | None:
            self.check()
            state = self.api.dag_run(dag_id, run_id)  # before the tasks: else a last task could go untold
            for task in self.api.task_instances(dag_id, run_id):
                if task.finished and (task.task_id, task.map_index) not in told:
                    told.add((task.task_id, task.map_index))
                    on_task(task)
            return state if state in FINISHED_RUN else None

        return wait_until(
            final_state, timeout=timeout, what=f"the end of run {run_id}", every=RUN_POLL_SECONDS
        )

    @property
    def _program(self) -> str:
        program = shutil.which("airflow", path=self._env["PATH"])
        if not program:
            raise FileNotFoundError("there is no program `airflow` beside this Python")
        return program

    def _start(self) -> None:
        prepare(self.home, self._dags)
        self._migrate()
        self._on_migrated(self._env)
        for name, command in AIRFLOW.components.items():
            self._processes[name] = self._launch(*command)
        wait_until(self._ready, timeout=START_SECONDS, what="a healthy Airflow")
        self.api.log_in(self._account)

    def _start_again(self, component: str) -> None:
        self._processes[component] = self._launch(*AIRFLOW.components[component])
        wait_until(self._ready, timeout=START_SECONDS, what="a healthy Airflow")

    def _migrate(self) -> None:
        migration = self._launch("db", "migrate")
        try:
            wait_until(lambda: self._migrated(migration), timeout=START_SECONDS, what="airflow db migrate")
        finally:
            stop_all([migration])

    def _migrated(self, migration: Process) -> bool:
        self._on_poll()
        return migration.succeeded()

    def _launch(self, name: str, *options: str) -> Process:
        command = [self._program, name, *options]
        return Process(f"airflow {name}", command, log=self.home / f"{name}.log", env=self._env)

    def _ready(self) -> bool:
        self.check()
        return self.api.healthy()

    def _parsed(self, dag_id: str) -> bool:
        self.check()
        if self.api.has_dag(dag_id):
            return True
        errors = self.api.import_errors(but_in=OWN_DAGS)
        if errors:
            raise RuntimeError("Airflow could not read a DAG file:\n" + "\n".join(errors))
        return False

    def _stop(self) -> None:
        self.api.close()  # first: the API server waits for its clients
        stop_all(self._processes.values())
        self._processes.clear()


def _named(folders: Sequence[Path], own: Path | None) -> dict[str, Path]:
    """Give folders names. Not their own: Airflow reserves "example_dags"."""
    named = {f"dags-{number}": folder.resolve() for number, folder in enumerate(folders)}
    return {**named, OWN_DAGS: own.resolve()} if own else named


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # gone meanwhile
        return ""


def let_go(home: Path, run_id: str, task_id: str) -> int:
    """Return how many workers the scheduler knows to be through with a task, which has ended or waits.

    What goes on before that Airflow may fail: it takes the end of the first half for that of the second.
    """
    heard = f"event with state success for task instance .*task_id='{task_id}', run_id='{run_id}'"
    return len(re.findall(heard, (home / "scheduler.log").read_text(errors="replace")))


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

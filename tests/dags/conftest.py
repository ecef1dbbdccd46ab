"""An Airflow without daemons, to run example DAGs in."""

from __future__ import annotations

import itertools
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "example_dags"
SECONDS = 180

RunDag = Callable[..., str]

collect_ignore = ["example_project"]  # it has an Airflow of its own: test_example_project.py runs it


class Airflow:
    """An Airflow without daemons, in a process of its own.

    :param home: where its files are.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._commands = itertools.count(1)
        settings = {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__FERNET_KEY": "",
            "AIRFLOW__WAHELP__STATE_DIRECTORY": str(home / "wahelp"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.dags.commands"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, **env: str) -> str:
        """Run ``airflow ...`` and return what it printed."""
        assert self._process.stdin
        assert self._process.stdout
        output = self._home / f"command-{next(self._commands)}.log"
        command = {"arguments": arguments, "env": env, "output": str(output)}
        print(json.dumps(command), file=self._process.stdin, flush=True)
        answered, _, _ = select.select([self._process.stdout], [], [], SECONDS)
        code = self._process.stdout.readline() if answered else "none"
        said = output.read_text(errors="replace") if output.exists() else ""
        assert code.strip() == "0", said
        return said

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Run an Airflow that has a database."""
    running = Airflow(tmp_path_factory.mktemp("airflow"))
    try:
        running("db", "migrate")
        yield running
    finally:
        running.stop()


@pytest.fixture
def run_dag(airflow: Airflow) -> RunDag:
    """Return a function that runs an example DAG to its end, a good one, and returns its logs."""

    def run(dag_id: str, params: dict[str, Any], **env: str) -> str:
        return airflow("dags", "test", dag_id, "--conf", json.dumps(params), **env)

    return run

"""An Airflow without daemons, to run example DAGs in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "example_dags"
SECONDS = 180

RunDag = Callable[..., str]

collect_ignore = ["example_project"]  # it has an Airflow of its own: test_example_project.py runs it


def airflow(home: Path, *arguments: str, **env: str) -> str:
    """Run ``airflow ...`` and return what it printed."""
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__WAHELP__STATE_DIRECTORY": str(home / "wahelp"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *arguments],
        env={**os.environ, **settings, **env},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of an Airflow that has a database."""
    home = tmp_path_factory.mktemp("airflow")
    airflow(home, "db", "migrate")
    return home


@pytest.fixture
def run_dag(home: Path) -> RunDag:
    """Return a function that runs an example DAG to its end, a good one, and returns its logs."""

    def run(dag_id: str, params: dict[str, Any], **env: str) -> str:
        return airflow(home, "dags", "test", dag_id, "--conf", json.dumps(params), **env)

    return run

"""What the plugin brings into which of Airflow's processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from airflow_provider_wahelp.receiver.plugin import is_one_of, listeners

_DAG = """
from datetime import datetime
from airflow.providers.common.compat.sdk import DAG
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync

with DAG("waits", schedule=None, start_date=datetime(2026, 1, 1)):
    DateTimeSensorAsync(task_id="wait", target_time="{{ now }}", end_from_trigger=True)
"""
_PARSE = """
import sys
folder = sys.argv.pop()
sys.argv[:] = "airflow", "dag-processor"
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # before Airflow 3.2
    from airflow.models import DagBag
bag = DagBag(folder)
assert list(bag.dags) == ["waits"], bag.import_errors
"""


@pytest.mark.parametrize("command", ["dag-processor", "scheduler", "celery", "tasks", "api-server", "dags"])
def test_a_process_that_may_parse_dags_has_no_listener(command: str) -> None:
    assert listeners(["/opt/bin/airflow", command]) == []


@pytest.mark.parametrize(
    ("command", "expected"), [("triggerer", ["cursor_listener"]), ("dag-processor", ["broken_dags"])]
)
def test_a_process_has_the_listener_that_it_needs(
    command: str, expected: list[str], alerts_for_all: str
) -> None:
    found = [cast("ModuleType", listener).__name__ for listener in listeners(["airflow", command])]
    assert [name.rpartition(".")[2] for name in found] == expected


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["/opt/bin/airflow", "api-server", "--port", "80"], True),
        (["/opt/bin/uvicorn", "airflow.api_fastapi.main:app"], True),
        (["/opt/bin/airflow", "scheduler"], False),
        ([], False),
    ],
)
def test_a_process_is_told_by_its_command(argv: list[str], expected: bool) -> None:
    assert is_one_of(frozenset({"api-server", "uvicorn"}), argv) is expected


@pytest.mark.parametrize("alert_to", ["", "+79161112233"])
def test_a_dag_with_a_sensor_that_ends_from_its_trigger_is_parsed(tmp_path: Path, alert_to: str) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/waits.py").write_text(_DAG)
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__WAHELP__ALERT_TO": alert_to,
    }
    command = [sys.executable, "-c", _PARSE, str(tmp_path / "dags")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]

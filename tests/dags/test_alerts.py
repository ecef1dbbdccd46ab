"""The example DAGs of alerts, run by Airflow against the sandbox."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox

from .conftest import RunDag
from .test_mailings import texts, wahelp

PHONE = "+71234567890"


@pytest.fixture
def place(wahelp_sandbox: Sandbox, connect: Any) -> dict[str, Any]:
    """Return the defaults of a connection: a project and an active channel."""
    connect(wahelp_sandbox.url)
    with WahelpHook() as hook:
        project = hook.create_project("Data").id
        channel = str(hook.create_channel("Alerts", project_id=project).uuid)
    wahelp_sandbox.scan(channel)
    return {"project_id": project, "channel_uuid": channel}


def test_a_run_with_two_failures_is_an_alert_and_a_summary(
    wahelp_sandbox: Sandbox, place: dict[str, Any], run_dag: RunDag
) -> None:
    run_dag("wahelp_alerts", {}, state="failed", AIRFLOW_CONN_WAHELP_DEFAULT=wahelp(wahelp_sandbox, **place))
    alert, summary = texts(wahelp_sandbox, PHONE)
    assert alert.startswith("Failed: wahelp_alerts, task load [")
    assert "\nValueError: no rows\n" in alert
    assert summary.startswith("Failed: wahelp_alerts\n")
    assert "held back in this run since " in summary
    assert summary.endswith(": load failed (1)")


def test_bad_rows_are_told_of_with_a_link(
    wahelp_sandbox: Sandbox, place: dict[str, Any], run_dag: RunDag, tmp_path: Path
) -> None:
    run_dag(
        "wahelp_data_quality",
        {"directory": str(tmp_path / "quality")},
        AIRFLOW_CONN_WAHELP_DEFAULT=wahelp(wahelp_sandbox, **place),
    )
    assert texts(wahelp_sandbox, PHONE) == ["2 of 3 orders are bad: https://files.example.com/bad.csv"]
    with (tmp_path / "quality" / "bad.csv").open(encoding="utf-8") as file:
        assert [row["order"] for row in csv.DictReader(file)] == ["2", "3"]

"""Mailings that hold themselves: one asks on the phone whether it goes on, one waits to be cleared."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow import __version__
from airflow.providers.common.compat.sdk import DAG
from packaging.version import Version

from airflow_provider_wahelp.operators import SendMessagesOperator

PARAMS: dict[str, Any] = {"project_id": 0, "channel_uuid": "", "people": [], "author": ""}
MAILING: dict[str, Any] = {
    "wahelp_conn_id": "wahelp_unreliable",
    "project_id": "{{ params.project_id }}",
    "channel_uuid": "{{ params.channel_uuid }}",
    "recipients": "{{ params.people | tojson }}",
    "pace": None,
    "concurrency": 1,  # the first one first
    "stop_after_complaints": 1,
    "poll_interval": 2,
    "retries": 9,
    "retry_delay": timedelta(seconds=1),
}
if Version(__version__) < Version("3.3"):  # Airflow keeps no state of a task
    MAILING["ledger_path"] = f"file://{os.environ['AIRFLOW_HOME']}/ledger"

with DAG(dag_id="wahelp_held", schedule=None, params=PARAMS):
    SendMessagesOperator(task_id="asks", text="Spring sale", complaints_to="{{ params.author }}", **MAILING)
    SendMessagesOperator(task_id="fails", text="Summer sale", **MAILING)

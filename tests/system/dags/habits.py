"""Sends and a mailing at once, through a service of which a test draws the habits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.operators import SendMessageOperator, SendMessagesOperator

ACCOUNT: dict[str, Any] = {
    "wahelp_conn_id": "wahelp_impatient",
    "project_id": "{{ params.project_id }}",
    "channel_uuid": "{{ params.channel_uuid }}",
}
PATIENT: dict[str, Any] = {"retries": 8, "retry_delay": timedelta(seconds=1)}
PARAMS: dict[str, Any] = {"project_id": 0, "channel_uuid": "", "people": [], "rows": [], "report_path": ""}


with DAG(dag_id="wahelp_habits", schedule=None, params=PARAMS):

    @task(show_return_value_in_logs=False, **PATIENT)
    def listed(name: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return who gets what."""
        return list((params or {})[name])

    SendMessageOperator.partial(task_id="send", **ACCOUNT, **PATIENT).expand_kwargs(listed("people"))
    SendMessagesOperator(
        task_id="mail",
        recipients=listed("rows"),
        text="{{ row.text }}",
        key="user_id",
        stop_words=False,
        pace=None,
        daily_cap=None,
        concurrency=2,
        max_failures=1000,
        report_path="{{ params.report_path }}",
        **ACCOUNT,
        **PATIENT,
    )

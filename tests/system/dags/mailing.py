"""Mailings: one that is killed again and again, one that meets with the night, one that falls back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.operators import SendMessagesOperator

MAILING: dict[str, Any] = {
    "task_id": "send",
    "wahelp_conn_id": "wahelp_unreliable",
    "project_id": "{{ params.project_id }}",
    "channel_uuid": "{{ params.channel_uuid }}",
    "text": "{{ row.name }}, your parcel is here",
    "pace": None,
    "daily_cap": None,
    "concurrency": 4,
    "retries": 10,
    "retry_delay": timedelta(seconds=1),
}
PARAMS: dict[str, Any] = {"project_id": 0, "channel_uuid": "", "people": [], "quiet_hours": ""}


with DAG(dag_id="wahelp_mailing", schedule=None, params=PARAMS):

    @task(show_return_value_in_logs=False)
    def people(params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return who is written to."""
        return list((params or {})["people"])

    SendMessagesOperator(recipients=people(), **MAILING)


with DAG(dag_id="wahelp_mailing_at_night", schedule=None, params=PARAMS):
    SendMessagesOperator(
        recipients="{{ params.people | tojson }}", quiet_hours="{{ params.quiet_hours }}", **MAILING
    )


with DAG(dag_id="wahelp_mailing_waits", schedule=None, params={**PARAMS, "second": ""}):
    SendMessagesOperator(
        recipients="{{ params.people | tojson }}",
        wait_for="delivered",
        wait_timeout=timedelta(minutes=3),
        poll_interval=2,
        fallback=["{{ params.second }}"],
        fallback_after=timedelta(minutes=2),
        **MAILING,
    )

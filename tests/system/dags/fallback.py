"""A send that waits in the triggerer, and falls back to a second channel."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_wahelp.operators import SendMessageOperator

with DAG(
    dag_id="wahelp_fallback",
    schedule=None,
    params={"project_id": 0, "channel_uuid": "", "second": "", "phone": "", "text": ""},
) as dag:
    SendMessageOperator(
        task_id="send",
        wahelp_conn_id="wahelp_unreliable",
        project_id="{{ params.project_id }}",
        channel_uuid="{{ params.channel_uuid }}",
        phone="{{ params.phone }}",
        text="{{ params.text }}",
        wait_for="delivered",
        wait_timeout=timedelta(minutes=3),
        poll_interval=2,
        fallback=["{{ params.second }}"],
        fallback_after=timedelta(seconds=15),
        remember_in="wahelp_worked",
        deferrable=True,
        retries=1,
        retry_delay=timedelta(seconds=1),
    )

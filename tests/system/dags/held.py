"""A mailing that holds itself, and asks on the phone whether it goes on."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_wahelp.operators import SendMessagesOperator

with DAG(
    dag_id="wahelp_held",
    schedule=None,
    params={"project_id": 0, "channel_uuid": "", "people": [], "author": ""},
    render_template_as_native_obj=True,
) as dag:
    SendMessagesOperator(
        task_id="send",
        wahelp_conn_id="wahelp_unreliable",
        project_id="{{ params.project_id }}",
        channel_uuid="{{ params.channel_uuid }}",
        recipients="{{ params.people }}",
        text="Spring sale",
        stop_after_complaints=1,
        complaints_to="{{ params.author }}",
        poll_interval=2,
        retries=9,
        retry_delay=timedelta(seconds=1),
    )

"""Waits for messages in Airflow's triggerer: a DAG with one that ends well, and one that does not."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_wahelp.sensors import MessageStatusSensor

with DAG(
    dag_id="wahelp_status", schedule=None, params={"project_id": 0, "channel_uuid": "", "messages": [0, 0]}
):
    for number, name in enumerate(("delivered", "failed")):
        MessageStatusSensor(
            task_id=name,
            project_id="{{ params.project_id }}",
            channel_uuid="{{ params.channel_uuid }}",
            message_id=f"{{{{ params.messages[{number}] }}}}",
            wahelp_conn_id="wahelp_unreliable",
            deferrable=True,
            poke_interval=2,
            timeout=timedelta(minutes=5),
            retries=3,
        )

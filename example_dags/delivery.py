"""A message that has to arrive, through another channel if need be, and whether it was read.

No worker waits meanwhile: ``deferrable`` tasks wait in the triggerer, which reads one page of history for all
messages of a channel. Project and first channel are the connection's defaults; without another channel the
message goes through that one alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

# On Airflow 3 this is the same as "from airflow.sdk import DAG, Param, task".
from airflow.providers.common.compat.sdk import DAG, Param, task

from airflow_provider_wahelp.operators import SendMessageOperator
from airflow_provider_wahelp.sensors import MessageStatusSensor

with DAG(
    dag_id="wahelp_delivery",
    description="Send a message, see it delivered, and wait until it was read",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},  # what was sent is not sent again
    params={
        "phone": Param("+71234567890", type="string", description="with the country code"),
        "text": Param("Your order is ready.", type="string", minLength=1),
        "other_channel": Param(None, type=["null", "string"], description="its uuid; empty: none"),
    },
    tags=["wahelp", "example"],
) as dag:
    send = SendMessageOperator(
        task_id="send",
        phone="{{ params.phone }}",
        text="{{ params.text }}",
        wait_for="delivered",
        wait_timeout=timedelta(hours=6),
        fallback="{{ params.other_channel or '' }}",
        fallback_after=timedelta(minutes=10),
        remember_in="wahelp_channels",
        deferrable=True,
    )

    read = MessageStatusSensor(
        task_id="read",
        message_id=send.output["id"],
        channel_uuid=send.output["channel_uuid"],
        status="read",
        deferrable=True,
        timeout=timedelta(minutes=30),
        soft_fail=True,
    )

    @task(trigger_rule="none_failed")
    def report(message: dict[str, Any] | None) -> str:
        """Say what became of it."""
        return "It was read." if message else "Nobody has read it: call them."

    report(read.output)

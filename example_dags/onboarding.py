"""From nothing to a message on a phone: project, channel, authorization, user, message, webhook, history.

Start it with your own phone number. A second run finds what the first one made, and sends once more.
Credentials come from the Airflow connection ``wahelp_default``.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

# On Airflow 3 this is the same as "from airflow.sdk import DAG, Param, chain, task".
from airflow.providers.common.compat.sdk import DAG, Param, chain, task

from airflow_provider_wahelp.operators import (
    CreateChannelOperator,
    CreateProjectOperator,
    CreateUserOperator,
    GetMessagesOperator,
    SendMessageOperator,
    SetWebhookOperator,
)
from airflow_provider_wahelp.sensors import ChannelActiveSensor

with DAG(
    dag_id="wahelp_onboarding",
    description="From nothing to a message on a phone",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    params={
        "project": Param("Shop", type="string", minLength=1),
        "channel": Param("Support", type="string", minLength=1),
        "name": Param("Anna Example", type="string", minLength=1),
        "phone": Param("+71234567890", type="string", description="with the country code"),
        "text": Param("Hello from Airflow!", type="string", minLength=1),
        "webhook_url": Param("https://airflow.example/wahelp", type="string", format="uri"),
    },
    tags=["wahelp", "example"],
) as dag:
    project = CreateProjectOperator(task_id="project", name="{{ params.project }}")

    channel = CreateChannelOperator(
        task_id="channel",
        project_id=project.output["id"],
        name="{{ params.channel }}",
        channel_type="whatsapp",
    )

    # Somebody scans the QR code that the task's log shows.
    wait = ChannelActiveSensor(
        task_id="wait",
        project_id=project.output["id"],
        channel_uuid=channel.output["uuid"],
        poke_interval=2,
        timeout=timedelta(hours=1),
    )

    user = CreateUserOperator(
        task_id="user",
        project_id=project.output["id"],
        channel_uuid=channel.output["uuid"],
        name="{{ params.name }}",
        phone="{{ params.phone }}",
    )

    send = SendMessageOperator(
        task_id="send",
        project_id=project.output["id"],
        channel_uuid=channel.output["uuid"],
        user_id=user.output["id"],
        text="{{ params.text }}",
    )

    webhook = SetWebhookOperator(
        task_id="webhook",
        project_id=project.output["id"],
        url="{{ params.webhook_url }}",
    )

    history = GetMessagesOperator(
        task_id="history",
        project_id=project.output["id"],
        channel_uuid=channel.output["uuid"],
        limit=20,
    )

    @task
    def summary(messages: list[dict[str, Any]]) -> dict[str, int]:
        """Count the messages by direction and status."""
        return dict(Counter(f"{message['direction']} {message['status']}" for message in messages))

    chain(project, channel, wait, user, send, webhook, history)
    summary(history.output)

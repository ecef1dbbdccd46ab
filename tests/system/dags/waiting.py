"""Waits in the triggerer: a hundred at once, and one that no worker ever begins."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.sensors import ChannelActiveSensor

INTERVAL = 5
CHANNEL = Path(os.environ["AIRFLOW_HOME"], "channel.json")
COMMON: dict[str, Any] = {
    "wahelp_conn_id": "wahelp_unreliable",
    "deferrable": True,
    "poke_interval": INTERVAL,
    "timeout": timedelta(minutes=15),
}

with DAG(
    dag_id="wahelp_waiting", schedule=None, params={"project_id": 0, "channel_uuid": "", "count": 0}
) as dag:

    @task
    def channels(params: dict[str, Any] | None = None) -> list[str]:
        """Return the channel once for each wait."""
        found = params or {}
        return [found["channel_uuid"]] * found["count"]

    ChannelActiveSensor.partial(task_id="wait", project_id="{{ params.project_id }}", **COMMON).expand(
        channel_uuid=channels()
    )

if CHANNEL.exists():  # literals must be known by now
    with DAG(dag_id="wahelp_from_trigger", schedule=None):
        ChannelActiveSensor(
            task_id="wait", start_from_trigger=True, **COMMON, **json.loads(CHANNEL.read_text())
        )

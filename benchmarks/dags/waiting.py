"""A DAG of waits in Airflow's triggerer: ours for channels, Airflow's own for files, as many as wanted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.sensors import ChannelActiveSensor

try:
    from airflow.providers.standard.sensors.filesystem import FileSensor
except ImportError:  # Airflow 2
    from airflow.sensors.filesystem import FileSensor

INTERVAL = 2.0
COMMON: dict[str, Any] = {
    "deferrable": True,
    "poke_interval": INTERVAL,
    "timeout": timedelta(minutes=15),
}
PARAMS: dict[str, Any] = {"wahelp_conn_id": "", "project_id": 0, "channels": [], "files": []}

with DAG(dag_id="wahelp_waiting", schedule=None, params=PARAMS) as dag:

    @task
    def awaited(what: str, params: dict[str, Any] | None = None) -> list[str]:
        """Return what is waited for."""
        return list((params or {})[what])

    ChannelActiveSensor.partial(
        task_id="wait",
        wahelp_conn_id="{{ params.wahelp_conn_id }}",
        project_id="{{ params.project_id }}",
        **COMMON,
    ).expand(channel_uuid=awaited.override(task_id="channels")("channels"))

    FileSensor.partial(task_id="peer", **COMMON).expand(filepath=awaited.override(task_id="files")("files"))

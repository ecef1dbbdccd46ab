"""A DAG that uses whatever connection it is told to, as somebody has saved it."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import BaseHook, Param, dag, task

from airflow_provider_wahelp.operators import SendMessageOperator

PARAMS = ("conn_id", "phone", "text", "project_id", "channel_uuid")


@dag(
    dag_id="saved_connection",
    schedule=None,
    params={name: Param("", type="string") for name in PARAMS},
)
def saved_connection() -> None:
    """Look at the connection, then send with it."""

    @task
    def saved(conn_id: str) -> dict[str, Any]:
        """Return what has been saved in extra, but for the secret."""
        extra = BaseHook.get_connection(conn_id).extra_dejson
        return {name: value for name, value in extra.items() if name != "access_token"}

    send = SendMessageOperator(
        task_id="send",
        wahelp_conn_id="{{ params.conn_id }}",
        phone="{{ params.phone }}",
        text="{{ params.text }}",
        project_id="{{ params.project_id }}",
        channel_uuid="{{ params.channel_uuid }}",
    )
    saved("{{ params.conn_id }}") >> send


saved_connection()

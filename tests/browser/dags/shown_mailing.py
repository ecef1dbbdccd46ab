"""A mailing that is looked at while it runs."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import Param, dag

from airflow_provider_wahelp.operators import SendMessagesOperator

PARAMS = ("conn_id", "project_id", "channel_uuid", "report")


@dag(
    dag_id="shown_mailing",
    schedule=None,
    params={name: Param("", type="string") for name in PARAMS},
)
def shown_mailing() -> None:
    """Write to two hundred people in half a minute, of two hundred and eight that are named."""
    people: list[dict[str, str]] = [
        {"phone": f"+7916100{number:04}", "name": "Anna"} for number in range(205)
    ]
    SendMessagesOperator(
        task_id="mail",
        wahelp_conn_id="{{ params.conn_id }}",
        recipients=[*people, *[{"name": "Anna"}] * 3],
        suppress=people[-5:],
        text="Hello, {{ row.name }}",
        pace=400,
        project_id="{{ params.project_id }}",
        channel_uuid="{{ params.channel_uuid }}",
        report_path="{{ params.report }}",
    )


shown_mailing()

"""Many sends at once, from tasks that know nothing of one another."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.operators import SendMessageOperator

with DAG(
    dag_id="wahelp_mapped", schedule=None, params={"project_id": 0, "channel_uuid": "", "count": 0}
) as dag:

    @task
    def phones(params: dict[str, int] | None = None) -> list[str]:
        """Return the numbers to write to."""
        return [f"+7900{number:07}" for number in range((params or {})["count"])]

    SendMessageOperator.partial(
        task_id="send",
        wahelp_conn_id="wahelp_crowd",
        project_id="{{ params.project_id }}",
        channel_uuid="{{ params.channel_uuid }}",
        text="One of many",
        daily_cap=None,
    ).expand(phone=phones())

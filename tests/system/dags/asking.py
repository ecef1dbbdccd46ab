"""A question that waits in Airflow's triggerer, and takes a branch by the answer."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.operators import AskOperator

with DAG(
    dag_id="wahelp_asking", schedule=None, params={"project_id": 0, "channel_uuid": "", "phone": ""}
) as dag:
    ask = AskOperator(
        task_id="ask",
        wahelp_conn_id="wahelp_unreliable",
        project_id="{{ params.project_id }}",
        channel_uuid="{{ params.channel_uuid }}",
        phone="{{ params.phone }}",
        question="Will you come?",
        answers={"yes": ["I come"], "no": []},
        branches={"yes": "book", "no": "cancel"},
        wait_timeout=timedelta(minutes=5),
        poll_interval=2,
        deferrable=True,
        retries=3,
        retry_delay=timedelta(seconds=1),
    )

    @task
    def book(params: dict[str, str] | None = None) -> str:
        """Note that somebody comes."""
        return "booked"

    @task
    def cancel() -> str:
        """Note that nobody comes."""
        return "cancelled"

    ask >> [book(), cancel()]

"""A mailing to as many as wanted, as fast as it goes, whose page is looked at."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_wahelp.operators import SendMessagesOperator

with DAG(dag_id="mailing", schedule=None, params={"rows": "", "report": ""}) as dag:
    SendMessagesOperator(
        task_id="mail",
        recipients="{{ params.rows }}",
        text="Dear {{ row.name }}, order {{ row.number }} is ready.",
        pace=None,
        daily_cap=None,
        concurrency=32,
        report_path="{{ params.report }}",
    )

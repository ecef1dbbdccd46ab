"""Every morning, a few lines to somebody's phone. Project and channel are the connection's defaults."""

from __future__ import annotations

from datetime import datetime, timedelta

# On Airflow 3 this is the same as "from airflow.sdk import dag, task".
from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_wahelp.operators import SendMessageOperator


@dag(
    dag_id="wahelp_daily_note",
    schedule="0 9 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    tags=["wahelp", "example"],
)
def daily_note() -> None:
    """Write the note, then send it."""

    @task(show_return_value_in_logs=False)  # the text is nobody else's business
    def write() -> str:
        """Put yesterday into words."""
        return "Yesterday: 42 orders, 3 returns."

    SendMessageOperator(
        task_id="send",
        phone="+71234567890",
        name="Anna Example",
        text=write(),
    )


daily_note()

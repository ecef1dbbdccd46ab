"""Tell a customer that an order is ready, and the shop if the message does not arrive."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import dag

from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.operators import SendMessageOperator


@dag(schedule=None, start_date=datetime(2026, 1, 1), params={"phone": "+79161234567", "order": 42})
def order_ready() -> None:
    SendMessageOperator(
        task_id="tell",
        phone="{{ params.phone }}",
        text="Order {{ params.order }} is ready.",
        wait_for="delivered",
        wait_timeout=timedelta(hours=6),
        deferrable=True,
        retries=2,
        retry_delay=timedelta(minutes=5),
        on_failure_callback=WahelpNotifier(to=["+74951234567"], text="Please call {{ params.phone }}."),
    )


the_dag = order_ready()

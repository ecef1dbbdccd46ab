"""Two failures: the first is told at once, the second when the run has ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_wahelp.notifications import WahelpNotifier

SHOP, BOSS = "+74951234567", "+74957654321"
alert = WahelpNotifier(to=[SHOP], throttle=timedelta(minutes=10))


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1),
    default_args={"on_failure_callback": alert},
    on_failure_callback=[alert, WahelpNotifier(phone=BOSS, text="{{ dag.dag_id }}: {{ reason }}, {{ ds }}")],
)
def alerts() -> None:
    @task
    def fail(number: int) -> None:
        raise ValueError(number)

    fail.expand(number=[1, 2])


the_dag = alerts()

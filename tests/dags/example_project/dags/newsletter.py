"""Write to all customers, once the channel is active, and hardly ever at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import dag

from airflow_provider_wahelp.operators import SendMessagesOperator
from airflow_provider_wahelp.sensors import ChannelActiveSensor

CUSTOMERS = [{"name": f"Customer {number}", "phone": f"+7916123450{number}"} for number in range(5)]


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def newsletter() -> None:
    wait = ChannelActiveSensor(task_id="wait", deferrable=True, timeout=timedelta(days=1))
    mail = SendMessagesOperator(
        task_id="mail",
        recipients=CUSTOMERS,
        text="{{ row.name }}, our spring catalogue is here.",
        quiet_hours="22:00-21:59",
        wait_for="delivered",
    )
    wait >> mail


the_dag = newsletter()

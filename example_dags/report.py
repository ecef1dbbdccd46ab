"""Every morning, a report as a file to somebody's phone. Wahelp has not confirmed how: docs/files.md.

Project and channel are the connection's defaults.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta

# On Airflow 3 this is the same as "from airflow.sdk import ObjectStoragePath, dag, task".
from airflow.providers.common.compat.sdk import ObjectStoragePath, dag, task

from airflow_provider_wahelp.operators import SendFileOperator


@dag(
    dag_id="wahelp_report",
    schedule="0 9 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={"reports": "file:///tmp/wahelp-reports"},
    tags=["wahelp", "example"],
)
def report() -> None:
    """Write the report, then send it."""

    @task
    def write(path: str) -> str:
        """Write yesterday's numbers to a file, and return its path."""
        target = ObjectStoragePath(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w") as file:
            csv.writer(file).writerows([["orders", "returns"], [42, 3]])
        return path

    SendFileOperator(
        task_id="send",
        phone="+71234567890",
        name="Anna Example",
        file=write("{{ params.reports }}/orders-{{ run_id }}.csv"),
        caption="Yesterday: 42 orders, 3 returns.",
    )


report()

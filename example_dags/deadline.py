"""A report that has to be there in time, and somebody who hears of it if it is not.

The time is counted from the run's logical date: a run that has begun late is late too, and so is one that you
start with a logical date of an hour ago, to see the alert.

The person is named as a user of the channel, not by phone: Airflow keeps what it calls at a deadline in its
database. Project and channel are the connection's defaults.

Deadlines need Airflow 3.1; below, the DAG has none.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

# On Airflow 3 this is the same as "from airflow.sdk import DAG, task".
from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.notifications import WahelpNotifier

try:
    from airflow.sdk.definitions.deadline import AsyncCallback, DeadlineAlert, DeadlineReference
except ImportError:
    in_time: dict[str, Any] = {}
else:
    in_time = {
        "deadline": DeadlineAlert(
            reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
            interval=timedelta(minutes=30),
            # The id is what the task `user` of onboarding.py has returned.
            callback=AsyncCallback(WahelpNotifier, kwargs={"user_id": 301}),
        )
    }

with DAG(
    dag_id="wahelp_deadline",
    description="Write a report, and tell somebody if it is not there after half an hour",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    tags=["wahelp", "example"],
    **in_time,
) as dag:

    @task
    def report() -> str:
        """Write the report."""
        return "All is well."

    report()

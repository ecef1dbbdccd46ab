"""A DAG without a notifier that fails in all the ways that a DAG can."""

from __future__ import annotations

import os
import signal
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, task

try:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
except ImportError:  # Airflow 2
    from airflow.operators.empty import EmptyOperator  # type: ignore[no-redef]
    from airflow.sensors.date_time import DateTimeSensorAsync  # type: ignore[no-redef]

START = datetime(2026, 1, 1)

with DAG("night", schedule=None, start_date=START, params={"well": False}):

    @task
    def load(**context: dict[str, bool]) -> None:
        """Fail, unless all is well."""
        if not context["params"]["well"]:
            raise ValueError("no rows in orders")

    @task
    def killed(**context: dict[str, bool]) -> None:
        """Be killed, unless all is well."""
        if not context["params"]["well"]:
            os.kill(os.getpid(), signal.SIGKILL)

    @task
    def each(number: int, **context: dict[str, bool]) -> None:
        """Fail, unless all is well."""
        if not context["params"]["well"]:
            raise ValueError(number)

    load()
    killed()
    each.expand(number=list(range(4)))

with DAG("slow", schedule=None, start_date=START, dagrun_timeout=timedelta(seconds=1)):
    DateTimeSensorAsync(task_id="wait", target_time="2100-01-01T00:00:00+00:00", end_from_trigger=True)
    EmptyOperator(task_id="join")

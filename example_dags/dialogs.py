"""Every hour, what was written in the hour before, exported to object storage: each message is in one file.

A run reads its own span of the history, so a retry, a cleared run and a backfill write the same file again.
The span ends ten minutes before the run begins, as a message may show up late. Where the history does not
reach back so far, the task fails. A run that you trigger needs a logical date. Project and channel are the
connection's defaults.
"""

from __future__ import annotations

from datetime import datetime, timedelta

# On Airflow 3 this is the same as "from airflow.sdk import DAG".
from airflow.providers.common.compat.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_wahelp.operators import GetMessagesOperator

with DAG(
    dag_id="wahelp_dialogs",
    description="Export what was written in a channel, hour by hour",
    doc_md=__doc__,
    # "@hourly" gives a run of Airflow 3 no span.
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 5, "retry_delay": timedelta(minutes=5)},
    params={"directory": "file:///tmp/wahelp-dialogs"},  # or "s3://aws_default@bucket/dialogs"
    tags=["wahelp", "example"],
) as dag:
    GetMessagesOperator(
        task_id="export",
        since="{{ data_interval_start - macros.timedelta(minutes=10) }}",
        until="{{ data_interval_end - macros.timedelta(minutes=10) }}",
        output_path="{{ params.directory }}/{{ data_interval_start.strftime('%Y-%m-%d/%H') }}.jsonl",
    )

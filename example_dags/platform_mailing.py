"""A mailing that Wahelp itself sends: create it, start it, wait for its end, and keep what became of it.

No worker waits meanwhile: the task that starts it is deferred. What the fields of a mailing are called is not
known; the sandbox takes a ``text``, and sends it to everybody in the channel. Project and channel are the
connection's defaults.
"""

from __future__ import annotations

from datetime import timedelta

# On Airflow 3 this is the same as "from airflow.sdk import DAG, Param".
from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_wahelp.operators import (
    CreatePlatformMailingOperator,
    ExportPlatformMailingOperator,
    StartPlatformMailingOperator,
)

with DAG(
    dag_id="wahelp_platform_mailing",
    description="Let Wahelp send a mailing, and export what became of it",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},  # what was started is not started again
    params={
        "name": Param(
            "Sunday", type="string", minLength=1, description="of the mailing, before the run's id"
        ),
        "text": Param("We are open on Sunday, too.", type="string", minLength=1),
        "directory": Param("file:///tmp/wahelp-mailings", type="string"),
    },
    tags=["wahelp", "example"],
) as dag:
    create = CreatePlatformMailingOperator(
        task_id="create",
        name="{{ params.name }} {{ run_id }}",
        fields={"text": "{{ params.text }}"},
    )
    start = StartPlatformMailingOperator(
        task_id="start",
        mailing_id=create.output["id"],
        poll_interval=10,
        deferrable=True,
    )
    export = ExportPlatformMailingOperator(
        task_id="export",
        mailing_id=create.output["id"],
        output_path="{{ params.directory }}/{{ run_id }}.csv",
    )
    start >> export

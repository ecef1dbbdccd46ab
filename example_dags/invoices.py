"""A reminder to everybody whose invoice is due tomorrow, from the shop's database. Meant for every morning.

Who has quiet hours, by their own clock, gets it when they end: until then the task is deferred, and its log
says for how long. Empty ``quiet_hours``, and nobody is waited for.

Needs the extra ``sql`` and two connections: ``wahelp_default``, and ``shop_db`` to a database with the tables
``customers``, ``invoices`` and ``unsubscribed``. The demo has both.
"""

from __future__ import annotations

from datetime import datetime, timedelta

# On Airflow 3 this is the same as "from airflow.sdk import DAG, Param".
from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_wahelp.operators import CreateChannelOperator, CreateProjectOperator
from airflow_provider_wahelp.transfers import SqlToWahelpOperator

with DAG(
    dag_id="wahelp_invoices",
    description="Reminders of invoices that are due tomorrow",
    doc_md=__doc__,
    schedule=None,  # "0 9 * * *" is every morning. Airflow then runs the last one, too, when it is unpaused.
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    params={
        "project": Param("Shop", type="string", minLength=1),
        "channel": Param("Support", type="string", minLength=1),
        "quiet_hours": Param("21:00-09:00", type=["null", "string"], description="empty: none"),
        "reports": Param("file:///tmp/wahelp-invoices", type="string"),
    },
    tags=["wahelp", "example"],
) as dag:
    # Both are found by name. Neither is needed where the connection names them.
    project = CreateProjectOperator(task_id="project", name="{{ params.project }}")
    channel = CreateChannelOperator(
        task_id="channel",
        project_id=project.output["id"],
        name="{{ params.channel }}",
        channel_type="whatsapp",
    )

    remind = SqlToWahelpOperator(
        task_id="remind",
        project_id=project.output["id"],
        channel_uuid=channel.output["uuid"],
        sql_conn_id="shop_db",
        sql="""
            SELECT invoices.id AS invoice_id, amount, name, phone
            FROM invoices JOIN customers ON customers.id = customer_id
            WHERE due_on = :due AND NOT paid
        """,
        # The day after the run's, which a retry after midnight does not change. Airflow 2 has no run_after.
        parameters={"due": "{{ macros.ds_add(dag_run.run_after | default(data_interval_end) | ds, 1) }}"},
        suppress_sql="SELECT phone FROM unsubscribed",
        key="invoice_id",
        text="{{ row.name }}, invoice {{ row.invoice_id }} of {{ '%.2f' % row.amount }} is due tomorrow.",
        quiet_hours="{{ params.quiet_hours or '' }}",
        daily_cap=500,
        max_failures=0.02,
        report_path="{{ params.reports }}/{{ run_id }}.csv",
    )

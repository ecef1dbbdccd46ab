"""An appointment is confirmed, or given back, by what its customer answers to a message.

The task ``ask`` waits in the triggerer, for four hours. After an hour the customer is reminded. Without an
answer the run fails, and the booking stays open. Project and channel are the connection's defaults.

Needs the extra ``sql`` and two connections: ``wahelp_default``, and ``shop_db`` to a database with the tables
``bookings`` and ``customers``. The demo has both.
"""

from __future__ import annotations

from datetime import timedelta

# On Airflow 3 this is the same as "from airflow.sdk import DAG, BaseHook, Param, task".
from airflow.providers.common.compat.sdk import DAG, BaseHook, Param, task
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

from airflow_provider_wahelp.operators import AskOperator

FIND = """
    SELECT name, phone, starts_at FROM bookings JOIN customers ON customers.id = customer_id
    WHERE bookings.id = :booking
"""
SET_STATE = "UPDATE bookings SET state = :state WHERE id = :booking"

with DAG(
    dag_id="wahelp_appointment",
    description="Ask a customer whether they come, and note what they answer",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    params={"booking": Param("B-7", type="string", minLength=1)},
    tags=["wahelp", "example"],
) as dag:

    @task(show_return_value_in_logs=False)  # it has a phone in it
    def find(params: dict[str, str] | None = None) -> dict[str, str]:
        """Read the booking."""
        shop = BaseHook.get_connection("shop_db").get_hook()
        row = shop.get_first(FIND, parameters={"booking": (params or {})["booking"]})
        return dict(zip(("name", "phone", "starts_at"), row, strict=True))

    booking = find()

    ask = AskOperator(
        task_id="ask",
        phone=booking["phone"],
        question="{{ ti.xcom_pull('find')['name'] }}, придёте {{ ti.xcom_pull('find')['starts_at'] }}?",
        answers={"yes": ["приду", "буду"], "no": ["не приду", "не буду"]},
        wait_timeout=timedelta(hours=4),
        reminder_after=timedelta(hours=1),
        poll_interval=10,
        branches={"yes": "confirm", "no": "cancel"},
        deferrable=True,
    )

    confirm, cancel = (
        SQLExecuteQueryOperator(
            task_id=task_id,
            conn_id="shop_db",
            sql=SET_STATE,
            parameters={"state": state, "booking": "{{ params.booking }}"},
        )
        for task_id, state in {"confirm": "confirmed", "cancel": "free"}.items()
    )
    ask >> [confirm, cancel]

"""A notifier in each place that Airflow calls one from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, task

from airflow_provider_wahelp.notifications import WahelpNotifier

try:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
except ImportError:  # before Airflow 3.1
    ApprovalOperator = None
try:
    from airflow.sdk.definitions.deadline import AsyncCallback, DeadlineAlert, DeadlineReference, SyncCallback
except ImportError:  # an Airflow that has not all of that
    DeadlineAlert = None

CONNECTION = "wahelp_alerts"  # names project and channel
DOWN = "wahelp_down"
SECONDS = 60  # CI's machines have other work to do


def tells(phone: str, **changes: Any) -> WahelpNotifier:
    """Return a notifier that tells one phone of what has happened."""
    return WahelpNotifier(
        phone=phone, wahelp_conn_id=CONNECTION, timeout=SECONDS, raise_on_error=True, **changes
    )


def deadlines() -> dict[str, Any]:
    """Return the arguments of a DAG that is late at once, where Airflow has deadlines."""
    if not DeadlineAlert:
        return {}
    late = [
        DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=timedelta(seconds=1),
            callback=callback(
                WahelpNotifier, kwargs={"phone": phone, "timeout": SECONDS, "wahelp_conn_id": CONNECTION}
            ),
        )
        for callback, phone in ((AsyncCallback, "+79000000002"), (SyncCallback, "+79000000003"))
    ]
    return {"deadline": late}


with DAG(
    dag_id="wahelp_callbacks", schedule=None, on_failure_callback=tells("+79000000001"), **deadlines()
) as callbacks:

    @task(
        retries=1,
        retry_delay=timedelta(seconds=1),
        on_retry_callback=tells("+79000000004"),
        on_failure_callback=[tells("+79000000005"), tells("+79000000006", text="{{ exception }}")],
    )
    def fail() -> None:
        """Fail, twice."""
        raise ValueError("not today")

    @task(on_success_callback=tells("+79000000007"))
    def succeed() -> None:
        """Succeed."""

    @task(on_skipped_callback=tells("+79000000008"))
    def skip() -> None:
        """Skip."""
        raise AirflowSkipException("no need")

    @task(on_failure_callback=WahelpNotifier(phone="+79000000009", wahelp_conn_id=DOWN, timeout=3))
    def fail_beside_a_server_that_is_down() -> None:
        """Fail."""
        raise ValueError("not today either")

    @task(on_success_callback=WahelpNotifier(phone="+79000000009", wahelp_conn_id=DOWN, timeout=3))
    def succeed_beside_a_server_that_is_down() -> None:
        """Succeed."""

    fail()
    succeed()
    skip()
    fail_beside_a_server_that_is_down()
    succeed_beside_a_server_that_is_down()
    if ApprovalOperator:
        ApprovalOperator(
            task_id="approve",
            subject="Shall we?",
            defaults="Approve",
            response_timeout=timedelta(seconds=3),
            notifiers=[tells("+79000000010")],
        )

with DAG(
    dag_id="wahelp_storm",
    schedule=None,
    default_args={"on_failure_callback": tells("+79000000011", throttle=timedelta(minutes=10))},
    on_failure_callback=tells("+79000000011"),
) as storm:

    @task
    def fail_together(number: int) -> None:
        """Fail, as all others do."""
        raise ValueError(f"not {number} either")

    fail_together.expand(number=list(range(40)))

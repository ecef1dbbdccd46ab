"""A notifier in each place that Airflow calls one from, but for those that the example DAGs show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow import __version__
from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, task
from packaging.version import Version

from airflow_provider_wahelp.notifications import WahelpNotifier

HAS_SYNC_CALLBACKS = Version(__version__) >= Version("3.3")
"""Airflow 3.1 refuses them at a deadline; the scheduler of 3.2 dies of them, with SQLite."""

CONNECTION = "wahelp_alerts"  # names project and channel
DOWN = "wahelp_down"
SECONDS = 60  # CI's machines have other work to do


def tells(phone: str, **changes: Any) -> WahelpNotifier:
    """Return a notifier that tells one phone of what has happened."""
    return WahelpNotifier(
        phone=phone, wahelp_conn_id=CONNECTION, timeout=SECONDS, raise_on_error=True, **changes
    )


def deadlines() -> dict[str, Any]:
    """Return the arguments of a DAG that is late at once, where Airflow can tell that from a worker."""
    if not HAS_SYNC_CALLBACKS:
        return {}
    from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference, SyncCallback

    told = {"phone": "+79000000003", "timeout": SECONDS, "wahelp_conn_id": CONNECTION}
    late = DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(seconds=1),
        callback=SyncCallback(WahelpNotifier, kwargs=told),
    )
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

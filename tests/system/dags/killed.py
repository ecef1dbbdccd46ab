"""Tasks that are killed, and who tells of it."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.notifications import WahelpNotifier


def tells(phone: str, **changes: Any) -> WahelpNotifier:
    """Return a notifier that tells one phone of what has happened."""
    known: dict[str, Any] = {"wahelp_conn_id": "wahelp_alerts", "timeout": 60, "raise_on_error": True}
    return WahelpNotifier(phone=phone, **{**known, **changes})


def die() -> None:
    """Die as the kernel lets processes die when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


with DAG(
    dag_id="wahelp_killed",
    schedule=None,
    render_template_as_native_obj=True,
    on_failure_callback=[tells("+79000000011"), tells("+79000000012", text="{{ dag.dag_id }} is over")],
):

    @task(on_failure_callback=tells("+79000000013"))
    def killed() -> None:
        """Be killed on the last try."""
        die()

    @task(
        retries=1,
        retry_delay=timedelta(seconds=1),
        on_retry_callback=tells("+79000000014"),
        on_failure_callback=tells("+79000000015"),
    )
    def killed_once(**context: Any) -> None:
        """Be killed on the first try."""
        if context["ti"].try_number == 1:
            die()

    @task(on_failure_callback=tells("+79000000016", text="{{ exception }}"))
    def failed() -> None:
        """Fail."""
        raise ValueError("not today")

    @task
    def without_a_notifier() -> None:
        """Fail, and leave it to the DAG to tell."""
        raise ValueError("not today either")

    killed()
    killed_once()
    failed()
    without_a_notifier()

"""What two hosts must do together: keep to one pace, and tell of a storm once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.operators import SendMessagesOperator

WHERE: dict[str, Any] = {"project_id": "{{ params.project_id }}", "channel_uuid": "{{ params.channel_uuid }}"}
PARAMS: dict[str, Any] = {
    "project_id": 0,
    "channel_uuid": "",
    "people": [],
    "count": 0,
    "phone": "",
    "pace": 60,
    "cap": 100,
}

with DAG(dag_id="wahelp_paced", schedule=None, params=PARAMS):
    for text in ("One", "Two"):
        SendMessagesOperator(
            task_id=text.lower(),
            recipients="{{ params.people | tojson }}",
            text=text,
            pace="{{ params.pace }}",
            daily_cap=None,
            retries=5,
            retry_delay=timedelta(seconds=1),
            **WHERE,
        )

with DAG(dag_id="wahelp_capped", schedule=None, params=PARAMS):
    for text in ("Three", "Four"):
        SendMessagesOperator(
            task_id=text.lower(),
            recipients="{{ params.people | tojson }}",
            text=text,
            pace=None,
            daily_cap="{{ params.cap }}",
            **WHERE,
        )

told = WahelpNotifier(
    phone="{{ params.phone }}", throttle=timedelta(hours=1), group_by="storm", timeout=60, **WHERE
)

with DAG(dag_id="wahelp_storm", schedule=None, params=PARAMS, on_failure_callback=told):

    @task
    def numbers(params: dict[str, int] | None = None) -> list[int]:
        """Return one number a failure."""
        return list(range((params or {})["count"]))

    @task(on_failure_callback=told)
    def load(number: int) -> None:
        """Fail."""
        raise ValueError(number)

    load.expand(number=numbers())

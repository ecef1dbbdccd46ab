"""Remove the webhooks of an address that is no longer in use: with operations that have no operator.

Project and channel are the connection's defaults.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

# On Airflow 3 this is the same as "from airflow.sdk import dag".
from airflow.providers.common.compat.sdk import dag

from airflow_provider_wahelp.operators import WahelpApiOperator

WEBHOOKS = "/app/projects/{{ conn.wahelp_default.extra_dejson.project_id }}/webhooks/"


def paths_of_old(webhooks: list[dict[str, Any]], task: Any, params: dict[str, Any]) -> list[str]:
    """Return the paths of the webhooks to remove."""
    return [task.path + each["uuid"] for each in webhooks if each["url"].startswith(params["old"])]


@dag(
    dag_id="wahelp_webhooks",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={"old": "https://old.example/"},
    tags=["wahelp", "example"],
)
def webhooks() -> None:
    """List, then remove."""
    old = WahelpApiOperator(
        task_id="old",
        path=WEBHOOKS,
        all_pages=True,
        response_filter=paths_of_old,
    )
    WahelpApiOperator.partial(task_id="remove", method="DELETE").expand(path=old.output)


webhooks()

"""Failures on somebody's phone: the first at once, and what the run held back when it has ended.

However many of the mapped tasks fail, that makes two messages: one alert and one summary. A load of nothing
fails, and the run with it, so that there is something to tell of. Project and channel are the connection's
defaults.
"""

from __future__ import annotations

from datetime import timedelta

# On Airflow 3 this is the same as "from airflow.sdk import DAG, Param, task".
from airflow.providers.common.compat.sdk import DAG, Param, task

from airflow_provider_wahelp.notifications import WahelpNotifier

alert = WahelpNotifier(
    to=["+71234567890"],
    throttle=timedelta(minutes=10),
)

with DAG(
    dag_id="wahelp_alerts",
    description="Load the shops; tell of those that cannot be loaded, once",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    default_args={"on_failure_callback": alert},
    on_failure_callback=alert,
    params={"shops": Param({"north": 42, "south": 0, "west": 0}, type="object", description="rows of each")},
    tags=["wahelp", "example"],
) as dag:

    @task
    def shops(params: dict[str, dict[str, int]] | None = None) -> list[int]:
        """Return what there is to load."""
        return list((params or {})["shops"].values())

    @task
    def load(rows: int) -> int:
        """Load one shop."""
        if not rows:
            raise ValueError("no rows")
        return rows

    load.expand(rows=shops())

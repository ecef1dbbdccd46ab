"""What the pages of channels and of alerts show."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import Param, dag, task

from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.operators import CreateChannelOperator

CONNECTION = "pages"
PARAMS = ("project_id", "channel_uuid")


@dag(dag_id="shown_channel", schedule=None, params={"project_id": Param("", type="string")})
def shown_channel() -> None:
    """Create a channel, which somebody is to authorize."""
    CreateChannelOperator(
        task_id="make", name="Client", project_id="{{ params.project_id }}", wahelp_conn_id=CONNECTION
    )


@dag(dag_id="shown_alerts", schedule=None, params={name: Param("", type="string") for name in PARAMS})
def shown_alerts() -> None:
    """Fail twice: the first failure is told, the other one is held back."""
    tell = WahelpNotifier(
        phone="+79161112233",
        throttle=600,
        group_by="all",
        project_id="{{ params.project_id }}",
        channel_uuid="{{ params.channel_uuid }}",
        timeout=60,
        wahelp_conn_id=CONNECTION,
    )

    @task(on_failure_callback=tell)
    def load() -> None:
        """Fail with the words of an exception."""
        raise ValueError("the parcel of Anna is lost")

    load() >> load.override(task_id="clean", trigger_rule="all_done")()


shown_channel()
shown_alerts()

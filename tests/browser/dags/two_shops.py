"""Two DAGs that do the same: somebody may see one of them alone."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import Param, dag, task

from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.operators import CreateChannelOperator, SendMessagesOperator

CONNECTION = "till"
BOSSES = {"open_shop": "+79161110001", "closed_shop": "+79161110002"}
PARAMS = ("project_id", "channel_uuid", "report")


def shop(dag_id: str, boss: str) -> None:
    """Write to two people, create a channel, and fail, of which the boss is told."""
    place = {name: f"{{{{ params.{name} }}}}" for name in PARAMS[:2]}

    @dag(dag_id=dag_id, schedule=None, params={name: Param("", type="string") for name in PARAMS})
    def of_shop() -> None:
        SendMessagesOperator(
            task_id="mail",
            recipients=[{"phone": f"+7916112{number:04}"} for number in range(2)],
            text=f"News of {dag_id}",
            report_path="{{ params.report }}",
            wahelp_conn_id=CONNECTION,
            **place,
        )
        CreateChannelOperator(
            task_id="make",
            name=f"Channel of {dag_id}",
            project_id=place["project_id"],
            wahelp_conn_id=CONNECTION,
        )

        @task(on_failure_callback=WahelpNotifier(phone=boss, timeout=60, wahelp_conn_id=CONNECTION, **place))
        def load() -> None:
            """Fail with words that are of that shop alone."""
            raise ValueError(f"the shelf of {dag_id} is empty")

        load()

    of_shop()


for each in BOSSES.items():
    shop(*each)

"""A newsletter through every active channel of the project, to everybody in it, each after a dry run.

The project is the connection's default.
"""

from __future__ import annotations

from typing import Any

# On Airflow 3 this is the same as "from airflow.sdk import dag, task, task_group".
from airflow.providers.common.compat.sdk import dag, task, task_group

from airflow_provider_wahelp.operators import SendMessagesOperator


@dag(dag_id="wahelp_newsletter", schedule=None, catchup=False, tags=["wahelp", "example"])
def newsletter() -> None:
    """Find the channels; of each, find the readers, check everything, then send."""

    @task
    def channels() -> list[str]:
        """Return the channels that can send."""
        from airflow_provider_wahelp.hooks import WahelpHook

        with WahelpHook() as hook:
            return [channel.uuid for channel in hook.list_channels() if channel.active and channel.uuid]

    @task(show_return_value_in_logs=False)
    def readers(channel_uuid: str) -> list[dict[str, Any]]:
        """Return the people of a channel. Of many thousands, write a file and return its path."""
        from airflow_provider_wahelp.hooks import WahelpHook

        with WahelpHook() as hook:
            return [{"user_id": user.id, "name": user.name} for user in hook.list_users(channel_uuid)]

    @task_group
    def mailing(channel_uuid: str) -> None:
        people = readers(channel_uuid)
        text = "{{ row.name }}, our spring catalogue is here: https://example.com/spring"
        check = SendMessagesOperator(
            task_id="check",
            channel_uuid=channel_uuid,
            recipients=people,
            text=text,
            dry_run=True,
            on_bad_rows="fail",
        )
        send = SendMessagesOperator(
            task_id="send",
            channel_uuid=channel_uuid,
            recipients=people,
            text=text,
            max_failures=0.02,
            retries=2,
        )
        check >> send

    mailing.expand(channel_uuid=channels())


newsletter()

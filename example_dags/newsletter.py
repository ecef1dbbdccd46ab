"""A newsletter through every active channel of the project, to everybody in it, after a dry run.

The project is the connection's default.
"""

from __future__ import annotations

from typing import Any

# On Airflow 3 this is the same as "from airflow.sdk import dag, task".
from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_wahelp.operators import SendMessagesOperator


@dag(dag_id="wahelp_newsletter", schedule=None, catchup=False, tags=["wahelp", "example"])
def newsletter() -> None:
    """Find the readers, check everything, then send: each channel is a mailing of its own."""

    @task(show_return_value_in_logs=False)
    def audiences() -> list[dict[str, Any]]:
        """Return the arguments of each mailing. Of many thousands, write files and return their paths."""
        from airflow_provider_wahelp.hooks import WahelpHook

        with WahelpHook() as hook:
            return [
                {
                    "channel_uuid": channel.uuid,
                    "recipients": [
                        {"user_id": user.id, "name": user.name} for user in hook.list_users(channel.uuid)
                    ],
                }
                for channel in hook.list_channels()
                if channel.active and channel.uuid
            ]

    found = audiences()

    text = "{{ row.name }}, our spring catalogue is here: https://example.com/spring"
    check = SendMessagesOperator.partial(
        task_id="check",
        text=text,
        dry_run=True,
        on_bad_rows="fail",
    ).expand_kwargs(found)
    send = SendMessagesOperator.partial(
        task_id="send",
        text=text,
        max_failures=0.02,
        retries=2,
    ).expand_kwargs(found)
    check >> send


newsletter()

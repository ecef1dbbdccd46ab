"""Export a channel's history every night, and count who still waits for an answer.

Project and channel are the connection's defaults.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

# On Airflow 3 this is the same as "from airflow.sdk import dag, task".
from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_wahelp.operators import GetMessagesOperator, SetWebhookOperator


@dag(
    dag_id="wahelp_history",
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={"directory": "file:///tmp/wahelp-history", "webhook_url": "https://airflow.example/wahelp"},
    tags=["wahelp", "example"],
)
def history() -> None:
    """Export, count, and keep a webhook registered."""
    GetMessagesOperator(
        task_id="export",
        limit=None,
        output_path="{{ params.directory }}/{{ run_id }}.jsonl",
    )

    @task
    def count_unanswered() -> dict[str, Any]:
        """Count the people whose last message was theirs."""
        from airflow_provider_wahelp.hooks import WahelpHook

        with WahelpHook() as hook:
            messages = [each for each in hook.get_messages() if each.direction != "service"]
        dated = [message for message in messages if message.created_at]
        dated.sort(key=lambda message: (message.created_at, message.id))  # times are whole seconds
        last = {message.user_id: message for message in dated}
        return {"unanswered": sum(message.direction == "incoming" for message in last.values())}

    count_unanswered()

    SetWebhookOperator(
        task_id="webhook",
        url="{{ params.webhook_url }}",
        api="webhooks",
        entities=["channel.message", "channel.user"],
    )


history()

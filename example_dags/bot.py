"""A bot: people write, and a DAG answers three questions. To anything else it says what it can answer.

A watcher polls the channel every ten seconds, as long as the DAG is not paused. Each message is answered
once, though triggerer or workers die. Its text and its phone never lie in Airflow's database.

Needs Airflow 3.0.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from airflow.sdk import DAG, AssetWatcher, task

from airflow_provider_wahelp.assets import WahelpAsset
from airflow_provider_wahelp.incoming.reading import new_messages
from airflow_provider_wahelp.operators import SendMessageOperator
from airflow_provider_wahelp.triggers import IncomingMessagesTrigger

SUPPORT = {"project_id": 101, "channel_uuid": "0a0b0c0d-0000-4000-8000-000000000001"}
WATCHER = AssetWatcher(name="support", trigger=IncomingMessagesTrigger(**SUPPORT, poke_interval=10))
CHANNEL = WahelpAsset(**SUPPORT, watchers=[WATCHER])

ANSWERS = {
    r"open|hours|часы|работае": "We are open every day from 9 to 21.",
    r"where|address|адрес|где": "1 Garden Street, the blue door.",
    r"deliver|доставк": "We deliver tomorrow, within the city for 300 roubles.",
}
ELSE = "I know our hours, our address and how we deliver. What would you like to know?"


def answer_to(text: str | None) -> str:
    """Return the answer to what somebody has written."""
    asked = (text or "").casefold()
    return next((answer for words, answer in ANSWERS.items() if re.search(words, asked)), ELSE)


with DAG(
    dag_id="wahelp_bot",
    description="Answer what people ask",
    doc_md=__doc__,
    schedule=[CHANNEL],
    start_date=datetime(2026, 1, 1),
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    tags=["wahelp", "example"],
) as dag:

    @task(inlets=[CHANNEL], max_active_tis_per_dag=1)
    def read() -> list[dict[str, int | str | None]]:
        """Find an answer to each message that no run was given before."""
        messages = new_messages(CHANNEL, fetch=True)
        return [{"user_id": each.user_id, "text": answer_to(each.text)} for each in messages]

    SendMessageOperator.partial(task_id="answer", **SUPPORT).expand_kwargs(read())

"""A DAG that what people write starts; it notes down what it was given.

A test puts it among the DAGs, with what it must know beside it: from then on it asks Wahelp all the time.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, AssetWatcher, task

from airflow_provider_wahelp.assets import WahelpAsset
from airflow_provider_wahelp.operators import IncomingMessagesOperator
from airflow_provider_wahelp.triggers import IncomingMessagesTrigger

TOLD = json.loads(Path(__file__).with_suffix(".json").read_text())
WATCHER = AssetWatcher(name="poll", trigger=IncomingMessagesTrigger(**TOLD["place"], **TOLD["how"]))
CHANNEL = WahelpAsset(**TOLD["place"], host="incoming.test", watchers=[WATCHER])

# What is killed is tried again; a run that notes twice what it was given notes the same.
AGAIN = {"retries": 5, "retry_delay": timedelta(0)}

with DAG(
    "reads_incoming",
    schedule=[CHANNEL],
    start_date=datetime(2026, 1, 1),
    default_args=AGAIN,
    is_paused_upon_creation=False,
):

    @task
    def note(messages: list[dict[str, object]], run_id: str | None = None) -> None:
        with Path(TOLD["notes"]).open("a") as notes:
            notes.writelines(f"{run_id} {each['id']}\n" for each in messages)

    note(IncomingMessagesOperator(task_id="read", asset=CHANNEL).output)

"""A DAG that what people write starts; it notes down what it was given."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, AssetWatcher, task

from airflow_provider_wahelp.assets import WahelpAsset
from airflow_provider_wahelp.operators import IncomingMessagesOperator
from airflow_provider_wahelp.triggers import IncomingMessagesTrigger

PLACE = json.loads(os.environ["LISTENING_PLACE"])
WATCHER = AssetWatcher(
    name="poll",
    trigger=IncomingMessagesTrigger(**PLACE, poke_interval=float(os.environ["LISTENING_INTERVAL"])),
)
CHANNEL = WahelpAsset(**PLACE, watchers=[WATCHER])

# What is killed is tried again; a run that notes twice what it was given notes the same.
AGAIN = {"retries": 5, "retry_delay": timedelta(0)}

with DAG("reads_incoming", schedule=[CHANNEL], start_date=datetime(2026, 1, 1), default_args=AGAIN):

    @task
    def note(messages: list[dict[str, object]], run_id: str | None = None) -> None:
        with Path(os.environ["LISTENING_NOTES"]).open("a") as notes:
            notes.writelines(f"{run_id} {each['id']}\n" for each in messages)

    note(IncomingMessagesOperator(task_id="read", asset=CHANNEL).output)

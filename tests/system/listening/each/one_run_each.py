"""A DAG that has a run for each message; it notes down which."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, AssetWatcher, PartitionedAssetTimetable, task

from airflow_provider_wahelp.assets import WahelpAsset
from airflow_provider_wahelp.incoming.reading import message_of_run
from airflow_provider_wahelp.triggers import IncomingMessagesTrigger

PLACE = json.loads(os.environ["LISTENING_PLACE"])
WATCHER = AssetWatcher(
    name="poll",
    trigger=IncomingMessagesTrigger(**PLACE, poke_interval=float(os.environ["LISTENING_INTERVAL"])),
)
MESSAGES = WahelpAsset(**PLACE, partitioned=True, watchers=[WATCHER])

with DAG(
    "one_run_each",
    schedule=PartitionedAssetTimetable(assets=MESSAGES),
    start_date=datetime(2026, 1, 1),
    default_args={"retries": 5, "retry_delay": timedelta(0)},
):

    @task
    def note(run_id: str | None = None) -> None:
        message = message_of_run(MESSAGES, fetch=True)
        assert message.text
        with Path(os.environ["LISTENING_NOTES"]).open("a") as notes:
            notes.write(f"{run_id} {message.id}\n")

    note()

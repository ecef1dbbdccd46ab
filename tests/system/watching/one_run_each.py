"""A DAG that has a run for each message; it notes down which. What it must know lies beside it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, AssetWatcher, PartitionedAssetTimetable, task

from airflow_provider_wahelp.assets import WahelpAsset
from airflow_provider_wahelp.incoming.reading import message_of_run
from airflow_provider_wahelp.triggers import IncomingMessagesTrigger

TOLD = json.loads(Path(__file__).with_suffix(".json").read_text())
WATCHER = AssetWatcher(name="poll", trigger=IncomingMessagesTrigger(**TOLD["place"], **TOLD["how"]))
MESSAGES = WahelpAsset(**TOLD["place"], host="each.test", partitioned=True, watchers=[WATCHER])

with DAG(
    "one_run_each",
    schedule=PartitionedAssetTimetable(assets=MESSAGES),
    start_date=datetime(2026, 1, 1),
    default_args={"retries": 5, "retry_delay": timedelta(0)},
    is_paused_upon_creation=False,
):

    @task
    def note(run_id: str | None = None) -> None:
        message = message_of_run(MESSAGES, fetch=True, wahelp_conn_id=TOLD["how"]["wahelp_conn_id"])
        assert message.text
        with Path(TOLD["notes"]).open("a") as notes:
            notes.write(f"{run_id} {message.id}\n")

    note()

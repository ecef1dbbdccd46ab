"""A DAG that registers this Airflow's receiver, and one that what people write starts."""

from __future__ import annotations

import json
import os

from airflow.sdk import dag, task

from airflow_provider_wahelp.assets import WahelpAsset
from airflow_provider_wahelp.operators import SetWebhookOperator

CONNECTION = "wahelp_listening"


@dag("receiver_set", schedule=None)
def receiver_set() -> None:
    SetWebhookOperator(task_id="set", wahelp_conn_id=CONNECTION, receiver=CONNECTION)


def _asset() -> object:
    given = json.loads(os.environ["AIRFLOW_CONN_WAHELP_LISTENING"])
    extra = given["extra"]
    host = given["host"].removeprefix("http://")
    return WahelpAsset(extra["project_id"], extra["channel_uuid"], host=host, include=["text"])


@dag("listens", schedule=[_asset()], is_paused_upon_creation=False)
def listens() -> None:
    @task
    def told(triggering_asset_events: dict[object, list[object]] | None = None) -> list[str]:
        events = triggering_asset_events or {}
        return [event.extra["text"] for given in events.values() for event in given]  # type: ignore[attr-defined]

    told()


receiver_set()
if "AIRFLOW_CONN_WAHELP_LISTENING" in os.environ:
    listens()

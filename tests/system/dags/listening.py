"""A DAG that registers this Airflow's receiver, and one that is started by what people write. Airflow 3."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import dag, task
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_wahelp.operators import SetWebhookOperator

CONNECTION = "wahelp_listening"


@dag("receiver_set", schedule=None)
def receiver_set() -> None:
    SetWebhookOperator(task_id="set", wahelp_conn_id=CONNECTION, receiver=CONNECTION)


def _asset() -> Any:
    from airflow_provider_wahelp.assets import WahelpAsset

    connection = json.loads(os.environ["AIRFLOW_CONN_WAHELP_LISTENING"])
    place = {name: connection["extra"][name] for name in ("project_id", "channel_uuid")}
    return WahelpAsset(**place, host=connection["host"].removeprefix("http://"), include=["text"])


def listens() -> None:
    @task
    def told(triggering_asset_events: Any = None) -> dict[str, Any]:
        events = [event for given in triggering_asset_events.values() for event in given]
        return {"texts": [event.extra["text"] for event in events], "at": datetime.now(UTC).isoformat()}

    told()


receiver_set()
if AIRFLOW_V_3_0_PLUS and "AIRFLOW_CONN_WAHELP_LISTENING" in os.environ:
    dag("listens", schedule=[_asset()], is_paused_upon_creation=False)(listens)()


@dag("asks_by_phone", schedule=None)
def asks_by_phone() -> None:
    from airflow.providers.standard.operators.hitl import HITLOperator

    from airflow_provider_wahelp.notifications import WahelpApprovalNotifier

    HITLOperator(
        task_id="ask",
        subject="Publish the new prices?",
        options=["Publish", "Wait"],
        notifiers=[WahelpApprovalNotifier(approvers={"+79261230018": "admin"}, wahelp_conn_id=CONNECTION)],
    )


with suppress(Exception):  # before Airflow 3.1 it says so with an error of its own
    asks_by_phone()

"""The listener that moves a watcher's cursor in the transaction that stores its event (Airflow 3.2).

In the same one it gives the message a partition, where a DAG wants a run for each.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.listeners.types import AssetEvent

    _Change = Callable[[str, Callable[[str | None], str]], None]

# Each process of Airflow imports this: what else it needs is imported with the first event of a trigger.

log = logging.getLogger(__name__)


@hookimpl
def on_asset_event_emitted(asset_event: AssetEvent) -> None:
    """Move the cursor; if that fails, the event stays: it may then come once more, but is not lost."""
    payload = _payload(asset_event.extra)
    if not payload:
        return
    try:
        _move(asset_event.asset.name, asset_event.asset.uri, payload)
    except Exception as error:  # noqa: BLE001 - an error here would end the transaction of the event
        log.warning("Could not store how far %s was read: %s", asset_event.asset.uri, type(error).__name__)


def _payload(extra: Any) -> Mapping[str, Any] | None:
    payload = extra.get("payload") if isinstance(extra, Mapping) and extra.get("from_trigger") else None
    if payload is None:
        return None
    from airflow_provider_wahelp.triggers.cursor import WATCHER

    return payload if isinstance(payload, Mapping) and payload.get(WATCHER) and payload.get("key") else None


def _move(name: str, uri: str, payload: Mapping[str, Any]) -> None:
    from airflow import settings

    from airflow_provider_wahelp.assets.partitions import register_partition
    from airflow_provider_wahelp.triggers.cursor import WATCHER

    # The scoped session is that of the event's transaction: a session of its own would wait for it for ever.
    session = settings.Session()  # type: ignore[misc]
    with session.begin_nested():
        if (change := _state_store(session, name, uri)) is None:
            change = partial(_change_variable, session)
        change(payload[WATCHER], partial(_moved, payload))
        register_partition(session, uri, {name: each for name, each in payload.items() if name != WATCHER})


def _moved(payload: Mapping[str, Any], stored: str | None) -> str:
    from airflow_provider_wahelp.triggers.cursor import Position, event_time

    position = Position.from_json(json.loads(stored)) if stored else None
    moved = (position or Position(0.0)).after(str(payload["key"]), event_time(payload))
    return json.dumps(moved.to_json())


def _state_store(session: Any, name: str, uri: str) -> _Change | None:
    """Return what changes a value of the asset's own store; ``None`` before Airflow 3.3, which has none."""
    try:
        from airflow.models.asset_state_store import AssetStateStoreModel
    except ImportError:
        return None
    from airflow.models.asset import AssetModel
    from sqlalchemy import select

    asset_id = session.scalar(select(AssetModel.id).where(AssetModel.name == name, AssetModel.uri == uri))

    def change(key: str, moved: Callable[[str | None], str]) -> None:
        row = session.get(AssetStateStoreModel, (asset_id, key))
        fields = {"value": moved(row.value if row else None), "last_updated_by_kind": "watcher"}
        session.merge(AssetStateStoreModel(asset_id=asset_id, key=key, **fields))

    return change


def _change_variable(session: Any, key: str, moved: Callable[[str | None], str]) -> None:
    from airflow.models.variable import Variable
    from sqlalchemy import select

    row = session.scalar(select(Variable).where(Variable.key == key))
    if row:
        row.set_val(moved(row.get_val()))
    else:
        session.add(Variable(key=key, val=moved(None)))  # type: ignore[no-untyped-call]

"""The listener that moves a watcher's cursor in the transaction that stores its event (Airflow 3.3)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.listeners.types import AssetEvent

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
    try:
        from airflow.models.asset_state_store import AssetStateStoreModel
    except ImportError:  # before Airflow 3.3
        return
    from airflow import settings
    from airflow.models.asset import AssetModel
    from sqlalchemy import select

    from airflow_provider_wahelp.triggers.cursor import WATCHER, Position, event_time

    # The scoped session is that of the event's transaction: a session of its own would wait for it for ever.
    session = settings.Session()  # type: ignore[misc]
    asset_id = session.scalar(select(AssetModel.id).where(AssetModel.name == name, AssetModel.uri == uri))
    if asset_id is None:
        return
    with session.begin_nested():
        row = session.get(AssetStateStoreModel, (asset_id, payload[WATCHER]))
        position = Position.from_json(json.loads(row.value)) if row else None
        moved = (position or Position(0.0)).after(str(payload["key"]), event_time(payload))
        fields = {"value": json.dumps(moved.to_json()), "last_updated_by_kind": "watcher"}
        session.merge(AssetStateStoreModel(asset_id=asset_id, key=payload[WATCHER], **fields))

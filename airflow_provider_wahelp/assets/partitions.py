"""The partitioned asset of a channel: each message is one event under a key of its own (Airflow 3.2).

A watcher's event has no partition key, and Airflow starts no run for one. So each message that a watcher or a
webhook tells of is registered with its key, in the same transaction, unless it has been. This uses tables of
Airflow that are not public.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.assets.uri import ChannelUri

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

REPEATED_WITHIN = timedelta(days=2)
"""How long a message is known again, as by the receiver."""

_DEFAULT_KINDS = ("message",)


def register_partition(session: Session, uri: str, told: Mapping[str, Any]) -> None:
    """Let a DAG have a run for a message, if the channel has a partitioned asset.

    :param uri: of the asset that was told of the message.
    :param told: what its event says.
    """
    from airflow.assets.manager import asset_manager
    from airflow.models.asset import AssetModel
    from sqlalchemy import select, update

    each = str(ChannelUri.parse(uri)._replace(partitioned=True))
    asset = session.scalar(select(AssetModel).where(AssetModel.uri == each, AssetModel.active.has()))
    if asset is None or told.get("kind") not in (asset.extra or {}).get("kinds", _DEFAULT_KINDS):
        return
    lock = update(AssetModel).where(AssetModel.uri == each).values(id=AssetModel.id)
    session.execute(lock.execution_options(synchronize_session=False))
    if not _is_known(session, asset.id, str(told["key"])):
        asset_manager.register_asset_change(
            asset=asset, extra=dict(told), partition_key=str(told["key"]), session=session
        )


def _is_known(session: Session, asset_id: int, key: str) -> bool:
    from airflow.models.asset import AssetEvent
    from sqlalchemy import select

    known = select(AssetEvent.id).where(
        AssetEvent.asset_id == asset_id,
        AssetEvent.timestamp >= datetime.now(UTC) - REPEATED_WITHIN,
        AssetEvent.partition_key == key,
    )
    return session.scalar(known.limit(1)) is not None

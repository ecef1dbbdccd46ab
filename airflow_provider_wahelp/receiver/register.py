"""Events of channels become events of Airflow's assets: all in one transaction, each once.

This uses tables of Airflow 3.0 to 3.3 that are not public. What Airflow does with them, as run: of three
events within a tick of the scheduler, a DAG run gets the first only, unless ``created_at`` of the queue's row
moves on with each event. A transaction on SQLite that reads before it writes fails at once where another
writes, without the wait that one has which writes first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.assets.manager import asset_manager
from airflow.models.asset import AssetDagRunQueue, AssetEvent, AssetModel
from airflow.utils.session import create_session
from sqlalchemy import JSON, or_, select, type_coerce, update

from airflow_provider_wahelp.assets.event import to_extra
from airflow_provider_wahelp.assets.uri import ChannelUri
from airflow_provider_wahelp.receiver.received import Received
from airflow_provider_wahelp.storage.keys import digest_key

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

REPEATED_WITHIN = timedelta(days=2)
"""How long an event is known again by its key: the time is what the table has an index on."""

_DEFAULT_KINDS = ("message",)


class _Wanted(NamedTuple):
    """An event for an asset."""

    asset: AssetModel
    received: Received

    @property
    def once(self) -> tuple[int, str]:
        return self.asset.id, self.received.event.key


def register(received: Sequence[Received]) -> int:
    """Commit an event for each asset that wants to be told of one, unless it has been.

    :return: how many events are new.
    """
    # The thread's own session: a listener of Airflow's that writes joins this transaction, in place of
    # waiting for its end.
    with create_session() as session:
        uris = sorted({uri for each in received for uri in _uris(each.channel)})
        _lock(session, uris)
        return _register(session, _wanted(_assets(session, uris), received))


def _lock(session: Session, uris: Iterable[str]) -> None:
    """Take SQLite's lock for writing, or other databases' locks of the assets, before anything is read."""
    for uri in uris:
        lock = update(AssetModel).where(AssetModel.uri == uri).values(id=AssetModel.id)
        session.execute(lock.execution_options(synchronize_session=False))


def _assets(session: Session, uris: Collection[str]) -> Mapping[str, list[AssetModel]]:
    found: dict[str, list[AssetModel]] = defaultdict(list)
    for asset in session.scalars(select(AssetModel).where(AssetModel.uri.in_(uris)).order_by(AssetModel.id)):
        found[asset.uri].append(asset)
    return found


def _wanted(assets: Mapping[str, list[AssetModel]], received: Iterable[Received]) -> dict[Any, _Wanted]:
    wanted: dict[Any, _Wanted] = {}
    for each in received:
        for asset in [asset for uri in _uris(each.channel) for asset in assets.get(uri, ())]:
            if each.event.kind in _listed(asset, "kinds", _DEFAULT_KINDS):
                entry = _Wanted(asset, each)
                wanted.setdefault(entry.once, entry)
    return wanted


def _uris(channel: ChannelUri) -> tuple[str, str]:
    """Return the address of a channel, and that of the asset with a partition for each message."""
    return str(channel), str(channel._replace(partitioned=True))


def _listed(asset: AssetModel, name: str, default: Sequence[str] = ()) -> Sequence[str]:
    """Return what an asset's author asked for; an asset made by hand may have anything there."""
    listed = (asset.extra or {}).get(name, default)
    return listed if isinstance(listed, list | tuple) else default


def _register(session: Session, wanted: Mapping[Any, _Wanted]) -> int:
    known = set(_known(session, wanted.values())) if wanted else set()
    new = [entry for once, entry in wanted.items() if once not in known]
    if not new:
        return 0
    key = digest_key()
    for asset, each in new:
        extra = to_extra(each.event, each.channel.channel_uuid, _listed(asset, "include"), key)
        partition: dict[str, Any] = (
            {"partition_key": each.event.key} if ChannelUri.parse(asset.uri).partitioned else {}
        )
        asset_manager.register_asset_change(asset=asset, extra=extra, session=session, **partition)
    _wake(session, {asset.id for asset, _ in new})
    return len(new)


def _known(session: Session, wanted: Collection[_Wanted]) -> Iterator[tuple[int, str]]:
    """Yield which assets have been told of which events, by a webhook or by a watcher."""
    keys = {entry.received.event.key for entry in wanted}
    extra = type_coerce(
        AssetEvent.extra, JSON
    )  # before Airflow 3.2 a type that is not asked for what is in it
    ours, watched = extra["key"].as_string(), extra[("payload", "key")].as_string()
    told = select(AssetEvent.asset_id, ours, watched).where(
        AssetEvent.asset_id.in_({entry.asset.id for entry in wanted}),
        AssetEvent.timestamp >= datetime.now(UTC) - REPEATED_WITHIN,
        or_(ours.in_(keys), watched.in_(keys)),
    )
    for asset_id, *found in session.execute(told):
        yield from ((asset_id, key) for key in found if key)


def _wake(session: Session, assets: Collection[int]) -> None:
    """Let the run that is due have these events too, also where another transaction has just made it."""
    session.flush()
    rows = AssetDagRunQueue.asset_id.in_(assets)
    queued = select(AssetDagRunQueue.asset_id, AssetDagRunQueue.target_dag_id).where(rows)
    due = {tuple(row) for row in session.execute(queued)}
    now = datetime.now(UTC)
    later = update(AssetDagRunQueue).where(rows).values(created_at=now)
    session.execute(later.execution_options(synchronize_session=False))
    for asset_id, dag_id in due - {tuple(row) for row in session.execute(queued)}:
        session.add(AssetDagRunQueue(asset_id=asset_id, target_dag_id=dag_id, created_at=now))

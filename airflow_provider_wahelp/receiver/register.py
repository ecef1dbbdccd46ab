"""Events of channels become events of Airflow's assets: all in one transaction, each once.

This uses tables of Airflow 3.0 to 3.3 that are not public. What Airflow does with them, as run: of three
events within a tick of the scheduler, a DAG run gets the first only, unless ``created_at`` of the queue's row
moves on with each event. A transaction on SQLite that reads before it writes fails at once where another
writes, without the wait that one has which begins with the lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.assets.manager import AssetManager, asset_manager
from airflow.listeners.listener import get_listener_manager
from airflow.models.asset import AssetDagRunQueue, AssetEvent, AssetModel
from airflow.utils.session import create_session
from sqlalchemy import insert, select, update

from airflow_provider_wahelp.assets.event import to_extra
from airflow_provider_wahelp.assets.uri import ChannelUri
from airflow_provider_wahelp.receiver.hints import leave_hints
from airflow_provider_wahelp.receiver.known_events import KnownEvents
from airflow_provider_wahelp.receiver.received import Received
from airflow_provider_wahelp.receiver.sqlite_lock import is_sqlite, lock_for_writing
from airflow_provider_wahelp.storage.keys import digest_key

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_DEFAULT_KINDS = ("message",)
_KNOWN = KnownEvents()


class _Wanted(NamedTuple):
    """An event for an asset."""

    asset: AssetModel
    received: Received

    @property
    def once(self) -> tuple[int, str]:
        return self.asset.id, self.received.event.key


def register(take: Callable[[], Sequence[Received]]) -> int:
    """Commit an event for each asset that wants to be told of one, unless it has been; and hints for waits.

    :param take: returns what is to be committed. On SQLite it is called with the lock in hand: what has come
        meanwhile need not wait for one more transaction.
    :return: how many events are new.
    """
    # The thread's own session: a listener of Airflow's that writes joins this transaction, in place of
    # waiting for its end.
    with create_session() as session:
        locked = is_sqlite(session)
        if locked:
            lock_for_writing(session)
        received = take()
        uris = sorted({uri for each in received for uri in _uris(each.channel)})
        if not locked:
            _lock(session, uris)
        leave_hints(session, received)
        return _register(session, _wanted(_assets(session, uris), received))


def _lock(session: Session, uris: Iterable[str]) -> None:
    """Take the locks of assets, before anything is read."""
    for uri in uris:
        lock = update(AssetModel).where(AssetModel.uri == uri).values(id=AssetModel.id)
        session.execute(lock.execution_options(synchronize_session=False))


def _assets(session: Session, uris: Collection[str]) -> Mapping[str, list[AssetModel]]:
    found: dict[str, list[AssetModel]] = defaultdict(list)
    for asset in session.scalars(select(AssetModel).where(AssetModel.uri.in_(uris)).order_by(AssetModel.id)):
        found[asset.uri].append(asset)
    return found


def _wanted(
    assets: Mapping[str, list[AssetModel]], received: Iterable[Received]
) -> dict[tuple[int, str], _Wanted]:
    wanted: dict[tuple[int, str], _Wanted] = {}
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


def _register(session: Session, wanted: Mapping[tuple[int, str], _Wanted]) -> int:
    known = _KNOWN.among(session, wanted.keys()) if wanted else set()
    new: dict[AssetModel, list[dict[str, Any]]] = defaultdict(list)
    key = digest_key()
    for asset, each in (entry for once, entry in wanted.items() if once not in known):
        extra = to_extra(each.event, each.channel.channel_uuid, _listed(asset, "include"), key)
        new[asset].append(extra)
    for asset, extras in new.items():
        _store(session, asset, extras)
    if new:
        _wake(session, {asset.id for asset in new})
    return sum(map(len, new.values()))


def _store(session: Session, asset: AssetModel, extras: Sequence[dict[str, Any]]) -> None:
    """Store events of an asset. The last one wakes its DAGs, which costs ten times as much as the event."""
    partitioned = ChannelUri.parse(asset.uri).partitioned
    alone = 0 if partitioned or _is_heeded() else len(extras) - 1
    if alone > 0:
        session.execute(
            insert(AssetEvent), [{"asset_id": asset.id, "extra": each} for each in extras[:alone]]
        )
    for extra in extras[max(alone, 0) :]:
        partition: dict[str, Any] = {"partition_key": extra["key"]} if partitioned else {}
        asset_manager.register_asset_change(asset=asset, extra=extra, session=session, **partition)


def _is_heeded() -> bool:
    """Return whether each event matters to something in this process: a listener, or another manager."""
    hook = get_listener_manager().hook
    specs = (getattr(hook, name, None) for name in ("on_asset_changed", "on_asset_event_emitted"))
    return type(asset_manager) is not AssetManager or any(spec and spec.get_hookimpls() for spec in specs)


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

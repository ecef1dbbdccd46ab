"""Which events assets have been told of, by webhooks and by watchers: each process keeps their keys.

Looking for a key in the database reads all events of the last two days. So that is done once; then only what
has been stored since is read, also by other processes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.models.asset import AssetEvent
from sqlalchemy import JSON, or_, select, type_coerce

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

REPEATED_WITHIN = timedelta(days=2)
"""How long an event is known again by its key: the time is what the table has an index on."""

MOST_KEYS = 50_000
"""So many are kept of an asset; whether one of many more is known, the database says."""

MARGIN = 100
"""So many ids back the events are read once more: one may be committed later than one with a higher id."""

_EXTRA = type_coerce(AssetEvent.extra, JSON)  # before Airflow 3.2 a type that is not asked for what is in it
_OURS, _WATCHED = _EXTRA["key"].as_string(), _EXTRA[("payload", "key")].as_string()


@dataclass
class _Keys:
    """The keys of an asset's latest events, the oldest first, with their times."""

    last_id: int = 0
    times: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    whole: bool = True

    def add(self, rows: Collection[Any]) -> None:
        for number, time, *keys in rows:
            self.last_id = max(self.last_id, number)
            self.times.update(dict.fromkeys(filter(None, keys), time))

    def forget(self, before: datetime) -> None:
        while self.times and next(iter(self.times.values())) < before:
            self.times.popitem(last=False)
        while len(self.times) > MOST_KEYS:
            self.times.popitem(last=False)
            self.whole = False


class KnownEvents:
    """Tells which events of assets are known. For one thread, which holds the assets' lock meanwhile."""

    def __init__(self) -> None:
        self._assets: dict[int, _Keys] = {}

    def among(self, session: Session, wanted: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
        """Return which of some events are known, by asset and key."""
        since = datetime.now(UTC) - REPEATED_WITHIN
        found = set()
        for asset_id in {asset_id for asset_id, _ in wanted}:
            keys = {key for asset, key in wanted if asset == asset_id}
            known = self._up_to_date(session, asset_id, since)
            missing = set() if known.whole else keys - known.times.keys()
            stored = _stored(session, asset_id, since, missing) if missing else set()
            found |= {(asset_id, key) for key in (keys & known.times.keys()) | stored}
        return found

    def _up_to_date(self, session: Session, asset_id: int, since: datetime) -> _Keys:
        columns = select(AssetEvent.id, AssetEvent.timestamp, _OURS, _WATCHED)
        if known := self._assets.get(asset_id):
            # The sum keeps the database from the index of all events of the asset.
            newer = AssetEvent.id > known.last_id - MARGIN, AssetEvent.asset_id + 0 == asset_id
            fresh = columns.where(*newer, AssetEvent.timestamp >= since)
            known.add(session.execute(fresh.order_by(AssetEvent.id)).all())
        else:
            known = self._assets[asset_id] = _Keys()
            recent = columns.where(AssetEvent.asset_id == asset_id, AssetEvent.timestamp >= since)
            latest = session.execute(recent.order_by(AssetEvent.id.desc()).limit(MOST_KEYS)).all()
            known.whole = len(latest) < MOST_KEYS
            known.add(latest[::-1])
        known.forget(since)
        return known


def _stored(session: Session, asset_id: int, since: datetime, keys: Collection[str]) -> set[str]:
    """Return which keys the database has among the events of an asset."""
    told = select(_OURS, _WATCHED).where(
        AssetEvent.asset_id == asset_id,
        AssetEvent.timestamp >= since,
        or_(_OURS.in_(keys), _WATCHED.in_(keys)),
    )
    return {key for row in session.execute(told) for key in row if key}

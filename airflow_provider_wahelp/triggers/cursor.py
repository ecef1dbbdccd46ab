"""How far a watcher has read its channel, kept by Airflow, so that a restart loses nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_wahelp.triggers.waiters import LATENESS

WATCHER = "watcher"
"""The field of an event's payload that names the cursor it moves."""


@dataclass(frozen=True)
class Position:
    """How far a channel was read.

    :param since: where the next reading begins, in seconds since 1970 by the history's clock.
    :param seen: the keys of the events since then, with their times.
    """

    since: float
    seen: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Any) -> Position | None:
        """Read a stored position; ``None`` if it is none."""
        if not isinstance(value, Mapping) or not isinstance(value.get("since"), int | float):
            return None
        return cls(float(value["since"]), dict(value.get("seen") or {}))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"since": self.since, "seen": dict(self.seen)}

    def after(self, key: str, at: float | None) -> Position:
        """Return the position after an event.

        :param at: the time of its message; one without a time never moves where the reading begins.
        """
        since = self.since if at is None else max(self.since, at - LATENESS)
        seen = {**self.seen, key: since if at is None else at}
        return Position(since, {each: time for each, time in seen.items() if time >= since})


class Accessor(Protocol):
    """What Airflow 3.3 gives a trigger for each of its assets."""

    async def aget(self, key: str, default: Any = None) -> Any:
        """Return a value."""

    async def aset(self, key: str, value: Any) -> None:
        """Store a value."""


class StoredCursor:
    """A cursor in the assets' state store (3.3). A listener moves it in the transaction of each event.

    So an event and its cursor are stored together or not at all: each message is exactly one event.
    """

    def __init__(self, name: str, accessors: Collection[Accessor]) -> None:
        self._name = name
        self._accessors = accessors

    async def load(self) -> Position | None:
        """Return the position; ``None`` at the very first start."""
        found = [Position.from_json(await each.aget(self._name)) for each in self._accessors]
        return min(filter(None, found), key=lambda position: position.since, default=None)

    async def begin(self, position: Position) -> None:
        """Store where the watcher began, before there was an event."""
        for accessor in self._accessors:
            await accessor.aset(self._name, position.to_json())

    async def passed(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Do nothing: the listener has done it."""


def is_moved_by_listener() -> bool:
    """Return whether this Airflow tells a listener of each event before it is committed (3.2)."""
    try:
        from airflow.listeners.spec import asset
    except ImportError:
        return False
    return hasattr(asset, "on_asset_event_emitted")


class VariableCursor:
    """A cursor in a Variable, before Airflow 3.3.

    On 3.2 a listener moves it in the transaction of each event. Before, an event that was yielded may not be
    stored yet. So the cursor stays behind by :data:`LATENESS` and knows no keys: after a restart the last
    minutes' messages are events once more, and the reader drops those.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._since = 0.0

    async def load(self) -> Position | None:
        """Return the position; ``None`` at the very first start."""
        from airflow.models.variable import Variable
        from asgiref.sync import sync_to_async

        stored = await sync_to_async(Variable.get)(self._name, default_var=None)
        position = Position.from_json(json.loads(stored)) if stored else None
        self._since = position.since if position else 0.0
        return position

    async def begin(self, position: Position) -> None:
        """Store where the watcher began, before there was an event."""
        await self._store(position)

    async def passed(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Move the cursor after events that Airflow has taken, unless a listener has moved it."""
        if is_moved_by_listener():
            return
        times = [time for each in events if (time := event_time(each)) is not None]
        since = max(times, default=0.0) - LATENESS
        if since > self._since:
            await self._store(Position(since))

    async def _store(self, position: Position) -> None:
        from airflow.models.variable import Variable
        from asgiref.sync import sync_to_async

        self._since = position.since
        await sync_to_async(Variable.set)(self._name, json.dumps(position.to_json()))


def event_time(payload: Mapping[str, Any]) -> float | None:
    """Return the time of an event's message, in seconds since 1970."""
    at = payload.get("at")
    return datetime.fromisoformat(at).timestamp() if isinstance(at, str) else None

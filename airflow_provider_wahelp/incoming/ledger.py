"""Which messages a task has read, and in which run: pure decisions over a plain JSON state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_wahelp.assets.event import IncomingEvent

MARGIN = timedelta(minutes=10)
"""How far before the last event the next reading begins: an event may be stored later than a newer one."""

REMEMBERED = timedelta(days=1)
"""How long a message is known: a webhook and a poll may tell of the same one, hours apart."""

MOST_KEYS, MOST_RUNS = 5000, 200
"""What the state holds at most; Airflow keeps it as one value."""


@dataclass(frozen=True)
class StoredEvent:
    """An event of an asset.

    :param stored: when Airflow stored it.
    """

    event: IncomingEvent
    stored: datetime


@dataclass(frozen=True)
class ReadState:
    """What a task has read.

    :param newest: when the newest event that was read was stored.
    :param seen: when the event of each message was stored, by its key.
    :param runs: the keys that each run was given, and where its reading began.
    """

    newest: datetime
    seen: Mapping[str, str] = field(default_factory=dict)
    runs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Any) -> ReadState | None:
        """Read a stored state; ``None`` before the first reading."""
        if not isinstance(value, Mapping) or "newest" not in value:
            return None
        return cls(datetime.fromisoformat(value["newest"]), value["seen"], value["runs"])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"newest": self.newest.isoformat(), "seen": dict(self.seen), "runs": dict(self.runs)}

    def start(self, run_id: str) -> datetime:
        """Return from when on a run must read the events; a repeated run reads what it has read before."""
        given = self.runs.get(run_id)
        return datetime.fromisoformat(given["after"]) if given else self.newest - MARGIN

    def assign(self, run_id: str, events: Iterable[StoredEvent]) -> tuple[ReadState, list[IncomingEvent]]:
        """Give a run the messages that no run was given; one that was given some gets the same again.

        :param events: those since :meth:`start`.
        """
        first = _first_of_each(events)
        if run_id in self.runs:
            keys = self.runs[run_id]["keys"]
            return self, [first[key].event for key in keys if key in first]
        new = sorted((each for key, each in first.items() if key not in self.seen), key=_age)
        return self._with(run_id, new), [each.event for each in new]

    def _with(self, run_id: str, new: Sequence[StoredEvent]) -> ReadState:
        newest = max((each.stored for each in new), default=self.newest)
        newest = max(newest, self.newest)
        seen = {**self.seen, **{each.event.key: each.stored.isoformat() for each in new}}
        known = [item for item in seen.items() if datetime.fromisoformat(item[1]) >= newest - REMEMBERED]
        given = {"after": self.start(run_id).isoformat(), "keys": [each.event.key for each in new]}
        runs = [*self.runs.items(), (run_id, given)]
        return ReadState(newest, dict(known[-MOST_KEYS:]), dict(runs[-MOST_RUNS:]))


def _first_of_each(events: Iterable[StoredEvent]) -> dict[str, StoredEvent]:
    first: dict[str, StoredEvent] = {}
    for each in sorted(events, key=lambda each: each.stored):
        first.setdefault(each.event.key, each)
    return first


def _age(each: StoredEvent) -> tuple[datetime, datetime, int]:
    """Order messages as they were written; of one second, those with numbers by them."""
    number = each.event.id if isinstance(each.event.id, int) else 0
    return (each.event.at or each.stored).astimezone(UTC), each.stored, number

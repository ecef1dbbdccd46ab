"""Which messages a task has read, and in which run: pure decisions over a plain JSON state."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import floor
from typing import Any

from airflow_provider_wahelp.assets.event import IncomingEvent

MARGIN = timedelta(minutes=10)
"""How far before the last event the next reading begins: an event may be stored later than a newer one."""

REMEMBERED = timedelta(days=1)
"""How long a message is known: a webhook and a poll may tell of the same one, hours apart."""

MOST_RUNS = 200
"""How many runs are remembered, to give each the same messages again."""

MOST_BYTES = 60_000
"""What the state may take as JSON: above 64 KiB Airflow warns of a value. It takes more only for the last
run, and for what was read within the last :data:`MARGIN`, which must be known."""


@dataclass(frozen=True)
class StoredEvent:
    """An event of an asset.

    :param stored: when Airflow stored it.
    """

    event: IncomingEvent
    stored: datetime


@dataclass(frozen=True)
class Given:
    """What a run was given.

    :param after: where its reading began, in seconds since 1970.
    :param newest: when the newest event was stored that had been read by then.
    :param marks: stand for the keys of its messages: see :func:`mark`.
    """

    after: int
    newest: int
    marks: Sequence[str] = ()

    @property
    def size(self) -> int:
        """The bytes that it takes in the state, a little more than less."""
        return 60 + sum(len(each) + 1 for each in self.marks)


@dataclass(frozen=True)
class ReadState:
    """What a task has read.

    :param newest: when the newest event that was read was stored.
    :param runs: what each run was given, by its mark, the latest last.
    """

    newest: datetime
    runs: Mapping[str, Given] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Any) -> ReadState | None:
        """Read a stored state; ``None`` before the first reading."""
        if not isinstance(value, Mapping) or "newest" not in value:
            return None
        runs = {run: Given(after, newest, keys.split()) for run, after, newest, keys in value["runs"]}
        return cls(datetime.fromisoformat(value["newest"]), runs)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        runs = [[run, each.after, each.newest, " ".join(each.marks)] for run, each in self.runs.items()]
        return {"newest": self.newest.isoformat(), "runs": runs}

    def start(self, run_id: str) -> datetime:
        """Return from when on a run must read the events; a repeated run reads what it has read before."""
        given = self.runs.get(mark(run_id))
        return datetime.fromtimestamp(given.after, UTC) if given else self.newest - MARGIN

    def assign(self, run_id: str, events: Iterable[StoredEvent]) -> tuple[ReadState, list[IncomingEvent]]:
        """Give a run the messages that no run was given; one that was given some gets the same again.

        :param events: those since :meth:`start`.
        """
        first = _first_of_each(events)
        if given := self.runs.get(mark(run_id)):
            return self, [first[each].event for each in given.marks if each in first]
        seen = {each for given in self.runs.values() for each in given.marks}
        new = sorted((item for item in first.items() if item[0] not in seen), key=lambda item: _age(item[1]))
        return self._with(run_id, dict(new)), [each.event for _, each in new]

    def _with(self, run_id: str, new: Mapping[str, StoredEvent]) -> ReadState:
        newest = max([self.newest, *(each.stored for each in new.values())])
        given = Given(floor(self.start(run_id).timestamp()), floor(newest.timestamp()), list(new))
        return ReadState(newest, dict(_kept([*self.runs.items(), (mark(run_id), given)])))


def mark(key: str) -> str:
    """Return what stands for a key in the state: eleven characters without a blank."""
    return urlsafe_b64encode(blake2b(key.encode(), digest_size=8).digest()).decode().rstrip("=")


def _kept(runs: Sequence[tuple[str, Given]]) -> Sequence[tuple[str, Given]]:
    """Leave out the oldest runs, as far as time and room demand it."""
    newest, size, kept = runs[-1][1].newest, 0, 0
    for _, given in reversed(runs):
        size, age = size + given.size, timedelta(seconds=newest - given.newest)
        if kept and age > MARGIN and (age > REMEMBERED or size > MOST_BYTES or kept >= MOST_RUNS):
            break
        kept += 1
    return runs[-kept:]


def _first_of_each(events: Iterable[StoredEvent]) -> dict[str, StoredEvent]:
    first: dict[str, StoredEvent] = {}
    for each in sorted(events, key=lambda each: each.stored):
        first.setdefault(mark(each.event.key), each)
    return first


def _age(each: StoredEvent) -> tuple[datetime, datetime, int]:
    """Order messages as they were written; of one second, those with numbers by them."""
    number = each.event.id if isinstance(each.event.id, int) else 0
    return (each.event.at or each.stored).astimezone(UTC), each.stored, number

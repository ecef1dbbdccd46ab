"""A shared state in the tables of a database: one and the same for SQLite and PostgreSQL."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from airflow_provider_wahelp.storage.state.interface import KEPT, Limits, Rate, Records, Seen, Turn

T = TypeVar("T")

Run = Callable[..., list[tuple[Any, ...]]]
"""Runs a statement whose parameters are written ``:name``, and returns its rows."""

_EVER = 1 << 60  # milliseconds

_LAST = "SELECT at, off FROM wahelp_sent WHERE name = :name ORDER BY at DESC, id DESC LIMIT 1"
_NTH = "SELECT at FROM wahelp_sent WHERE name = :name ORDER BY at DESC LIMIT 1 OFFSET :before"
_COUNT = "SELECT count(*) FROM wahelp_sent WHERE name = :name AND at > :since AND at <= :until"
_SET_BACK = "UPDATE wahelp_sent SET at = :now WHERE name = :name AND at > :now"
_DROP_OLD = "DELETE FROM wahelp_sent WHERE name = :name AND at < :old"
_INSERT = "INSERT INTO wahelp_sent (name, at, off) VALUES (:name, :at, :off)"

_READ = "SELECT name, content FROM wahelp_known WHERE expires > :now AND name IN"
_UPSERT = """
INSERT INTO wahelp_known (name, content, expires) VALUES (:name, :content, :expires)
ON CONFLICT (name) DO UPDATE SET content = excluded.content, expires = excluded.expires
"""
_CLAIM = """
INSERT INTO wahelp_known (name, content, expires) VALUES (:name, :content, :expires)
ON CONFLICT (name) DO NOTHING
"""
_FORGET = "DELETE FROM wahelp_known WHERE name = :name"
_FORGET_THIS = f"{_FORGET} AND content = :content"
_FORGET_EXPIRED = "DELETE FROM wahelp_known WHERE expires <= :now"

_MEMBERS = """
SELECT name, at FROM wahelp_listed WHERE list = :list AND at >= :since AND expires > :now ORDER BY at, name
"""
_MEMBERS_OF = "SELECT list, name, at FROM wahelp_listed WHERE at >= :since AND expires > :now AND list IN"
_ADD = """
INSERT INTO wahelp_listed (list, name, at, expires) VALUES (:list, :name, :at, :expires)
ON CONFLICT (list, name) DO UPDATE SET at = excluded.at, expires = excluded.expires
"""
_DROP = "DELETE FROM wahelp_listed WHERE list = :list AND name = :name"
_DROP_EXPIRED = "DELETE FROM wahelp_listed WHERE expires <= :now"


class SqlState(ABC):
    """A state in three tables: what was sent, values by name, and lists of names.

    ``PACES``, ``KNOWN`` and the scopes of records may be kept apart: nothing spans two of them.
    """

    PACES, KNOWN = "pace", "known"

    @abstractmethod
    def _transact(
        self, part: str, lock: bytes | None, work: Callable[[Run], T], seconds: float | None = None
    ) -> T:
        """Do some work with a part, all or nothing.

        :param lock: what nobody else does at the same time; ``None``: each statement is atomic for itself.
        :param seconds: for how long to wait for the others.
        """

    @abstractmethod
    def _now(self, run: Run) -> float:
        """Return the time in seconds since 1970."""

    def take(self, name: bytes, limits: Limits, shift: float, seen: Seen | None = None) -> Turn:
        """Count a message, if its limits have room for it."""

        def work(run: Run) -> Turn:
            return _Log(run, name, int(self._now(run) * 1000)).take(limits, shift, seen)

        return self._transact(self.PACES, name, work)

    def count(self, name: bytes, window: int) -> int:
        """Return how many messages a log has of the last so many milliseconds."""

        def work(run: Run) -> int:
            now = int(self._now(run) * 1000)
            return _Log(run, name, now).count(now - window, _EVER)

        return self._transact(self.PACES, name, work)

    def read(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values of those names that exist."""
        return self._transact(self.KNOWN, None, lambda run: _read(run, names, self._now(run)))

    def write(self, name: bytes, content: bytes, seconds: float | None = None) -> None:
        """Write a value, in place of an earlier one."""

        def work(run: Run) -> object:
            expires = self._now(run) + seconds if seconds is not None else math.inf
            return run(_UPSERT, name=name, content=content, expires=expires)

        self._transact(self.KNOWN, None, work)

    def claim(self, name: bytes, content: bytes, seconds: float) -> bool:
        """Write a value for so long, unless there is another one; return whether it is there now."""

        def work(run: Run) -> bool:
            now = self._now(run)
            run(_FORGET_EXPIRED, now=now)
            run(_CLAIM, name=name, content=content, expires=now + seconds)
            return _read(run, [name], now) == {name: content}

        return self._transact(self.KNOWN, None, work)

    def forget(self, name: bytes, content: bytes | None = None) -> None:
        """Remove a value; with a content, only this one."""
        if content is None:
            self._transact(self.KNOWN, None, lambda run: run(_FORGET, name=name))
        else:
            self._transact(self.KNOWN, None, lambda run: run(_FORGET_THIS, name=name, content=content))

    def alone(self, scope: str, seconds: float, kept: float, work: Callable[[Records], T]) -> T:
        """Do some work with the records of a scope, all or nothing, while everybody else waits."""

        def whole(run: Run) -> T:
            records = SqlRecords(run, scope, self._now(run), kept)
            result = work(records)
            records.flush()
            return result

        return self._transact(scope, scope.encode(), whole, seconds)


class _Log:
    """The messages of one log, for one who is alone with it."""

    def __init__(self, run: Run, name: bytes, now: int) -> None:
        self._run = run
        self._name = name
        self._now = now

    def take(self, limits: Limits, shift: float, seen: Seen | None) -> Turn:
        """Count a message, if its limits have room for it."""
        last, off = self._last()
        if last > self._now:  # the clock was set back: what lies ahead counts as sent just now
            self._run(_SET_BACK, name=self._name, now=self._now)
            last = self._now
        if seen and seen.last > self._now - limits.span and (restored := self._restore(seen, limits.span)):
            last, off = (restored, 0.0) if restored >= last else (last, off)
        place = last + max(-limits.jitter, min(off, limits.jitter)) + limits.interval if last else self._now
        due, held = self._due(limits.rates, math.ceil(place + shift) if last and limits.interval else 0)
        wait = max(0, due - self._now)
        if not wait:
            self._run(_DROP_OLD, name=self._name, old=self._now - KEPT)
            self._add(self._now, place - self._now if limits.interval else 0.0)
        at = last if wait else self._now
        return Turn(wait, self._now, last, held if wait else -1, Seen(at, self.count(at - limits.span, at)))

    def count(self, since: int, until: int) -> int:
        """Return how many messages were sent after a moment, until another one."""
        return int(self._run(_COUNT, name=self._name, since=since, until=until)[0][0])

    def _last(self) -> tuple[int, float]:
        rows = self._run(_LAST, name=self._name)
        return rows[0] if rows else (0, 0.0)

    def _due(self, rates: Sequence[Rate], due: int) -> tuple[int, int]:
        held = -1
        for number, rate in enumerate(rates):
            if first := self._run(_NTH, name=self._name, before=rate.most - 1):
                free = int(first[0][0]) + rate.window + 1
                due, held = (free, number) if free > max(due, self._now) else (due, held)
        return due, held

    def _restore(self, seen: Seen, span: int) -> int:
        """Count anew what has vanished, as sent when the last of it was; return when that was."""
        last = min(seen.last, self._now)
        missing = seen.number - self.count(last - span, last)
        for _ in range(missing):
            self._add(last, 0.0)
        return last if missing > 0 else 0

    def _add(self, at: int, off: float) -> None:
        self._run(_INSERT, name=self._name, at=at, off=off)


def _read(run: Run, names: Sequence[bytes], now: float) -> dict[bytes, bytes]:
    return {bytes(name): bytes(content) for name, content in _of_names(run, _READ, names, now=now)}


def _of_names(run: Run, statement: str, names: Sequence[bytes], **values: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a statement that ends with ``IN``, for some names."""
    for some in batched(names):
        given = {f"name{number}": name for number, name in enumerate(some)}
        wanted = ", ".join(f":{name}" for name in given)
        yield from run(f"{statement} ({wanted})", **given, **values)


def _by_moment(member: tuple[bytes, float]) -> tuple[float, bytes]:
    name, at = member
    return at, name


def batched(names: Sequence[bytes], size: int = 500) -> list[Sequence[bytes]]:
    """Return names in pieces that a statement takes."""
    return [names[start : start + size] for start in range(0, len(names), size)]


class SqlRecords:
    """Records of a scope within a transaction; what is written is kept back until its end."""

    def __init__(self, run: Run, scope: str, now: float, kept: float) -> None:
        self._run = run
        self._prefix = scope.encode() + b"\0"
        self._at = now
        self._kept = kept
        self._writes: list[Callable[[], object]] = []

    def now(self) -> float:
        """Return the time by the clock of the state, in seconds since 1970."""
        return self._at

    def get(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the records with these names that exist."""
        found = _read(self._run, [self._prefix + name for name in names], self._at)
        return {name[len(self._prefix) :]: content for name, content in found.items()}

    def put(self, name: bytes, content: bytes) -> None:
        """Write a record."""
        values = {"name": self._prefix + name, "content": content, "expires": self._at + self._kept}
        self._writes.append(lambda: self._run(_UPSERT, **values))

    def members(self, group: bytes, since: float = 0.0) -> list[tuple[bytes, float]]:
        """Return the names of a list since a moment, each with its own, in their order."""
        rows = self._run(_MEMBERS, list=self._prefix + group, since=since, now=self._at)
        return [(bytes(name), at) for name, at in rows]

    def members_of(self, groups: Sequence[bytes], since: float) -> dict[bytes, list[tuple[bytes, float]]]:
        """Return the names of some lists since a moment; no empty list."""
        found: dict[bytes, list[tuple[bytes, float]]] = {}
        lists = [self._prefix + group for group in groups]
        for one, name, at in _of_names(self._run, _MEMBERS_OF, lists, since=since, now=self._at):
            found.setdefault(bytes(one)[len(self._prefix) :], []).append((bytes(name), at))
        return {group: sorted(members, key=_by_moment) for group, members in found.items()}

    def add(self, group: bytes, name: bytes, at: float) -> None:
        """Put a name on a list, at a moment; one that is on it moves there."""
        values = {"list": self._prefix + group, "name": name, "at": at, "expires": at + self._kept}
        self._writes.append(lambda: self._run(_ADD, **values))

    def drop(self, group: bytes, name: bytes) -> None:
        """Take a name off a list."""
        self._writes.append(lambda: self._run(_DROP, list=self._prefix + group, name=name))

    def flush(self) -> None:
        """Write what was kept back, and drop what is older than it is kept."""
        if not self._writes:
            return
        for write in self._writes:
            write()
        for statement in (_FORGET_EXPIRED, _DROP_EXPIRED):
            self._run(statement, now=self._at)

"""The people of a mailing while a task writes to them: on the disk, so that a million take no memory.

Each attempt makes it anew from the recipients and from what the ledger remembers. It is gone with the
process: its file has no name.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.delivery.mailing.chunks import Done
from airflow_provider_wahelp.delivery.mailing.outcome import SENDINGS, Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.report import ReportRow

EVERYBODY, BEGUN = "TRUE", "state <> 'waiting'"
"""Conditions for :meth:`Worklist.report`."""

_CACHE = 16_000  # KiB of the file that are kept in memory
_PRAGMAS = (  # what would survive the process is gone with it: nothing need be flushed to the disk
    f"PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE};"
)
_SCHEMA = """
CREATE TABLE people (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE, label TEXT, user_id, phone TEXT, name TEXT, zones TEXT,
    text TEXT, state TEXT NOT NULL DEFAULT 'waiting', reason TEXT NOT NULL DEFAULT '', message_id,
    digest TEXT NOT NULL DEFAULT '', began REAL, by_host INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, by_phone INTEGER NOT NULL DEFAULT 0,
    standing TEXT NOT NULL DEFAULT 'sent', over INTEGER NOT NULL DEFAULT 0,
    named -- the user whom the source names now: what was begun may have been for another
);
CREATE INDEX unsent ON people (state, number) WHERE state IN ('waiting', 'open');
CREATE INDEX sent ON people (message_id) WHERE message_id IS NOT NULL;
CREATE TABLE history (message_id PRIMARY KEY, user_id, digest TEXT, at REAL);
CREATE INDEX texts ON history (digest, user_id, at);
"""


COLUMNS = ", ".join(QueuedMessage._fields)
_NAMED = f"?{QueuedMessage._fields.index('user_id') + 1}"
_ADD = (
    f"INSERT OR IGNORE INTO people ({COLUMNS}, named) "  # noqa: S608
    f"VALUES ({', '.join('?' * len(QueuedMessage._fields))}, {_NAMED})"
)
_SETTLE = (
    "UPDATE people SET state = :state, reason = :reason, message_id = :message_id, "
    "user_id = iif(:state = 'waiting', named, user_id) WHERE number = :number"
)
_FITTING = (  # two branches, as an OR would read the same text to everybody for each person
    "SELECT message_id, at FROM history WHERE digest = :digest AND user_id {} AND at >= :since "
    "AND message_id IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM people WHERE people.message_id = history.message_id)"
)
_FIND = f"{_FITTING.format('IS NULL')} UNION ALL {_FITTING.format('= :user_id')} ORDER BY at LIMIT 1"
_REPORT = "SELECT max(number, 0), label, user_id, phone, state, reason, message_id FROM people"
_BY_SOURCE = "ORDER BY number < 0, number"
_PERSON = f"SELECT {COLUMNS} FROM people WHERE state = ?"  # noqa: S608


class Worklist:
    """Who is still to be written to, and what became of the others. For one thread."""

    def __init__(self) -> None:
        with tempfile.NamedTemporaryFile(prefix="wahelp-") as file:  # mkstemp's mode, 0600
            self._db = sqlite3.connect(file.name, isolation_level=None)
            self._db.executescript(f"{_PRAGMAS} {_SCHEMA}")
            # Here the file loses its name, and with the process its contents.
        self.zones: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, people: Sequence[QueuedMessage]) -> int:
        """Add people; one with the key of an earlier one is not written to.

        :return: how many had such a key.
        """
        before = self._db.total_changes
        self._many(_ADD, people)
        self.zones.update(person.zones for person in people)
        if self._db.total_changes - before == len(people):
            return 0
        return sum(self._repeats(person) for person in people)

    def reject(
        self,
        number: int,
        outcome: Outcome,
        reason: str,
        user_id: Id | None = None,
        phone: str | None = None,
        label: str = "",
    ) -> None:
        """Add somebody who is not to be written to.

        :param number: the row in the source, from 1.
        :param outcome: why not, as the report counts it.
        :param reason: why not, in words.
        :param user_id: the person, where that is known.
        :param phone: or their number.
        :param label: what the row itself names as its key.
        """
        self._db.execute(
            "INSERT INTO people (number, state, reason, user_id, phone, label) VALUES (?, ?, ?, ?, ?, ?)",
            (number, outcome.value, reason, user_id, phone, label),
        )

    def waiting(self, limit: int, closed: Collection[str] = ()) -> list[QueuedMessage]:
        """Return the next people to be written to.

        :param limit: how many at most.
        :param closed: zones whose people are not to be written to now.
        """
        where = f" AND zones NOT IN ({', '.join('?' * len(closed))})" if closed else ""
        query = f"{_PERSON}{where} ORDER BY number LIMIT ?"
        return list(map(QueuedMessage._make, self._db.execute(query, (WAITING, *closed, limit))))

    def waiting_zones(self) -> set[str]:
        """Return the zones of those who are still to be written to."""
        query = "SELECT DISTINCT zones FROM people WHERE state = ?"
        return {zones for (zones,) in self._db.execute(query, (WAITING,))}

    def open(self) -> list[QueuedMessage]:
        """Return those of whom it is not known whether their message went."""
        return list(map(QueuedMessage._make, self._db.execute(f"{_PERSON} ORDER BY number", (OPEN,))))

    def begin(self, people: Iterable[QueuedMessage]) -> None:
        """Note that the sending to people is begun."""
        self._many(
            "UPDATE people SET state = 'open', user_id = ?, digest = ?, began = ?, by_host = ? "
            "WHERE number = ?",
            (
                (person.user_id, person.digest, person.began, person.by_host, person.number)
                for person in people
            ),
        )

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Note whatever is settled meanwhile in one transaction: each on its own costs ten times as much."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def settle(self, number: int, state: str, reason: str = "", message_id: Id | None = None) -> None:
        """Note what became of somebody; who waits again is whom the source names, by phone or as a user.

        :param number: the row.
        :param state: an outcome, :data:`OPEN` or :data:`WAITING`.
        :param reason: why.
        :param message_id: the message.
        """
        outcome = {"state": str(state), "reason": reason, "message_id": message_id, "number": number}
        self._db.execute(_SETTLE, outcome)

    def try_again(self, number: int) -> None:
        """Note that a message certainly did not go: it is for whom the source names now."""
        self._db.execute(
            "UPDATE people SET state = 'waiting', attempts = attempts + 1, user_id = named WHERE number = ?",
            (number,),
        )

    def remember_done(self, done: Done) -> None:
        """Note what became of somebody in an earlier attempt, also if the source no longer has them."""
        known: dict[str, object] = {"state": str(done.outcome), "message_id": done.message_id}
        known["reason"] = "" if done.outcome == Outcome.SENT else "in an earlier attempt"
        if done.user_id is not None:
            known["user_id"] = done.user_id
        self._remember(
            done.key,
            {**known, "began": done.at, "by_host": 0, "standing": done.standing, "over": done.over},
        )

    def remember_open(self, key: str, digest: str, user_id: Id, began: float, by_host: bool) -> None:
        """Note what an earlier attempt had begun, also if the source no longer has them."""
        known = {"digest": digest, "user_id": user_id, "began": began, "by_host": by_host}
        self._remember(key, {"state": OPEN, "message_id": None, **known})

    def forget(self, key: str) -> None:
        """Let somebody wait again of whom an earlier attempt has given up."""
        self._db.execute(
            "UPDATE people SET state = 'waiting', began = NULL, user_id = named "
            "WHERE key = ? AND text IS NOT NULL",
            (key,),
        )

    def users(self) -> Iterator[tuple[int, Id]]:
        """Yield row and id of those users of the channel who are to be written to."""
        yield from self._db.execute(
            "SELECT number, user_id FROM people WHERE state = 'waiting' AND user_id IS NOT NULL"
        )

    def add_history(self, message_id: Id | None, user_id: Id | None, digest: str, at: float) -> None:
        """Note a text that the channel's history has.

        :param message_id: the message.
        :param user_id: whom it was for.
        :param digest: what its text is recognised by.
        :param at: when, in seconds since 1970.
        """
        self._db.execute(
            "INSERT OR IGNORE INTO history VALUES (?, ?, ?, ?)", (message_id, user_id, digest, at)
        )

    def in_history(self, user_id: Id | None, digest: str, since: float) -> Id | None:
        """Return a message to somebody that is nobody else's.

        :param user_id: the person.
        :param digest: what the text is recognised by.
        :param since: when its sending was begun, in seconds since 1970.
        """
        wanted = {"digest": digest, "user_id": user_id, "since": since}
        row = self._db.execute(_FIND, wanted).fetchone()
        return row[0] if row else None

    def totals(self) -> dict[str, int]:
        """Return how many people there are in each state."""
        return dict(self._db.execute("SELECT state, count(*) FROM people GROUP BY state").fetchall())

    def outcomes(self) -> dict[str, int]:
        """Return how many people there are of each outcome while a mailing is sent."""
        found = self.totals()
        outcomes = {outcome.value: found.get(outcome.value, 0) for outcome in SENDINGS}
        outcomes[Outcome.DEFERRED.value] += found.get(WAITING, 0) + found.get(OPEN, 0)
        return outcomes

    def left_out(self) -> dict[tuple[str, str], int]:
        """Return how many are not to be written to, by state; those who do not want it, by the reason too."""
        query = (
            "SELECT state, iif(state = 'suppressed', reason, ''), count(*) FROM people "
            "WHERE state NOT IN ('waiting', 'open') GROUP BY 1, 2"
        )
        return {(state, reason): count for state, reason, count in self._db.execute(query)}

    def waiting_by_zones(self) -> dict[str, int]:
        """Return how many are still to be written to, by their zones."""
        query = "SELECT zones, count(*) FROM people WHERE state = ? GROUP BY zones"
        return dict(self._db.execute(query, (WAITING,)).fetchall())

    def report(self, where: str = EVERYBODY) -> Iterator[ReportRow]:
        """Yield what became of people, in the order of the source.

        :param where: of whom: :data:`EVERYBODY`, :data:`BEGUN` or :func:`among`.
        """
        query = f"{_REPORT} WHERE {where} {_BY_SOURCE}"
        for number, label, user_id, phone, state, reason, message_id in self._db.execute(query):
            outcome, why = _reported(state, reason)
            yield ReportRow(number, label or "", user_id, phone or None, outcome, why, message_id)

    def _repeats(self, person: QueuedMessage) -> bool:
        first = self._db.execute("SELECT number FROM people WHERE key = ?", (person.key,)).fetchone()[0]
        if first == person.number:
            return False
        reason = f"the same key as row {first}"
        self.reject(person.number, Outcome.SKIPPED, reason, person.user_id, person.phone, person.label)
        return True

    def _remember(self, key: str, known: dict[str, object]) -> None:
        assignments = ", ".join(f"{name} = ?" for name in known)
        changed = self._db.execute(
            f"UPDATE people SET {assignments} WHERE key = ?",  # noqa: S608 - our own names
            (*known.values(), key),
        )
        if not changed.rowcount:
            names, marks = ", ".join(known), ", ".join("?" * len(known))
            self._db.execute(  # a number below 0 is no row of the source
                f"INSERT INTO people (number, key, {names}) "  # noqa: S608
                f"VALUES ((SELECT min(0, ifnull(min(number), 0)) - 1 FROM people), ?, {marks})",
                (key, *known.values()),
            )

    def _many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(statement, rows)
        self._db.execute("COMMIT")


def among(numbers: Iterable[int]) -> str:
    """Return the condition that it is one of some rows.

    :param numbers: their numbers.
    """
    return f"number IN ({', '.join(map(str, numbers))})"


def _reported(state: str, reason: str) -> tuple[Outcome, str]:
    """Say of a state what the report says of it."""
    if state == WAITING:
        return Outcome.DEFERRED, "not sent yet"
    if state == OPEN:
        return Outcome.DEFERRED, "it is not known yet whether it was sent"
    return Outcome(state), reason

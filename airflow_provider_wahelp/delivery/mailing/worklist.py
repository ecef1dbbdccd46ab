"""The recipients of a mailing while a task writes to them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Self

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.likeness import digest
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.notices import is_deleted
from airflow_provider_wahelp.delivery.mailing.awaited import AwaitedMessages
from airflow_provider_wahelp.delivery.mailing.chunks import Begun, Done
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.results import Results
from airflow_provider_wahelp.delivery.mailing.worklist_file import (
    at_once,
    change_many,
    drop_keys,
    index_keys,
    open_file,
)

DELETED = "deleted"
"""In place of a digest: what the message said is lost."""

_SOME = 1000  # people that are looked at together
_ALL = -1  # SQLite's limit for no limit
_COLUMNS = ", ".join(QueuedMessage._fields)
_MARKS = ", ".join("?" * len(QueuedMessage._fields))
_NAMED = f"?{QueuedMessage._fields.index('user_id') + 1}"
_PERSON = f"SELECT {_COLUMNS} FROM people WHERE state = ?"  # noqa: S608 - our own names, here and below
_AS_NAMED = _COLUMNS.replace("user_id", "iif(by_phone, user_id, named)")
_ADD = f"INSERT INTO people ({_COLUMNS}, named) VALUES ({_MARKS}, {_NAMED})"  # noqa: S608
_ADOPT = (  # what the source says of somebody counts, and what the ledger says of them
    f"INSERT INTO people ({_COLUMNS}) VALUES ({_MARKS}) "  # noqa: S608
    "ON CONFLICT (key) DO UPDATE SET number = excluded.number, text = excluded.text, phone = excluded.phone, "
    "name = excluded.name, zones = excluded.zones, label = excluded.label, by_phone = excluded.by_phone, "
    "file = excluded.file"
)
_SETTLE = (
    "UPDATE people SET state = :state, reason = :reason, message_id = :message_id, "
    "user_id = iif(:state = 'waiting', named, user_id) WHERE number = :number"
)
_NO_OTHER = (
    "SELECT message_id, user_id, text, message_type, file_url, at FROM history WHERE user_id {} "
    "AND NOT EXISTS (SELECT 1 FROM people WHERE people.message_id = history.message_id)"
)
_FIND = (  # two branches, as an OR would read all that went to nobody in particular for each person
    f"{_NO_OTHER.format('= :user_id')} UNION ALL "
    f"{_NO_OTHER.format('IS NULL AND digest IN (:digest, :deleted)')}"
)
_SAME = (
    "SELECT number FROM people WHERE user_id = ? AND text = ? AND file = ? AND number <> ? "
    "AND state IN ('open', 'sent') LIMIT 1"
)
_SEEN = ("id", "user_id", "text", "message_type", "file_url")
_NEW_NUMBER = "SELECT min(0, ifnull(min(number), 0)) - 1 FROM people"  # below 0: no row of the source


class Worklist:
    """The recipients of one channel: which are still to be written to, and what became of the others.

    For one thread.
    """

    def __init__(self) -> None:
        self._db = open_file()
        self.results = Results(self._db)
        self.awaited = AwaitedMessages(self._db)
        self.zones: set[str] = set()
        """The zones of all recipients; any thread may read them."""
        self.unusable = ""
        """Why the channel cannot be used, if so."""
        self.repeats = 0
        """How many rows had the key of an earlier one."""
        self._ways: set[bool] = set()
        """How the rows name their recipients, by phone or not: in one way, equal rows have equal keys."""
        self._set_aside: dict[str, QueuedMessage] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Take in the source's recipients; then leave out each with the key of an earlier one."""
        drop_keys(self._db)
        yield
        self.repeats = index_keys(self._db)

    def add(self, people: Sequence[QueuedMessage]) -> None:
        """Add recipients, while the worklist is being filled."""
        change_many(self._db, _ADD, people)
        self.zones.update(person.zones for person in people)
        self._ways.update(person.by_phone for person in people)

    def reject(
        self,
        number: int,
        outcome: Outcome,
        reason: str,
        user_id: Id | None = None,
        phone: str | None = None,
        label: str = "",
    ) -> None:
        """Add a recipient that is not to be written to."""
        self._db.execute(
            "INSERT INTO people (number, state, reason, user_id, phone, label) VALUES (?, ?, ?, ?, ?, ?)",
            (number, outcome.value, reason, user_id, phone, label),
        )

    def adopt(self, people: Iterable[QueuedMessage]) -> None:
        """Add recipients that another channel did not reach; fill in those known by their key alone."""
        adopted = list(map(self._as_begun, people))
        change_many(self._db, _ADOPT, adopted)
        self.zones.update(person.zones for person in adopted)
        self._ways.update((True, False))  # the first channel's rows, named as this one finds them

    def waiting(self, limit: int, closed: Collection[str] = ()) -> list[QueuedMessage]:
        """Return the next recipients to be written to.

        :param closed: zones that have quiet hours.
        """
        return self._waiting("number", limit, closed)

    def spread(self, limit: int, closed: Collection[str] = ()) -> list[QueuedMessage]:
        """Return some of the recipients to be written to, from all over the source.

        :param closed: zones that have quiet hours.
        """
        return self._waiting("key", limit, closed)  # a digest

    def waiting_zones(self) -> set[str]:
        """Return the zones of the recipients that wait."""
        query = "SELECT DISTINCT zones FROM people WHERE state = ?"
        return {zones for (zones,) in self._db.execute(query, (WAITING,))}

    def waiting_by_zones(self) -> dict[str, int]:
        """Return how many recipients wait, by their zones."""
        query = "SELECT zones, count(*) FROM people WHERE state = ? GROUP BY zones"
        return dict(self._db.execute(query, (WAITING,)).fetchall())

    def waiting_people(self, *, users_only: bool = False) -> Iterator[list[QueuedMessage]]:
        """Yield those that wait, some at a time: they may be settled meanwhile.

        :param users_only: only those whose id is known.
        """
        query = f"{_PERSON} AND number > ? AND (user_id IS NOT NULL OR NOT ?) ORDER BY number LIMIT ?"
        last = -math.inf
        while rows := self._db.execute(query, (WAITING, last, users_only, _SOME)).fetchall():
            yield list(map(QueuedMessage._make, rows))
            last = rows[-1][0]

    def open(self) -> list[QueuedMessage]:
        """Return the recipients whose sends are of unknown outcome."""
        return list(map(QueuedMessage._make, self._db.execute(f"{_PERSON} ORDER BY number", (OPEN,))))

    def row_of_same(self, person: QueuedMessage, beside: Iterable[QueuedMessage]) -> int | None:
        """Return another row with the same text to the same user; a row with a key is its own message.

        :param beside: those that are about to be begun together with this one.
        """
        if person.label or len(self._ways) == 1:
            return None
        if same := next((other.number for other in beside if other.is_same(person)), None):
            return same
        row = self._db.execute(_SAME, (person.user_id, person.text, person.file, person.number)).fetchone()
        return row[0] if row else None

    def person(self, key: str) -> QueuedMessage | None:
        """Return a recipient, if the source still has them."""
        query = f"SELECT {_AS_NAMED} FROM people WHERE key = ? AND text IS NOT NULL"  # noqa: S608
        row = self._db.execute(query, (key,)).fetchone()
        return QueuedMessage._make(row) if row else None

    def begin(self, people: Iterable[QueuedMessage]) -> None:
        """Note that the sending to people is begun."""
        change_many(
            self._db,
            "UPDATE people SET state = 'open', user_id = ?, digest = ?, began = ?, by_host = ? "
            "WHERE number = ?",
            ((each.user_id, each.digest, each.began, each.by_host, each.number) for each in people),
        )

    def at_once(self) -> AbstractContextManager[None]:
        """Note whatever is settled meanwhile in one transaction."""
        return at_once(self._db)

    def settle(self, number: int, state: str, reason: str = "", message_id: Id | None = None) -> None:
        """Note what became of a recipient; one that waits again is the one that the source names now.

        :param state: an outcome, :data:`OPEN` or :data:`WAITING`.
        """
        outcome = {"state": str(state), "reason": reason, "message_id": message_id, "number": number}
        self._db.execute(_SETTLE, outcome)

    def try_again(self, number: int) -> None:
        """Note that a message certainly did not go; it is for the recipient that the source names now."""
        self._db.execute(
            "UPDATE people SET state = 'waiting', attempts = attempts + 1, user_id = named WHERE number = ?",
            (number,),
        )

    def set_aside(self) -> list[str]:
        """Take out the recipients that wait, until they are adopted again; when they were begun is kept."""
        self._set_aside = {person.key: person for person in self.waiting(_ALL)}
        self.dismiss()
        return list(self._set_aside)

    def dismiss(self) -> None:
        """Take out the recipients that wait: the channel cannot be used."""
        self._db.execute("DELETE FROM people WHERE state = ?", (WAITING,))

    def remember_done(self, done: Done) -> None:
        """Note what an earlier attempt has done, also for a recipient that the source no longer has."""
        known: dict[str, object] = {
            "state": str(done.outcome),
            "message_id": done.message_id,
            "reason": "" if done.outcome == Outcome.SENT else "in an earlier attempt",
            "began": done.at,
            "by_host": 0,
            "status": done.status,
            "over": done.over,
        }
        self._remember(done.key, known if done.user_id is None else {**known, "user_id": done.user_id})

    def remember_open(self, begun: Begun) -> None:
        """Note what an earlier attempt has begun, also for a recipient that the source no longer has."""
        known = begun._asdict()
        self._remember(known.pop("key"), {**known, "state": OPEN, "message_id": None})

    def forget(self, key: str) -> None:
        """Let a recipient wait again that an earlier attempt has given up."""
        self._db.execute(
            "UPDATE people SET state = 'waiting', began = NULL, user_id = named "
            "WHERE key = ? AND text IS NOT NULL",
            (key,),
        )

    def pass_over(self, keys: Iterable[str]) -> None:
        """Leave out waiting recipients that another channel has written to before the task was cleared."""
        change_many(
            self._db,
            "UPDATE people SET state = 'no_messenger', reason = 'in an earlier attempt' "
            "WHERE key = ? AND state = 'waiting'",
            ((key,) for key in keys),
        )

    def add_history(self, message: Message) -> None:
        """Note an outgoing message that the channel's history has."""
        text = message.text or ""
        known = DELETED if is_deleted(text) else digest(text)
        at = message.created_at.timestamp() if message.created_at else None
        row = (message.id, message.user_id, known, message.text, message.message_type, message.file_url, at)
        self._db.execute("INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def in_history(self, user_id: Id | None, text_digest: str) -> list[Message]:
        """Return what the history has for a user, or with a text for nobody named, the oldest first."""
        wanted = {"user_id": user_id, "digest": text_digest, "deleted": DELETED}
        rows = sorted(self._db.execute(_FIND, wanted), key=lambda row: row[-1] or 0.0)
        return [
            Message(**dict(zip(_SEEN, seen, strict=True)), created_at=_time(at), direction="outgoing")
            for *seen, at in rows
        ]

    def _waiting(self, order: str, limit: int, closed: Collection[str]) -> list[QueuedMessage]:
        where = f" AND zones NOT IN ({', '.join('?' * len(closed))})" if closed else ""
        query = f"{_PERSON}{where} ORDER BY {order} LIMIT ?"
        return list(map(QueuedMessage._make, self._db.execute(query, (WAITING, *closed, limit))))

    def _as_begun(self, person: QueuedMessage) -> QueuedMessage:
        """Return a recipient with what is known of an earlier send that was not carried out."""
        if not (begun := self._set_aside.get(person.key)):
            return person
        known = ("digest", "began", "by_host", "attempts")
        return person._replace(**{name: getattr(begun, name) for name in known})

    def _remember(self, key: str, known: dict[str, object]) -> None:
        changes = ", ".join(f"{name} = ?" for name in known)
        query = f"UPDATE people SET {changes} WHERE key = ?"  # noqa: S608
        # Nearly all are there: an upsert would look for a new number for each of them, too.
        if not self._db.execute(query, (*known.values(), key)).rowcount:
            names, marks = ", ".join(known), ", ".join("?" * len(known))
            self._db.execute(
                f"INSERT INTO people (number, key, {names}) VALUES (({_NEW_NUMBER}), ?, {marks})",  # noqa: S608
                (key, *known.values()),
            )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

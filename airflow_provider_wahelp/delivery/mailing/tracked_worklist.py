"""How far the messages of a mailing have got, beside whom they are for: on the disk with the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.status import delivery_status, latest, status_reached
from airflow_provider_wahelp.delivery.mailing.chunks import Done
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.worklist import COLUMNS, EVERYBODY, Worklist

_ALL = -1  # SQLite's limit for no limit
_BATCH = 200  # messages that are in memory at once
_AS_NAMED = ", ".join(
    "iif(by_phone, user_id, named)" if name == "user_id" else name for name in QueuedMessage._fields
)
_SCHEMA = """
CREATE INDEX on_the_way ON people (began) WHERE state = 'sent' AND NOT over;
CREATE VIEW awaited AS SELECT * FROM people WHERE state = 'sent' AND NOT over;
"""
_DONE = "SELECT key, state, message_id, user_id, began, standing, over FROM awaited WHERE "
_ADOPT = (  # what the source says of somebody counts, and what the ledger says of them
    f"INSERT INTO people ({COLUMNS}) VALUES ({', '.join('?' for _ in QueuedMessage._fields)}) "  # noqa: S608
    "ON CONFLICT (key) DO UPDATE SET number = excluded.number, text = excluded.text, phone = excluded.phone, "
    "name = excluded.name, zones = excluded.zones, label = excluded.label, by_phone = excluded.by_phone"
)


class DeliveryState(NamedTuple):
    """What became of somebody in one channel.

    :param state: an outcome, or that they wait, or that it is not known.
    :param standing: how far the message has got.
    :param over: whether nobody waits any more for it to get further.
    :param reason: why it was not sent.
    :param message_id: the message.
    :param user_id: who they are in the channel.
    """

    state: str
    standing: str
    over: bool
    reason: str
    message_id: Id | None
    user_id: Id | None

    @property
    def delivered(self) -> bool:
        """Whether the message has arrived."""
        return status_reached(self.standing, "delivered")


class Awaited(NamedTuple):
    """The messages that are waited for.

    :param total: how many they are.
    :param oldest: when the first was sent, in seconds since 1970.
    :param newest: when the last was.
    """

    total: int
    oldest: float
    newest: float


class TrackedWorklist(Worklist):
    """A worklist that knows also how far the messages have got. For one thread."""

    def __init__(self) -> None:
        super().__init__()
        self._db.executescript(_SCHEMA)
        self._set_aside: dict[str, QueuedMessage] = {}
        self.unusable = ""
        """Why nobody can be written to through this channel."""

    def empty(self) -> bool:
        """Return whether there is nobody."""
        return self._db.execute("SELECT 1 FROM people LIMIT 1").fetchone() is None

    def settle_times(self, ahead: float, default: float) -> None:
        """Have all messages a time by the server's clock.

        :param ahead: the seconds by which the server's clock is ahead of this host's.
        :param default: when those were sent of which neither ledger nor history tells.
        """
        self._db.execute(
            "UPDATE people SET began = began + ?, by_host = 0 WHERE by_host AND state = 'sent'", (ahead,)
        )
        self._db.execute(
            "UPDATE people SET began = ifnull((SELECT at FROM history WHERE at < 9e15 "
            "AND history.message_id = people.message_id), ?) WHERE began IS NULL AND state = 'sent'",
            (default,),
        )

    def stop_waiting(self, wanted: str) -> None:
        """Wait no more for what an earlier attempt has seen arrive, or fail.

        :param wanted: what is waited for.
        """
        self._db.execute(
            "UPDATE people SET over = 1 WHERE state = 'sent' AND NOT over "
            "AND (standing IN ('failed', 'read') OR standing = ?)",
            (wanted,),
        )

    def awaited(self) -> Awaited:
        """Return which messages are waited for."""
        found = self._db.execute("SELECT count(*), min(began), max(began) FROM awaited").fetchone()
        total, oldest, newest = found
        return Awaited(total, oldest or 0.0, newest or 0.0)

    def next_due(self, since: float) -> float | None:
        """Return when the first message was sent of those not delivered that were sent after a moment.

        :param since: the moment, in seconds since 1970.
        """
        query = "SELECT min(began) FROM awaited WHERE standing = 'sent' AND began > ?"
        found: tuple[float | None] = self._db.execute(query, (since,)).fetchone()
        return found[0]

    def learn(self, message: Message, wanted: str) -> tuple[bool, Done | None]:
        """Note how far a message has got.

        :param message: a message of the history.
        :param wanted: what is waited for.
        :return: whether it was waited for, and for the ledger what is news.
        """
        row = self._db.execute(f"{_DONE} message_id = ?", (message.id,)).fetchone()
        if row is None:
            return False, None
        known = Done._make(row)
        at = message.created_at.timestamp() if message.created_at else known.at
        user_id = message.user_id if known.user_id is None else known.user_id
        far = latest(known.standing, delivery_status(message.status))
        over = far == "failed" or status_reached(far, wanted)
        self._db.execute(
            "UPDATE people SET began = ?, user_id = ?, standing = ?, over = ? WHERE key = ?",
            (at, user_id, far, over, known.key),
        )
        news = Done(known.key, Outcome.SENT, known.message_id, user_id, at, far, over)
        return True, news if far != known.standing else None

    def expire(self, before: float) -> Iterator[Done]:
        """Wait no more for messages that were sent before a moment; yield them, for the ledger.

        :param before: the moment, in seconds since 1970.
        """
        query = f"{_DONE} began <= ? LIMIT ?"
        while rows := self._db.execute(query, (before, _BATCH)).fetchall():
            gone = list(map(Done._make, rows))
            self.end(done.key for done in gone)
            yield from (done._replace(over=True) for done in gone)

    def end(self, keys: Iterable[str]) -> None:
        """Wait no more for messages to some people.

        :param keys: what the sends are filed under.
        """
        self._many("UPDATE people SET over = 1 WHERE key = ?", ((key,) for key in keys))

    def awaited_keys(self) -> Iterator[str]:
        """Yield the keys of those whose messages are waited for; meanwhile, that may end."""
        query = "SELECT number, key FROM awaited WHERE number > ? ORDER BY number LIMIT ?"
        last = -math.inf
        while rows := self._db.execute(query, (last, _BATCH)).fetchall():
            yield from (key for _, key in rows)
            last = rows[-1][0]

    def sent(self) -> Iterator[str]:
        """Yield the keys of those to whom a message went; meanwhile, that must not change."""
        yield from (key for (key,) in self._db.execute("SELECT key FROM people WHERE state = 'sent'"))

    def pass_over(self, keys: Iterable[str]) -> None:
        """Write to none of those who wait and were written to through another channel before a clear.

        :param keys: their keys.
        """
        self._many(
            "UPDATE people SET state = 'no_messenger', reason = 'in an earlier attempt' "
            "WHERE key = ? AND state = 'waiting'",
            ((key,) for key in keys),
        )

    def left_behind(self, before: float) -> Iterator[str]:
        """Yield the keys of those whom another channel is to be tried for.

        :param before: whose message was sent before that moment, and is not delivered, is one of them.
        """
        query = (
            "SELECT key FROM people WHERE state = 'no_messenger' OR (state = 'sent' AND (standing = 'failed' "
            "OR (standing = 'sent' AND (over OR began <= ?)))) ORDER BY number"
        )
        yield from (key for (key,) in self._db.execute(query, (before,)))

    def fate(self, key: str) -> DeliveryState | None:
        """Return what became of somebody; ``None`` where nothing was begun.

        :param key: what the send is filed under.
        """
        query = "SELECT state, standing, over, reason, message_id, user_id FROM people WHERE key = ?"
        row = self._db.execute(query, (key,)).fetchone()
        return DeliveryState._make(row) if row else None

    def person(self, key: str) -> QueuedMessage | None:
        """Return somebody whom the source still has.

        :param key: what the send is filed under.
        """
        query = f"SELECT {_AS_NAMED} FROM people WHERE key = ? AND text IS NOT NULL"  # noqa: S608
        row = self._db.execute(query, (key,)).fetchone()
        return QueuedMessage._make(row) if row else None

    def adopt(self, people: Iterable[QueuedMessage]) -> None:
        """Add people whom another channel did not reach; of those who are there already, say who they are.

        :param people: the people, with a phone.
        """
        taken = list(map(self._as_begun, people))
        self._many(_ADOPT, taken)
        self.zones.update(person.zones for person in taken)

    def unfinished(self) -> list[str]:
        """Return the keys of those to whom the sending was begun, and of whom the outcome is not known."""
        return [key for (key,) in self._db.execute("SELECT key FROM people WHERE state = ?", (OPEN,))]

    def set_aside(self) -> list[str]:
        """Forget those who wait until they are adopted again, but not when they were begun.

        :return: the keys.
        """
        self._set_aside = {person.key: person for person in self.waiting(_ALL)}
        self.dismiss()
        return list(self._set_aside)

    def dismiss(self) -> None:
        """Forget those who wait: the channel cannot be used."""
        self._db.execute("DELETE FROM people WHERE state = ?", (WAITING,))

    def fates(self, where: str = EVERYBODY) -> Iterator[tuple[str | None, DeliveryState]]:
        """Yield what became of people, in the order of :meth:`report`; bad rows have no key.

        :param where: of whom.
        """
        query = (
            "SELECT key, state, standing, over, reason, message_id, user_id FROM people "  # noqa: S608
            f"WHERE {where} ORDER BY number < 0, number"
        )
        for key, *fate in self._db.execute(query):
            yield key, DeliveryState._make(fate)

    def _as_begun(self, person: QueuedMessage) -> QueuedMessage:
        """Return somebody with what is known of an earlier sending to them that did not happen."""
        if not (begun := self._set_aside.get(person.key)):
            return person
        return person._replace(
            digest=begun.digest,
            began=begun.began,
            by_host=begun.by_host,
            attempts=begun.attempts,
        )

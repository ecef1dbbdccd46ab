"""The messages of a mailing that are on their way, and how far they have got."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.status import delivery_status, latest, status_reached
from airflow_provider_wahelp.delivery.mailing.chunks import BATCH, Done
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.worklist_file import change_many

_DONE = "SELECT key, state, message_id, user_id, began, status, over FROM awaited WHERE "


class Summary(NamedTuple):
    """The messages that are waited for.

    :param oldest: when the first was sent, in seconds since 1970.
    :param newest: when the last was.
    """

    total: int
    oldest: float
    newest: float


class AwaitedMessages:
    """The messages of a worklist that may still get further, as far as that is waited for."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def summary(self) -> Summary:
        """Return how many they are, and how old."""
        found = self._db.execute("SELECT count(*), min(began), max(began) FROM awaited").fetchone()
        total, oldest, newest = found
        return Summary(total, oldest or 0.0, newest or 0.0)

    def next_due(self, since: float) -> float | None:
        """Return when the first was sent of those that are not delivered and were sent after a moment."""
        query = "SELECT min(began) FROM awaited WHERE status = 'sent' AND began > ?"
        found: tuple[float | None] = self._db.execute(query, (since,)).fetchone()
        return found[0]

    def settle_times(self, ahead: float, default: float) -> None:
        """Give each message a time by the server's clock.

        :param ahead: the seconds by which the server's clock is ahead of this host's.
        :param default: when those were sent of which neither ledger nor history tells.
        """
        self._db.execute(
            "UPDATE people SET began = began + ?, by_host = 0 WHERE by_host AND state = 'sent'", (ahead,)
        )
        self._db.execute(
            "UPDATE people SET began = ifnull((SELECT at FROM history WHERE at IS NOT NULL "
            "AND history.message_id = people.message_id), ?) WHERE began IS NULL AND state = 'sent'",
            (default,),
        )

    def stop(self, wanted: str) -> None:
        """Stop waiting for messages that an earlier attempt has seen fail, or get as far as is wanted."""
        self._db.execute(
            "UPDATE people SET over = 1 WHERE state = 'sent' AND NOT over "
            "AND (status IN ('failed', 'read') OR status = ?)",
            (wanted,),
        )

    def learn(self, message: Message, wanted: str) -> tuple[bool, Done | None]:
        """Note how far a message of the history has got.

        :return: whether it was waited for, and for the ledger what is news.
        """
        row = self._db.execute(f"{_DONE} message_id = ?", (message.id,)).fetchone()
        if row is None:
            return False, None
        known = Done._make(row)
        at = message.created_at.timestamp() if message.created_at else known.at
        user_id = message.user_id if known.user_id is None else known.user_id
        status = latest(known.status, delivery_status(message.status))
        over = status == "failed" or status_reached(status, wanted)
        self._db.execute(
            "UPDATE people SET began = ?, user_id = ?, status = ?, over = ? WHERE key = ?",
            (at, user_id, status, over, known.key),
        )
        news = Done(known.key, Outcome.SENT, known.message_id, user_id, at, status, over)
        return True, news if status != known.status else None

    def expire(self, before: float) -> Iterator[Done]:
        """Stop waiting for messages that were sent before a moment; yield them, for the ledger."""
        query = f"{_DONE} began <= ? LIMIT ?"
        while rows := self._db.execute(query, (before, BATCH)).fetchall():
            expired = list(map(Done._make, rows))
            self.end(done.key for done in expired)
            yield from (done._replace(over=True) for done in expired)

    def end(self, keys: Iterable[str]) -> None:
        """Stop waiting for the messages with some keys."""
        change_many(self._db, "UPDATE people SET over = 1 WHERE key = ?", ((key,) for key in keys))

    def keys(self) -> Iterator[str]:
        """Yield their keys; the waiting for some may end meanwhile."""
        query = "SELECT number, key FROM awaited WHERE number > ? ORDER BY number LIMIT ?"
        last = -math.inf
        while rows := self._db.execute(query, (last, BATCH)).fetchall():
            yield from (key for _, key in rows)
            last = rows[-1][0]

"""Which of several numbers writes to whom: the one that they know, else always the same one."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Container, Iterable, Sequence

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.models import User
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.storage.user_ids import comparable

_SCHEMA = """
CREATE TABLE users (id TEXT, phone TEXT, number TEXT, stopped INTEGER);
CREATE TABLE begun (key TEXT PRIMARY KEY, number TEXT);
CREATE INDEX ids ON users (id);
CREATE INDEX phones ON users (phone);
"""


class Places:
    """Who is a user of which number, and what was begun through which. On the disk, as many may be.

    :param numbers: the channels, by uuid.
    """

    def __init__(self, numbers: Sequence[str]) -> None:
        self._numbers = numbers
        self._db = sqlite3.connect("", isolation_level=None)  # a file without a name, gone with the process
        self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")

    def close(self) -> None:
        """Forget all."""
        self._db.close()

    def add_users(self, number: str, users: Iterable[User], opted_out: Container[Id]) -> None:
        """Note the users of a number, and which of them have opted out there."""
        rows = (
            (str(user.id), comparable(user.phone or ""), number, user.id in opted_out)
            for user in users
            if user.id is not None
        )
        self._add("INSERT INTO users VALUES (?, ?, ?, ?)", rows)

    def add_begun(self, number: str, keys: Iterable[str]) -> None:
        """Note what an earlier attempt has begun through a number: it stays there."""
        self._add("INSERT OR REPLACE INTO begun VALUES (?, ?)", ((key, number) for key in keys))

    def is_new(self) -> bool:
        """Return whether nothing was begun."""
        return self._db.execute("SELECT 1 FROM begun LIMIT 1").fetchone() is None

    def of(self, person: QueuedMessage) -> str:
        """Return the number that writes to somebody."""
        known = self._column("SELECT number FROM begun WHERE key = ?", person.key)
        if not known and person.user_id is not None:
            known = self._column("SELECT number FROM users WHERE id = ?", str(person.user_id))
            return known[0] if known else self._numbers[0]  # an id belongs to a channel
        if not known:
            known = self._column("SELECT number FROM users WHERE phone = ?", comparable(person.phone))
        return _heaviest(self._phone(person), known or self._numbers)

    def has_stopped(self, person: QueuedMessage) -> bool:
        """Return whether somebody has opted out of any of the numbers."""
        query = "SELECT number FROM users WHERE phone = ? AND stopped LIMIT 1"
        phone = self._phone(person)
        return bool(phone and self._column(query, phone))

    def _phone(self, person: QueuedMessage) -> str:
        """Return what of a phone is compared: of a user, the one that the number knows."""
        if person.phone:
            return comparable(person.phone)
        known = self._column("SELECT phone FROM users WHERE id = ?", str(person.user_id))
        return known[0] if known else ""

    def _column(self, query: str, name: str) -> list[str]:
        return [value for (value,) in self._db.execute(query, (name,))]

    def _add(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(statement, rows)
        self._db.execute("COMMIT")


def _heaviest(person: str, numbers: Sequence[str]) -> str:
    """Return the same one of some numbers each time; one more, or one less, moves no others."""
    return max(numbers, key=lambda number: hashlib.blake2b(f"{person}\0{number}".encode()).digest())

"""What goes on failing: since when, how often and on how many days, until it succeeds."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from airflow_provider_wahelp.storage.database import Database

FILE = "failing.sqlite"

KEPT = 30 * 86_400.0
"""Seconds after its last failure at which a streak is forgotten."""

_TABLES = """
CREATE TABLE IF NOT EXISTS streaks (
    subject BLOB PRIMARY KEY, event BLOB NOT NULL, since REAL NOT NULL, last REAL NOT NULL, day TEXT NOT NULL,
    failures INTEGER NOT NULL, days INTEGER NOT NULL
) WITHOUT ROWID;
"""
# An event that is told of twice, as Airflow may, is one failure.
_FAIL = """
INSERT INTO streaks VALUES (:subject, :event, :now, :now, :day, 1, 1)
ON CONFLICT (subject) DO UPDATE SET event = :event, last = :now, day = :day,
    failures = failures + 1, days = days + (day != :day) WHERE event != :event
"""
_READ = "SELECT since, failures, days FROM streaks WHERE subject = ?"


class Streak(NamedTuple):
    """Failures of one thing without a success between them.

    :param since: when the first was, in seconds since 1970.
    :param failures: how many there were.
    :param days: on how many days, by the clock of the alert.
    """

    since: float
    failures: int
    days: int


class Streaks:
    """Keeps what fails, for all processes of a host. What the file held may be lost: then streaks begin anew.

    :param directory: where the file is; ``None``: in memory only.
    """

    def __init__(self, directory: Path | None) -> None:
        self._database = Database(directory, FILE, _TABLES)

    def fail(self, subject: bytes, event: bytes, at: datetime) -> Streak:
        """Note a failure and return the streak that it belongs to.

        :param subject: the digest of what has failed.
        :param event: the digest of this failure.
        :param at: when it failed, in the zone whose days count.
        """
        now = at.timestamp()
        values = {"subject": subject, "event": event, "now": now, "day": f"{at:%F}"}

        def work(db: sqlite3.Connection) -> Streak:
            db.execute("DELETE FROM streaks WHERE last < ?", (now - KEPT,))
            db.execute(_FAIL, values)
            return Streak(*db.execute(_READ, (subject,)).fetchone())

        return self._database.transact(work)

    def get(self, subject: bytes) -> Streak | None:
        """Return the streak of something; ``None`` if it does not fail."""
        row = self._database.do(lambda db: db.execute(_READ, (subject,)).fetchone())
        return Streak(*row) if row else None

    def end(self, subject: bytes) -> None:
        """Forget the streak of something."""
        self._database.do(lambda db: db.execute("DELETE FROM streaks WHERE subject = ?", (subject,)))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

"""The state of one host: SQLite files in its directory, which may vanish at any time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from airflow_provider_wahelp.storage.database import Database
from airflow_provider_wahelp.storage.state.sql import Run, SqlState

T = TypeVar("T")

_PATIENCE = 30.0
"""Seconds to wait for another task of the host to count its message, which takes less than a millisecond."""

_TABLES = """
CREATE TABLE IF NOT EXISTS wahelp_sent (id INTEGER PRIMARY KEY, name BLOB, at INTEGER, off REAL);
CREATE INDEX IF NOT EXISTS wahelp_sent_at ON wahelp_sent (name, at);
CREATE TABLE IF NOT EXISTS wahelp_known
    (name BLOB PRIMARY KEY, content BLOB NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS wahelp_known_expires ON wahelp_known (expires);
CREATE TABLE IF NOT EXISTS wahelp_listed
    (list BLOB, name BLOB, at REAL NOT NULL, expires REAL NOT NULL, PRIMARY KEY (list, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS wahelp_listed_at ON wahelp_listed (list, at);
CREATE INDEX IF NOT EXISTS wahelp_listed_expires ON wahelp_listed (expires);
"""


class DirectoryState(SqlState):
    """A state that the tasks of a host share, by the host's clock. It is never away.

    :param directory: where the files are; ``None``: in memory only, for this object alone.
    :param clock: returns the time, in seconds since 1970.
    """

    shared = False

    def __init__(self, directory: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._clock = clock
        self._databases: dict[str, Database] = {}

    def close(self) -> None:
        """Close the files."""
        for database in list(self._databases.values()):
            database.close()

    def _transact(
        self, part: str, lock: bytes | None, work: Callable[[Run], T], seconds: float | None = None
    ) -> T:
        database = self._databases.get(part) or self._databases.setdefault(part, self._made(part, seconds))
        if lock is None:
            return database.do(lambda connection: work(_runner(connection)))
        return database.transact(lambda connection: work(_runner(connection)))

    def _now(self, run: Run) -> float:
        return self._clock()

    def _made(self, part: str, seconds: float | None) -> Database:
        patience = _PATIENCE if part == self.PACES else seconds
        spare = f"{part}-spare.sqlite" if seconds is not None else None
        return Database(self._directory, f"{part}.sqlite", _TABLES, patience, spare)


def _runner(connection: sqlite3.Connection) -> Run:
    def run(statement: str, **values: Any) -> list[tuple[Any, ...]]:
        return connection.execute(statement, values).fetchall()

    return run

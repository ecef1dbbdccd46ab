"""When messages went through a channel: one file that the tasks of a host count in together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from airflow_provider_wahelp.client.private import make_private

_SCHEMA = (
    "PRAGMA synchronous = NORMAL",  # no wait for the disk with each message
    "CREATE TABLE IF NOT EXISTS messages (at INTEGER NOT NULL, off REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS times ON messages (at)",
)
_NTH = "SELECT at, off FROM messages ORDER BY at DESC LIMIT 1 OFFSET ?"


class Sent(NamedTuple):
    """A message that was sent.

    :param at: when, in milliseconds since 1970.
    :param off: the milliseconds that it went after its place on the timetable; negative: before.
    """

    at: int
    off: float


class Messages:
    """What was sent, while nobody else counts.

    :param database: the open file, in a transaction.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def nth(self, number: int) -> Sent | None:
        """Return the message that was sent last (1), before that (2), and so on.

        :param number: which one.
        """
        found = self._database.execute(_NTH, (number - 1,)).fetchone()
        return Sent(*found) if found else None

    def add(self, message: Sent) -> None:
        """Count a message.

        :param message: the message.
        """
        self._database.execute("INSERT INTO messages VALUES (?, ?)", message)

    def forget_before(self, at: int) -> None:
        """Forget what was sent before a time.

        :param at: the time, in milliseconds since 1970.
        """
        self._database.execute("DELETE FROM messages WHERE at < ?", (at,))

    def set_back(self, now: int) -> None:
        """Count what lies ahead, as the clock was set back, as sent just now.

        :param now: the time, in milliseconds since 1970.
        """
        self._database.execute("UPDATE messages SET at = ? WHERE at > ?", (now, now))


class SentLog:
    """When messages went through a channel, for all tasks of a host. Not safe between threads.

    Opened when it is first used, and again where its file has vanished.

    :param file: what the tasks share; ``None``: this one counts for itself.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._inode = 0
        self._database: sqlite3.Connection | None = None

    @contextmanager
    def alone(self) -> Iterator[Messages]:
        """Keep the other tasks out, never waiting for them, and keep what was changed if all goes well.

        Where a task fails or is killed, SQLite takes back what it changed and lets the others in.

        :raises sqlite3.Error: if another task has it, see :func:`contended`, or it cannot be used.
        :raises OSError: if the file cannot be used.
        """
        database = self._opened()
        database.execute("BEGIN IMMEDIATE")
        with database:
            yield Messages(database)

    def start_anew(self) -> None:
        """Remove the file, unless another task has done so.

        :raises OSError: if it cannot be removed.
        """
        self.close()
        if self._file:
            with _locked(self._file):
                if self._inode == _inode(self._file):
                    for suffix in ("", "-wal", "-shm"):
                        Path(f"{self._file}{suffix}").unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; what was counted stays counted, unless it is in memory."""
        if self._database:
            self._database.close()
        self._database = None

    def _opened(self) -> sqlite3.Connection:
        if self._database and self._file and self._inode != _inode(self._file):
            self.close()  # it vanished, or another task has started anew
        if self._database is None:
            self._database = self._open(self._file) if self._file else _connect(":memory:")
        return self._database

    def _open(self, file: Path) -> sqlite3.Connection:
        make_private(file.parent)
        with _locked(file):  # not while it is being removed
            file.touch(mode=0o600)  # SQLite's other files take after it
            self._inode = _inode(file)
            return _connect(file, "PRAGMA journal_mode = WAL")


def contended(error: Exception) -> bool:
    """Return whether another task has the file at this moment.

    :param error: what was raised.
    """
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def broken(error: Exception) -> bool:
    """Return whether it is the file, and not the disk: a full disk is no reason to forget what was sent.

    :param error: what was raised.
    """
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _connect(where: Path | str, *first: str) -> sqlite3.Connection:
    database = sqlite3.connect(where, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        for statement in (*first, *_SCHEMA):
            database.execute(statement)
    except BaseException:
        database.close()
        raise
    return database


def _locked(file: Path) -> FileLock:
    return FileLock(f"{file}.lock", mode=0o600)


def _inode(file: Path) -> int:
    try:
        return file.stat().st_ino
    except FileNotFoundError:
        return 0

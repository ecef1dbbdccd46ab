"""A small SQLite file that the tasks of a host share, and that may vanish at any time."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from airflow_provider_wahelp.client.private_files import draft_of, make_private

T = TypeVar("T")

LOCKED = 2.0
"""Seconds to wait for a file that another process writes to; a write takes less than a millisecond."""

SPARE = 0.5
"""Seconds to wait for the spare file: most of the time is gone by then."""

_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

log = logging.getLogger(__name__)


class Database:
    """One SQLite file with mode 0600; safe between processes and between the threads of one.

    If the file cannot be used, a warning is logged once, and a database in memory takes its place. If another
    process keeps the file locked, the spare file does.

    :param directory: where the file is; ``None``: in memory only.
    :param name: the file's name.
    :param tables: the SQL that creates missing tables.
    :param timeout: seconds to wait while another process writes; :data:`LOCKED` by default.
    :param spare: the name of a file for the case that the waiting was in vain; ``None``: memory.
    """

    def __init__(
        self,
        directory: Path | None,
        name: str,
        tables: str,
        timeout: float | None = None,
        spare: str | None = None,
    ) -> None:
        self._file = directory.absolute() / name if directory else None
        self._tables = tables
        self._timeout = LOCKED if timeout is None else timeout
        self._spare = spare
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._lock = threading.Lock()
        self._recreated = False

    def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do some work with the database. If the file fails, the work is repeated with another.

        :param work: is given a connection in which each statement is a transaction of its own.
        """
        with self._lock:
            while True:
                try:
                    if self._vanished():
                        self._close()
                    self._connection = self._connection or self._open()
                    return work(self._connection)
                except (sqlite3.Error, OSError) as error:
                    self._close()
                    if not self._file:
                        raise
                    self._file = self._replacement(self._file, error)

    def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do some work that is all or nothing, while every other process waits."""

        def whole(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                return work(connection)

        return self.do(whole)

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._lock:
            self._close()

    def _open(self) -> sqlite3.Connection:
        if not self._file:
            return self._connect(":memory:")
        make_private(self._file.parent)
        if not self._file.exists():
            create_once(self._file, self._create_tables)
        self._file.chmod(0o600)  # its -wal and -shm take their mode from it
        self._inode = _inode(self._file)
        return self._connect(f"{self._file.as_uri()}?mode=rw")

    def _vanished(self) -> bool:
        """Return whether the file was removed while it was open: the others have another one."""
        return bool(self._connection and self._file and self._inode != _inode(self._file))

    def _close(self) -> None:
        if self._connection and self._file:  # what is only in memory is worth more than what a close frees
            self._connection.close()
            self._connection = None

    def _replacement(self, file: Path, error: sqlite3.Error | OSError) -> Path | None:
        """Return the file to go on with: the same for a damaged one, once; ``None`` for memory."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY and self._spare:
            _warn_once(str(file), f"locked for {self._timeout:.1f} s by another process")
            spare, self._spare, self._timeout = self._spare, None, SPARE
            return file.with_name(spare)
        damaged = code in _CORRUPT
        _warn_once(str(file), "damaged, so it is created anew" if damaged else type(error).__name__)
        if not damaged or self._recreated:
            return None
        self._recreated = True
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{file}{suffix}").unlink(missing_ok=True)
        return file

    def _connect(self, where: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            where, uri=True, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = NORMAL")  # no wait for the disk with each write
        connection.executescript(self._tables)
        return connection

    def _create_tables(self, file: Path) -> None:
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA journal_mode = WAL")  # readers never wait for a writer
        connection.executescript(self._tables)
        connection.close()


def _inode(file: Path) -> int:
    try:
        return file.stat().st_ino
    except FileNotFoundError:
        return 0


def create_once(file: Path, fill: Callable[[Path], object]) -> None:
    """Create a file with mode 0600, complete from its first moment; one that is there already stays.

    :param file: the file, in a directory that exists.
    :param fill: fills a file that is to become it.
    :raises OSError: if it cannot be created.
    """
    with draft_of(file) as draft:
        fill(draft)
        with suppress(FileExistsError):  # another process was faster
            os.link(draft, file)


@cache
def _warn_once(file: str, reason: str) -> None:
    log.warning(
        "The tasks of this host cannot use their shared file %s (%s). What it held is learnt again.",
        file,
        reason,
    )

"""The directory that the tasks of a host share: tokens, pace, who is who. It may vanish at any time."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from airflow_provider_wahelp.client.private import make_private

T = TypeVar("T")

SHELF = "known.sqlite"
LOCKED = 2.0
"""Seconds to wait for a shelf that another process writes to; a write takes less than a millisecond."""

_NO_KEY = "{FERNET_KEY}"
"""What the Task SDK of Airflow 3.3 reads where neither airflow.cfg nor the environment has a key."""

_SEAL = 8  # bytes
_TABLE = "CREATE TABLE IF NOT EXISTS known (name BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID"
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

log = logging.getLogger(__name__)


def state_directory() -> Path:
    """Return the directory, which need not exist yet."""
    from airflow.providers.common.compat.sdk import conf

    configured = conf.get("wahelp", "state_directory", fallback="")
    home = os.environ.get("AIRFLOW_HOME") or "~/airflow"
    return Path(configured or Path(home) / "wahelp").expanduser()


def shared_directory() -> Path | None:
    """Return the directory, ready for use; ``None`` where it cannot be used, which is said once."""
    directory = state_directory()
    try:
        make_private(directory)
    except OSError as error:
        _warn_once(str(directory), type(error).__name__)
        return None
    return directory


def fernet_key() -> str:
    """Return Airflow's Fernet key, or several with commas between; the empty string where none is set."""
    from airflow.providers.common.compat.sdk import conf

    key = conf.get("core", "fernet_key", fallback="") or ""
    return "" if key == _NO_KEY else key


def create_once(file: Path, fill: Callable[[Path], object]) -> None:
    """Create a file with mode 0600, complete from its first moment; one that is there already stays.

    :param file: the file, in a directory that exists.
    :param fill: fills a file that is to become it.
    :raises OSError: if it cannot be created.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mkstemp makes it 0600
    os.close(handle)
    try:
        fill(Path(name))
        with suppress(FileExistsError):  # another process was faster
            os.link(name, file)
    finally:
        Path(name).unlink(missing_ok=True)


class Shelf:
    """Small things that the tasks of a host know, each under a name; it may forget at any time.

    One SQLite file for its owner alone; safe between processes and between the threads of one. Where it
    cannot be used, that is said once, and what is kept from then on is kept in memory.

    :param directory: where the file is; ``None``: in memory only.
    """

    def __init__(self, directory: Path | None) -> None:
        self._file = directory.absolute() / SHELF if directory else None
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._mended = False

    def read(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return what is known under these names; what is damaged is not known.

        :param names: the names.
        """
        kept: dict[bytes, bytes] = {}
        for some in _batches(names):
            kept.update(self._do(partial(_look, some)))
        return {name: found[_SEAL:] for name, found in kept.items() if found == _sealed(name, found[_SEAL:])}

    def write(self, name: bytes, content: bytes) -> None:
        """Keep something, in place of what was known under its name.

        :param name: the name.
        :param content: what to keep.
        """
        values = (name, _sealed(name, content))
        self._do(lambda db: db.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", values))

    def forget(self, name: bytes) -> None:
        """Know nothing under a name.

        :param name: the name.
        """
        self._do(lambda db: db.execute("DELETE FROM known WHERE name = ?", (name,)))

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._lock:
            self._close()

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            while True:
                try:
                    self._connection = self._connection or self._open()
                    return work(self._connection)
                except (sqlite3.Error, OSError) as error:
                    self._close()
                    if not self._file:
                        raise
                    self._file = self._instead_of(self._file, error)

    def _open(self) -> sqlite3.Connection:
        if not self._file:
            return _connect(":memory:")
        make_private(self._file.parent)
        if not self._file.exists():
            create_once(self._file, _lay_out)
        self._file.chmod(0o600)  # its -wal and -shm take their mode from it
        return _connect(f"{self._file.as_uri()}?mode=rw")

    def _close(self) -> None:
        if self._connection and self._file:  # what is only in memory is worth more than what a close frees
            self._connection.close()
            self._connection = None

    def _instead_of(self, file: Path, error: sqlite3.Error | OSError) -> Path | None:
        """Return the file to go on with, if any: a damaged one is begun anew, once."""
        damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT
        _warn_of_shelf(str(file), "damaged, and begun anew" if damaged else type(error).__name__)
        if not damaged or self._mended:
            return None
        self._mended = True
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{file}{suffix}").unlink(missing_ok=True)
        return file


def _connect(where: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        where, uri=True, timeout=LOCKED, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = NORMAL")  # no wait for the disk with each write
    connection.execute(_TABLE)
    return connection


def _lay_out(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")  # who reads waits for nobody
    connection.execute(_TABLE)
    connection.close()


def _look(names: Sequence[bytes], connection: sqlite3.Connection) -> list[tuple[bytes, bytes]]:
    wanted = ",".join("?" * len(names))
    return connection.execute(f"SELECT name, content FROM known WHERE name IN ({wanted})", names).fetchall()  # noqa: S608 - only question marks


def _sealed(name: bytes, content: bytes) -> bytes:
    """Return a content with what shows whether it is what was written under that name."""
    return hashlib.blake2b(name + content, digest_size=_SEAL).digest() + content


def _batches(names: Sequence[bytes], size: int = 500) -> list[Sequence[bytes]]:
    return [names[start : start + size] for start in range(0, len(names), size)]


@cache
def _warn_once(directory: str, reason: str) -> None:
    log.warning(
        "The directory %s cannot be used (%s): what the tasks of a host should share, each keeps for itself. "
        "Set [wahelp] state_directory to a directory that the worker may write.",
        directory,
        reason,
    )


@cache
def _warn_of_shelf(file: str, reason: str) -> None:
    log.warning(
        "What tasks of this host have learnt cannot be read from or kept in %s (%s): it is learnt again.",
        file,
        reason,
    )

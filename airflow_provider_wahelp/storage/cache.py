"""A cache that the tasks of a host share, in a SQLite file that may vanish at any time."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from airflow_provider_wahelp.storage.database import Database

CACHE_FILE = "known.sqlite"

_CHECKSUM_BYTES = 8
_TABLE = "CREATE TABLE IF NOT EXISTS known (name BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID"


class KeyValueCache:
    """Small values by name. Each has a checksum: a damaged value counts as missing.

    :param directory: where the file is; ``None``: in memory only.
    """

    def __init__(self, directory: Path | None) -> None:
        self._database = Database(directory, CACHE_FILE, _TABLE)

    def read(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values of those names that are known."""
        rows: dict[bytes, bytes] = {}
        for some in _batches(names):
            rows.update(self._database.do(partial(_select, some)))
        values = {name: stored[_CHECKSUM_BYTES:] for name, stored in rows.items()}
        return {name: value for name, value in values.items() if rows[name] == _with_checksum(name, value)}

    def write(self, name: bytes, content: bytes) -> None:
        """Store a value, in place of an earlier one of the same name."""
        values = (name, _with_checksum(name, content))
        self._database.do(lambda db: db.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", values))

    def forget(self, name: bytes) -> None:
        """Remove the value of a name."""
        self._database.do(lambda db: db.execute("DELETE FROM known WHERE name = ?", (name,)))

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        self._database.close()


def _select(names: Sequence[bytes], connection: sqlite3.Connection) -> list[tuple[bytes, bytes]]:
    wanted = ",".join("?" * len(names))
    return connection.execute(f"SELECT name, content FROM known WHERE name IN ({wanted})", names).fetchall()  # noqa: S608 - only question marks


def _with_checksum(name: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(name + content, digest_size=_CHECKSUM_BYTES).digest() + content


def _batches(names: Sequence[bytes], size: int = 500) -> list[Sequence[bytes]]:
    return [names[start : start + size] for start in range(0, len(names), size)]

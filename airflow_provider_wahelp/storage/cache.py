"""The directory that the tasks of a host share: tokens, pace, who is who. It may vanish at any time."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from airflow_provider_wahelp.storage.database import Database

SHELF = "known.sqlite"

_SEAL = 8  # bytes
_TABLE = "CREATE TABLE IF NOT EXISTS known (name BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID"

log = logging.getLogger(__name__)


class KeyValueCache:
    """Small things that the tasks of a host know, each under a name; it may forget at any time.

    :param directory: where they are kept; ``None``: in memory only.
    """

    def __init__(self, directory: Path | None) -> None:
        self._database = Database(directory, SHELF, _TABLE)

    def read(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return what is known under these names; what is damaged is not known.

        :param names: the names.
        """
        kept: dict[bytes, bytes] = {}
        for some in _batches(names):
            kept.update(self._database.do(partial(_look, some)))
        return {name: found[_SEAL:] for name, found in kept.items() if found == _sealed(name, found[_SEAL:])}

    def write(self, name: bytes, content: bytes) -> None:
        """Keep something, in place of what was known under its name.

        :param name: the name.
        :param content: what to keep.
        """
        values = (name, _sealed(name, content))
        self._database.do(lambda db: db.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", values))

    def forget(self, name: bytes) -> None:
        """Know nothing under a name.

        :param name: the name.
        """
        self._database.do(lambda db: db.execute("DELETE FROM known WHERE name = ?", (name,)))

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        self._database.close()


def _look(names: Sequence[bytes], connection: sqlite3.Connection) -> list[tuple[bytes, bytes]]:
    wanted = ",".join("?" * len(names))
    return connection.execute(f"SELECT name, content FROM known WHERE name IN ({wanted})", names).fetchall()  # noqa: S608 - only question marks


def _sealed(name: bytes, content: bytes) -> bytes:
    """Return a content with what shows whether it is what was written under that name."""
    return hashlib.blake2b(name + content, digest_size=_SEAL).digest() + content


def _batches(names: Sequence[bytes], size: int = 500) -> list[Sequence[bytes]]:
    return [names[start : start + size] for start in range(0, len(names), size)]

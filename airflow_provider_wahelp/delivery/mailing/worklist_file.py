"""The file behind a worklist: on the disk, so that a million people take no memory.

Each attempt makes it anew from the recipients and from what the ledger remembers. It is gone with the
process: it has no name.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

_CACHE = 16_000  # KiB of the file that are kept in memory
_PRAGMAS = (  # what would survive the process is gone with it: nothing need be flushed to the disk
    f"PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE};"
)
_SCHEMA = """
CREATE TABLE people (
    number INTEGER PRIMARY KEY, key TEXT, label TEXT, user_id, phone TEXT, name TEXT, zones TEXT,
    text TEXT, state TEXT NOT NULL DEFAULT 'waiting', reason TEXT NOT NULL DEFAULT '', message_id,
    digest TEXT NOT NULL DEFAULT '', began REAL, by_host INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, by_phone INTEGER NOT NULL DEFAULT 0,
    variant INTEGER NOT NULL DEFAULT 0,
    file TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'sent', over INTEGER NOT NULL DEFAULT 0,
    named -- the user whom the source names now: what was begun may have been for another
);
CREATE INDEX unsent ON people (state, number) WHERE state IN ('waiting', 'open');
CREATE INDEX sent ON people (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX users ON people (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX on_the_way ON people (began) WHERE state = 'sent' AND NOT over;
CREATE VIEW awaited AS SELECT * FROM people WHERE state = 'sent' AND NOT over;
CREATE TABLE history (
    message_id PRIMARY KEY, user_id, digest TEXT, text TEXT, message_type TEXT, file_url TEXT, at REAL
);
CREATE INDEX texts ON history (user_id, digest);
"""

_INDEX_KEYS = "CREATE UNIQUE INDEX keys ON people (key)"
_LEAVE_OUT_REPEATS = """
WITH firsts AS (
    SELECT key, min(number) AS row FROM people WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1
)
UPDATE people SET state = 'skipped', reason = 'the same key as row ' || firsts.row, key = NULL, text = NULL
FROM firsts WHERE people.key = firsts.key AND people.number > firsts.row
"""


def open_file() -> sqlite3.Connection:
    """Return a file of no people; it loses its name here, and with the process its contents."""
    with tempfile.NamedTemporaryFile(prefix="wahelp-") as file:  # mkstemp's mode, 0600
        db = sqlite3.connect(file.name, isolation_level=None)
        db.executescript(f"{_PRAGMAS} {_SCHEMA} {_INDEX_KEYS}")
        return db


@contextmanager
def at_once(db: sqlite3.Connection) -> Iterator[None]:
    """Write in one transaction: each change on its own costs ten times as much."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("COMMIT")


def change_many(db: sqlite3.Connection, statement: str, rows: Iterable[Sequence[object]]) -> None:
    """Run a statement with each of some rows, in one transaction."""
    with at_once(db):
        db.executemany(statement, rows)


def drop_keys(db: sqlite3.Connection) -> None:
    """Let people be added whose keys are indexed later: to do it row by row takes half as long again."""
    db.execute("DROP INDEX keys")


def index_keys(db: sqlite3.Connection) -> int:
    """Index the keys of people; leave out, and count, those with the key of an earlier one."""
    try:
        db.execute(_INDEX_KEYS)
    except sqlite3.IntegrityError:
        before = db.total_changes
        db.execute(_LEAVE_OUT_REPEATS)
        db.execute(_INDEX_KEYS)
        return db.total_changes - before
    return 0

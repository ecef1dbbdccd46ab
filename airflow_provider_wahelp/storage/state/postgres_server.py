"""A state in a PostgreSQL that all hosts reach."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_wahelp.storage.state.interface import StateAwayError
from airflow_provider_wahelp.storage.state.sql import Run, SqlState

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

ANSWERS_WITHIN = 2
"""Seconds to connect, and until an answer that does not come is given up."""

LOCKED = 10.0
"""Seconds to wait for those who count through the same channel."""

TABLES = """
CREATE TABLE IF NOT EXISTS wahelp_sent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name bytea NOT NULL, at bigint NOT NULL, off double precision NOT NULL
);
CREATE INDEX IF NOT EXISTS wahelp_sent_at ON wahelp_sent (name, at);
CREATE TABLE IF NOT EXISTS wahelp_known (
    name bytea PRIMARY KEY, content bytea NOT NULL, expires double precision NOT NULL
);
CREATE INDEX IF NOT EXISTS wahelp_known_expires ON wahelp_known (expires);
CREATE TABLE IF NOT EXISTS wahelp_listed (
    list bytea NOT NULL, name bytea NOT NULL,
    at double precision NOT NULL, expires double precision NOT NULL, PRIMARY KEY (list, name)
);
CREATE INDEX IF NOT EXISTS wahelp_listed_at ON wahelp_listed (list, at);
CREATE INDEX IF NOT EXISTS wahelp_listed_expires ON wahelp_listed (expires)
"""

_DEFAULTS = {
    "application_name": "wahelp",
    "connect_timeout": ANSWERS_WITHIN,
    "tcp_user_timeout": 1000 * ANSWERS_WITHIN,
    "keepalives_idle": ANSWERS_WITHIN,
    "keepalives_interval": 1,
    "keepalives_count": ANSWERS_WITHIN,
}

# Reading pg_class makes the session see tables that were made within its own transaction by another one.
_THERE = """
SELECT count(*) = 2 FROM pg_class WHERE oid IN (to_regclass('wahelp_sent'), to_regclass('wahelp_listed'))
"""
_LOCK = "SELECT pg_advisory_xact_lock(:key)"
_NOW = "SELECT extract(epoch FROM clock_timestamp())::double precision"
_WITHIN = "SELECT set_config('lock_timeout', :milliseconds, true)"


class PostgresState(SqlState):
    """A state in the tables ``wahelp_sent``, ``wahelp_known`` and ``wahelp_listed``, by the server's clock.

    The tables are made where they are missing. A lock of one transaction ends with it, however that ends.

    :param parameters: of a connection, as libpq names them.
    :param clock: returns the time in place of the server's, in seconds since 1970.
    """

    shared = True

    def __init__(self, parameters: Mapping[str, str | int], clock: Callable[[], float] | None = None) -> None:
        self._parameters = dict(parameters)
        self._clock = clock
        self._connection: psycopg.Connection[Any] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._close()

    def _transact(
        self, part: str, lock: bytes | None, work: Callable[[Run], T], seconds: float | None = None
    ) -> T:
        import psycopg

        with self._lock:
            while True:
                reused = self._connection is not None
                try:
                    return self._transact_once(part, lock, work, seconds)
                except psycopg.Error as error:
                    closed = self._connection is None or self._connection.closed
                    self._close()
                    if not (
                        reused and closed
                    ):  # else it was closed while it was idle, by a restart or a proxy
                        raise StateAwayError(type(error).__name__) from None

    def _transact_once(
        self, part: str, lock: bytes | None, work: Callable[[Run], T], seconds: float | None
    ) -> T:
        connection = self._connection = self._connection or self._open()
        run = _runner(connection)
        with connection.transaction():
            if lock is not None:
                run(_WITHIN, milliseconds=str(int((seconds or LOCKED) * 1000)))
                run(_LOCK, key=_key(part, lock))
            return work(run)

    def _now(self, run: Run) -> float:
        return self._clock() if self._clock else float(run(_NOW)[0][0])

    def _open(self) -> psycopg.Connection[Any]:
        import psycopg

        given: dict[str, Any] = {**_DEFAULTS, **self._parameters}
        # A pooler between the two may hand out another session for each transaction: nothing is prepared.
        connection = psycopg.connect(autocommit=True, prepare_threshold=None, **given)
        run = _runner(connection)
        with connection.transaction():
            if not run(_THERE)[0][0]:
                run(_LOCK, key=_key("tables", b""))
                # Another one may have made them meanwhile, and be at work: it and CREATE INDEX would wait for
                # each other.
                if not run(_THERE)[0][0]:
                    connection.execute(TABLES)
        return connection

    def _close(self) -> None:
        if self._connection:
            with suppress(Exception):
                self._connection.close()
        self._connection = None


def _key(part: str, lock: bytes) -> int:
    digest = hashlib.blake2b(lock, digest_size=8, person=f"wahelp {part}".encode()[:16]).digest()
    return int.from_bytes(digest, signed=True)


@lru_cache(maxsize=1024)
def _translated(statement: str) -> str:
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement)


def _runner(connection: psycopg.Connection[Any]) -> Run:
    def run(statement: str, **values: Any) -> list[tuple[Any, ...]]:
        cursor = connection.execute(_translated(statement).encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    return run

"""Reading the rows of a query as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.cells import known_cells
from airflow_provider_wahelp.delivery.mailing.row_shape import Columns, Row

BATCH = 1000
"""Rows that are fetched at once."""

_NO_CURSOR = {"42601", "0A000"}  # PostgreSQL's codes of what it has no cursor for, and of bad syntax
_QUERIES = {"SELECT", "TABLE", "VALUES", "WITH"}
_CHANGES = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE)\b|data-modifying", re.IGNORECASE)
_BEFORE_A_WORD = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_CHANGES_DATA = (
    "must change no data: a retry asks again, and must find the same people. Change it in another task"
)
_UNNAMED = 'must yield a column phone or user_id: SELECT ... AS phone, or columns={"phone": "..."}'


def query_rows(
    conn_id: str,
    sql: str,
    parameters: Mapping[str, Any] | Sequence[Any] | None,
    columns: Columns | None = None,
) -> Iterator[Row]:
    """Yield the rows of a query.

    :param conn_id: the id of an Airflow connection to a database.
    :param sql: the query.
    :param parameters: its parameters.
    :param columns: its columns.
    :raises InputError: if it is no query, or names a column twice.
    """
    columns = columns or Columns("sql")
    hook = _hook(conn_id)
    with closing(hook.get_conn()) as connection, closing(_cursor(hook.conn_type, connection)) as cursor:
        with _explained(columns.argument, sql):
            cursor.execute(*((sql, parameters) if parameters else (sql,)))
        if getattr(connection, "in_transaction", False) is True:  # SQLite begins one to change something
            raise InputError(columns.argument, _CHANGES_DATA)
        names: tuple[str, ...] = ()
        while batch := cursor.fetchmany(BATCH):
            # What a named cursor yields is known only now.
            names = names or columns.table([column[0] for column in cursor.description], _UNNAMED)
            yield from (_row(names, values) for values in batch)
        if not names and cursor.description:
            columns.table([column[0] for column in cursor.description], _UNNAMED)


def _row(names: Sequence[str], values: Any) -> Row:
    cells = tuple(values.values()) if isinstance(values, Mapping) else values  # another kind of cursor
    return dict(zip(names, known_cells(cells), strict=True))


@contextmanager
def _explained(argument: str, sql: str) -> Iterator[None]:
    """Say of a statement that PostgreSQL has no cursor for what it must be."""
    try:
        yield
    except Exception as error:
        code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        if code in _NO_CURSOR and (must := _no_cursor(sql, str(error))):
            raise InputError(argument, must) from None
        raise


def _no_cursor(sql: str, words: str) -> str:
    """Return what a statement must be; ``""`` if it is a query, with a mistake in it."""
    first = re.match(r"\w*", sql[_before(sql) :])
    word = first[0].upper() if first else ""
    if _CHANGES.search(word or "") or (word == "WITH" and _CHANGES.search(words.partition("\n")[0])):
        return _CHANGES_DATA
    return "" if word in _QUERIES else f"must be a query, e.g. SELECT: PostgreSQL streams no {word}"


def _before(sql: str) -> int:
    found = _BEFORE_A_WORD.match(sql)
    return found.end() if found else 0


def _hook(conn_id: str) -> Any:
    try:
        from airflow.providers.common.sql.hooks.sql import DbApiHook
    except ImportError:
        raise InputError("sql_conn_id", "a query needs pip install 'airflow-provider-wahelp[sql]'") from None
    hook = BaseHook.get_connection(conn_id).get_hook()  # type: ignore[no-untyped-call]
    if not isinstance(hook, DbApiHook):
        raise InputError("sql_conn_id", "must be a connection to a database")
    return hook


def _cursor(conn_type: str, connection: Any) -> Any:
    """Return a cursor that leaves the rows on the server, where the database has one."""
    if conn_type == "postgres":
        return connection.cursor("wahelp_recipients")
    if conn_type == "mysql" and type(connection).__module__.startswith("MySQLdb"):
        from MySQLdb.cursors import SSCursor

        return connection.cursor(SSCursor)
    return connection.cursor()

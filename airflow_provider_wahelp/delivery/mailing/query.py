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

_SYNTAX_ERROR = "42601"  # PostgreSQL's code, also of what it has no cursor for
_QUERIES = {"SELECT", "TABLE", "VALUES", "WITH"}
_NO_CODE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`", re.DOTALL)
_CHANGES = re.compile(
    r"\b(?:INSERT\s+INTO|REPLACE\s+INTO|MERGE\s+INTO|DELETE\s+FROM|UPDATE\s+[\w.]+(?:\s+\w+){0,2}\s+SET)\b",
    re.IGNORECASE,
)
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
    :param parameters: its parameters.
    :param columns: its columns.
    :raises InputError: if it is no query, or names a column twice.
    """
    columns = columns or Columns("sql")
    names: tuple[str, ...] = ()
    for given, batch in _batches(columns.argument, conn_id, sql, parameters):
        names = names or columns.table(given, _UNNAMED)
        yield from (dict(zip(names, _cells(values), strict=True)) for values in batch)


def query_table(
    conn_id: str, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None
) -> Iterator[Sequence[Any]]:
    """Yield the names of a query's columns, and then its rows.

    :raises InputError: if it is no query.
    """
    named = False
    for names, batch in _batches("sql", conn_id, sql, parameters):
        if not named:
            named = True
            yield names
        yield from map(_cells, batch)


def _batches(
    argument: str, conn_id: str, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None
) -> Iterator[tuple[list[str], Sequence[Any]]]:
    """Yield the names of the columns with some rows at a time; once without, where there are none."""
    _insist_on_reading(argument, sql)
    hook = _hook(conn_id)
    with closing(hook.get_conn()) as connection, closing(_cursor(hook.conn_type, connection)) as cursor:
        with _explained(argument, sql):
            cursor.execute(*((sql, parameters) if parameters else (sql,)))
        names: list[str] = []
        while batch := cursor.fetchmany(BATCH):
            # What a named cursor yields is known only now.
            names = names or [column[0] for column in cursor.description]
            yield names, batch
        if not names and cursor.description:
            yield [column[0] for column in cursor.description], ()


def _cells(values: Any) -> Sequence[Any]:
    cells = tuple(values.values()) if isinstance(values, Mapping) else values  # another kind of cursor
    return known_cells(cells)


def _insist_on_reading(argument: str, sql: str) -> None:
    """Refuse a statement that changes data: it may take effect, or not, as the database likes."""
    if _CHANGES.search(_NO_CODE.sub(" x ", sql)):
        raise InputError(argument, _CHANGES_DATA)


@contextmanager
def _explained(argument: str, sql: str) -> Iterator[None]:
    """Say of a statement that PostgreSQL has no cursor for what it must be."""
    try:
        yield
    except Exception as error:
        code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        first = re.search(r"\w+", _NO_CODE.sub(" ", sql))
        word = first[0].upper() if first else ""
        if code == _SYNTAX_ERROR and word not in _QUERIES:
            must = f"must be a query, e.g. SELECT: PostgreSQL streams no {word}"
            raise InputError(argument, must) from None
        raise


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

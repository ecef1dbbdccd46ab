"""Reading the rows of a query as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_wahelp.client.errors import InputError

BATCH = 1000
"""Rows that are fetched at once."""


def query_rows(
    conn_id: str, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a query.

    :param conn_id: the id of an Airflow connection to a database.
    :param sql: the query.
    :param parameters: its parameters.
    """
    hook = _hook(conn_id)
    with closing(hook.get_conn()) as connection, closing(_cursor(hook.conn_type, connection)) as cursor:
        cursor.execute(*((sql, parameters) if parameters else (sql,)))
        while batch := cursor.fetchmany(BATCH):
            names = [column[0] for column in cursor.description]  # of a named cursor known only now
            yield from (dict(zip(names, values, strict=True)) for values in batch)


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

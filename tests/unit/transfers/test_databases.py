"""People from real databases: SQLite, DuckDB, and a PostgreSQL of Debian's that the test starts."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.query import BATCH, query_rows
from airflow_provider_wahelp.delivery.mailing.row_shape import Columns

ANNA, BOB = "+79160000001", "+79160000002"
MANY = 2 * BATCH + 1


@pytest.fixture(params=["sqlite", "duckdb", "postgres"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the connection ``shop`` be a database; return of which kind."""
    kind: str = request.param
    if kind == "postgres":
        address = urlsplit(f"postgresql://{request.getfixturevalue('postgres')}")
        connection: dict[str, Any] = {
            "conn_type": "postgres",
            "host": address.hostname,
            "port": address.port,
            "login": address.username,
            "password": address.password,
            "schema": "postgres",
        }
    else:
        pytest.importorskip("duckdb_provider" if kind == "duckdb" else "airflow.providers.sqlite")
        connection = {"conn_type": kind, "host": str(tmp_path / "shop.db")}
    if kind == "sqlite":
        with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
            database.execute("CREATE TABLE people (phone TEXT)")
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(connection))
    return kind


def rows(sql: str, columns: Columns | None = None) -> list[Any]:
    return list(query_rows("shop", sql, None, columns))


def test_names_are_found_whatever_their_case(shop: str) -> None:
    assert rows(f"SELECT '{ANNA}' AS \"PHONE\", 'Anna' AS \"Name\"") == [{"phone": ANNA, "name": "Anna"}]


def test_a_column_that_is_there_twice_is_refused(shop: str) -> None:
    query = f"SELECT a.phone, b.phone FROM (SELECT '{ANNA}' AS phone) a, (SELECT '{BOB}' AS phone) b"
    with pytest.raises(InputError, match=r"^sql: two columns are called 'phone'"):
        rows(query)
    with pytest.raises(InputError, match=r"^sql: two columns are called 'phone'"):
        rows(f"SELECT '{ANNA}' AS phone, '{BOB}' AS \"PHONE\"")


def test_a_query_that_names_nobody_is_refused_also_without_rows(shop: str) -> None:
    for where in ("1 = 1", "1 = 0"):
        with pytest.raises(InputError, match=r"^sql: must yield a column phone or user_id"):
            rows(f"SELECT n FROM (SELECT 1 AS n) t WHERE {where}")


def test_an_author_may_say_what_a_column_is(shop: str) -> None:
    columns = Columns("sql", {"phone": "Телефон"})
    assert rows(f"SELECT '{ANNA}' AS \"телефон\"", columns) == [{"phone": ANNA}]


def test_nothing_is_nothing_and_numbers_are_exact(shop: str) -> None:
    (row,) = rows("SELECT 301.0 AS user_id, NULL AS a, CAST(2.50 AS NUMERIC(9, 2)) AS price")
    assert row["a"] is None
    assert row["user_id"] == 301
    if shop != "sqlite":  # which has no decimals
        assert str(row["price"]) == "2.50"
        (row,) = rows("SELECT 1 AS user_id, CAST('NaN' AS DOUBLE PRECISION) AS price")
        assert row["price"] is None


def test_nan_of_a_decimal_is_nothing(shop: str) -> None:
    if shop != "postgres":
        pytest.skip("only PostgreSQL has one")
    assert rows("SELECT 1 AS user_id, 'NaN'::numeric AS price") == [{"user_id": 1, "price": None}]
    assert rows("SELECT 1.00 AS user_id") == [{"user_id": Decimal("1.00")}]


def test_no_row_is_lost_between_batches(shop: str) -> None:
    counted = f"SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {MANY}"
    counted = f"WITH RECURSIVE c (n) AS ({counted}) SELECT n AS user_id FROM c"
    assert [row["user_id"] for row in rows(counted)] == list(range(1, MANY + 1))


@pytest.mark.parametrize("sql", ["SHOW server_version", "/* why */ EXPLAIN SELECT 1", "CALL nothing()"])
def test_what_postgresql_has_no_cursor_for_is_refused_with_the_reason(shop: str, sql: str) -> None:
    if shop != "postgres":
        pytest.skip("of PostgreSQL")
    word = sql.removeprefix("/* why */ ").split()[0]
    with pytest.raises(
        InputError, match=rf"^sql: must be a query, e\.g\. SELECT: PostgreSQL streams no {word}$"
    ):
        rows(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO told VALUES (1) RETURNING n AS user_id",
        'update "told" AS t\nset n = 2 RETURNING n AS user_id',
        "-- first\n UPDATE told SET n = 2 RETURNING n AS user_id",
        "WITH new AS (INSERT INTO told VALUES (1) RETURNING n) SELECT n AS user_id FROM new",
        "WITH c AS (SELECT 1 AS n) INSERT INTO told SELECT n FROM c RETURNING n AS user_id",
    ],
)
def test_a_query_must_change_nothing(shop: str, sql: str) -> None:
    with pytest.raises(InputError, match=r"^sql: must change no data: a retry asks again"):
        rows(sql)


def test_words_of_a_change_are_no_change(shop: str) -> None:
    query = "SELECT 1 AS user_id, 'DELETE FROM told' AS a, 2 AS \"INSERT INTO\" -- UPDATE told SET n = 1"
    assert rows(query) == [{"user_id": 1, "a": "DELETE FROM told", "INSERT INTO": 2}]


def test_a_mistake_in_a_query_is_what_the_database_says(shop: str) -> None:
    with pytest.raises(Exception, match=r"(?i)syntax error") as caught:
        rows("SELECT phone FORM people WHERE")
    assert not isinstance(caught.value, InputError)

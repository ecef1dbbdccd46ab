"""People from a query: a real SQLite database, and a cursor that behaves like PostgreSQL's."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, AirflowSkipException
from airflow.providers.sqlite.hooks.sqlite import SqliteHook

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing import query
from airflow_provider_wahelp.delivery.mailing.prepare import Preparation
from airflow_provider_wahelp.delivery.mailing.query import BATCH, query_rows
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.transfers import SqlToWahelpOperator

PEOPLE = [(number, f"+7916000000{number}", f"N{number}") for number in range(5)]
EVERYBODY = "SELECT phone, name FROM people"
COUNTED = """
WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 50000)
SELECT tick(n) AS user_id FROM counted
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the database behind the connection ``shop``."""
    file = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(
            "CREATE TABLE people (id INTEGER, phone TEXT, name TEXT); CREATE TABLE stopped (phone TEXT);"
        )
        database.executemany("INSERT INTO people VALUES (?, ?, ?)", PEOPLE)
        database.execute("INSERT INTO stopped VALUES ('8 916 000-00-01')")
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "sqlite", "host": str(file)}))
    return file


@pytest.fixture
def channel(shop: Path, wahelp_sandbox: Sandbox, connect: Any) -> dict[str, Any]:
    connect(wahelp_sandbox.url)
    with WahelpHook() as hook:
        project = hook.create_project("Shop").id
        uuid = hook.create_channel("Support", project_id=project).uuid
    wahelp_sandbox.scan(str(uuid))
    return {"project_id": project, "channel_uuid": uuid}


def operator(**given: Any) -> SqlToWahelpOperator:
    arguments = {"task_id": "mail", "sql": EVERYBODY, "sql_conn_id": "shop", "pace": None, "daily_cap": None}
    return SqlToWahelpOperator(**{"text": "Hello {{ row.name }}", **arguments, **given})


def sent(sandbox: Sandbox) -> list[str]:
    """Return the texts on all phones."""
    lines = (line for _, phone, _ in PEOPLE for line in sandbox.conversation(phone))
    return [line["text"] for line in lines]


def test_everybody_of_the_query_gets_a_text(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    assert operator(**channel).execute({})["sent"] == len(PEOPLE)
    assert sent(wahelp_sandbox) == [f"Hello N{number}" for number, _, _ in PEOPLE]


@pytest.mark.parametrize(
    ("where", "parameters"),
    [("id < :least", {"least": 2}), ("id < ?", [2]), ("id < ? AND name != ?", (3, "N2")), ("id < 2", None)],
)
def test_parameters(channel: dict[str, Any], wahelp_sandbox: Sandbox, where: str, parameters: Any) -> None:
    operator(sql=f"{EVERYBODY} WHERE {where}", parameters=parameters, **channel).execute({})
    assert sent(wahelp_sandbox) == ["Hello N0", "Hello N1"]


def test_parameters_are_templates(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    task = operator(
        sql=f"{EVERYBODY} WHERE name = :name", parameters={"name": "{{ params.name }}"}, **channel
    )
    context: Any = {"params": {"name": "N3' OR 1=1 --"}}
    task.render_template_fields(context)
    with pytest.raises(AirflowSkipException):
        task.execute(context)
    assert sent(wahelp_sandbox) == []


def test_the_query_may_be_a_file(channel: dict[str, Any], wahelp_sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "people.sql").write_text(f"{EVERYBODY} WHERE id = {{{{ params.id }}}}", "utf-8")
    with DAG(
        "file", start_date=datetime(2026, 1, 1, tzinfo=UTC), schedule=None, template_searchpath=str(tmp_path)
    ):
        task = operator(sql="people.sql", **channel)
    task.resolve_template_files()
    context: Any = {"params": {"id": 4}}
    task.render_template_fields(context)
    task.execute(context)
    assert sent(wahelp_sandbox) == ["Hello N4"]


def test_those_of_another_query_are_left_out(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    totals = operator(suppress_sql="SELECT phone FROM stopped", suppress=[PEOPLE[2][1]], **channel).execute(
        {}
    )
    assert (totals["sent"], totals["suppressed"]) == (3, 2)
    assert sent(wahelp_sandbox) == ["Hello N0", "Hello N3", "Hello N4"]


def test_whom_a_query_suppresses_must_be_understood(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match=r"^suppress_sql: must yield a column phone or user_id"):
        operator(suppress_sql="SELECT phone AS number FROM stopped", **channel).execute({})
    assert sent(wahelp_sandbox) == []


@pytest.mark.parametrize("reading", ["sql", "suppress_sql"])
def test_the_database_is_let_go_when_an_error_ends_the_reading(
    channel: dict[str, Any], monkeypatch: pytest.MonkeyPatch, reading: str
) -> None:
    opened: list[sqlite3.Connection] = []
    get_conn = SqliteHook.get_conn

    def counted(hook: SqliteHook) -> sqlite3.Connection:
        opened.append(get_conn(hook))
        return opened[-1]

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(SqliteHook, "get_conn", counted)
    if reading == "sql":
        monkeypatch.setattr(Preparation, "_composed", full)
    given = {"suppress_sql": "SELECT phone AS number FROM stopped"} if reading == "suppress_sql" else {}
    with pytest.raises((OSError, InputError)) as caught:  # which keeps the frames alive, as Airflow does
        operator(**given, **channel).execute({})
    (connection,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
    assert caught.tb is not None


@pytest.mark.parametrize("if_empty", ["skip", "succeed", "fail", None])
def test_without_rows(channel: dict[str, Any], if_empty: str | None) -> None:
    given = {"if_empty": if_empty} if if_empty else {}
    task = operator(sql=f"{EVERYBODY} WHERE id > 99", **given, **channel)
    if if_empty == "succeed":
        assert set(task.execute({}).values()) == {0}
        return
    with pytest.raises(InputError if if_empty == "fail" else AirflowSkipException):
        task.execute({})


@pytest.mark.parametrize(("name", "value"), [("sql", " "), ("suppress_sql", "")])
def test_an_empty_query_is_refused_when_the_dag_is_parsed(name: str, value: str) -> None:
    with pytest.raises(InputError, match=rf"^{name}: must be a query"):
        operator(**{name: value})


def test_a_connection_that_is_no_database(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match=r"^sql_conn_id: must be a connection to a database") as caught:
        operator(sql_conn_id="wahelp_default", **channel).execute({})
    assert isinstance(caught.value, AirflowFailException)
    assert sent(wahelp_sandbox) == []


def test_without_the_extra(channel: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.common.sql.hooks.sql", None)
    with pytest.raises(InputError, match=r"pip install 'airflow-provider-wahelp\[sql\]'"):
        operator(**channel).execute({})


def test_a_query_that_fails_sends_nothing(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    with pytest.raises(sqlite3.OperationalError):
        operator(sql="SELECT phone FROM nowhere", **channel).execute({})
    assert sent(wahelp_sandbox) == []


def test_rows_are_fetched_as_they_are_wanted(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.sqlite.hooks.sqlite import SqliteHook

    ticks: list[int] = []
    connect = SqliteHook.get_conn

    def ticking(hook: SqliteHook) -> sqlite3.Connection:
        connection = connect(hook)
        connection.create_function("tick", 1, lambda number: ticks.append(number) or number)  # type: ignore[func-returns-value]
        return connection

    monkeypatch.setattr(SqliteHook, "get_conn", ticking)
    with closing(query_rows("shop", COUNTED, None)) as rows:  # type: ignore[type-var]
        for number in range(1, 2 * BATCH + 2):
            assert next(rows) == {"user_id": number}
            assert len(ticks) <= number + BATCH
    assert len(ticks) < 4 * BATCH


class NamedCursor:
    """A cursor as psycopg2 has it where the rows stay on the server: what it yields is known once it has."""

    def __init__(self, rows: list[Any]) -> None:
        self.description: list[tuple[str]] | None = None
        self.closed = False
        self.executed: tuple[Any, ...] = ()
        self._rows: Iterator[Any] = iter(rows)

    def execute(self, *arguments: Any) -> None:
        self.executed = arguments

    def fetchmany(self, size: int) -> list[Any]:
        self.description = [("phone",), ("name",)]
        return [row for _, row in zip(range(size), self._rows, strict=False)]

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH + 1])
@pytest.mark.parametrize("kind", [tuple, dict])
def test_rows_stay_on_a_server_that_has_a_cursor(
    monkeypatch: pytest.MonkeyPatch, count: int, kind: type
) -> None:
    people = [{"phone": f"+7916{number:07}", "name": f"N{number}"} for number in range(count)]
    rows = people if kind is dict else [tuple(row.values()) for row in people]
    cursor, names, closed = NamedCursor(rows), [], []

    def named(name: str) -> NamedCursor:
        names.append(name)
        return cursor

    connection = SimpleNamespace(cursor=named, close=lambda: closed.append(True))
    hook = SimpleNamespace(conn_type="postgres", get_conn=lambda: connection)
    monkeypatch.setattr(query, "_hook", lambda conn_id: hook)
    assert list(query_rows("shop", EVERYBODY, None)) == people
    assert names == ["wahelp_recipients"]
    assert cursor.executed == (EVERYBODY,)
    assert cursor.closed
    assert closed == [True]

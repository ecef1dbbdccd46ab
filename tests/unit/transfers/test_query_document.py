"""The rows of a query as one document, to those who are named."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.transfers import SqlToWahelpOperator

ANNA, BOB = "+79160000001", "+79160000002"
CSV = "\ufefforder;total\r\n1;10,5\r\n2;20,5\r\n"


@pytest.fixture
def channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wahelp_sandbox: Sandbox, connect: Any
) -> dict[str, Any]:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
        database.execute('CREATE TABLE orders ("order" INTEGER, total REAL)')
        database.executemany("INSERT INTO orders VALUES (?, ?)", [(1, 10.5), (2, 20.5)])
    shop = json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "shop.db")})
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", shop)
    connect(wahelp_sandbox.url)
    with WahelpHook() as hook:
        project = hook.create_project("Shop").id
        uuid = str(hook.create_channel("Support", project_id=project).uuid)
    wahelp_sandbox.scan(uuid)
    return {"project_id": project, "channel_uuid": uuid}


def report(**given: Any) -> SqlToWahelpOperator:
    known = {"sql": "SELECT * FROM orders", "sql_conn_id": "shop", "as_file": "csv", "pace": None}
    known |= {
        "recipients": [{"phone": ANNA}],
        "file_name": "orders.csv",
        "text": "Orders",
        "stop_words": False,
    }
    return SqlToWahelpOperator(task_id="report", **{**known, **given})


def got(sandbox: Sandbox, phone: str = ANNA) -> list[tuple[str, str]]:
    lines = [line for line in sandbox.conversation(phone) if line["direction"] == "outgoing"]
    return [(line["text"], unquote(line["file_url"].rpartition("/")[2])) for line in lines]


def test_each_recipient_gets_the_rows_as_one_file(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    task = report(
        recipients=[{"phone": ANNA}, {"phone": BOB}], file_name="orders {{ params.day }}", **channel
    )
    context: Any = {"params": {"day": "1 May"}}
    task.render_template_fields(context)
    assert task.execute(context)["sent"] == 2
    assert got(wahelp_sandbox) == got(wahelp_sandbox, BOB) == [("Orders", "orders 1 May.csv")]


def test_the_file_has_the_rows(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.set_habits(names_files=False)  # then the link is the content's digest
    report(**channel).execute({})
    ((_, link),) = got(wahelp_sandbox)
    assert link == hashlib.sha256(CSV.encode()).hexdigest()[:16]


def test_an_excel_file_is_one(channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    pytest.importorskip("xlsxwriter")
    report(as_file="xlsx", file_name="orders.xlsx", **channel).execute({})
    assert got(wahelp_sandbox) == [("Orders", "orders.xlsx")]
    assert wahelp_sandbox.conversation(ANNA)[0]["message_type"] == "document"


@pytest.mark.parametrize("if_empty", ["skip", "fail", "succeed"])
def test_without_rows(channel: dict[str, Any], wahelp_sandbox: Sandbox, if_empty: Any) -> None:
    task = report(sql="SELECT * FROM orders WHERE total < 0", if_empty=if_empty, **channel)
    if if_empty == "succeed":
        assert task.execute({})["sent"] == 1
        return
    error = AirflowSkipException if if_empty == "skip" else InputError
    with pytest.raises(error, match="yielded no row"):
        task.execute({})
    assert got(wahelp_sandbox) == []


def test_a_document_that_is_too_large_goes_to_nobody(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__FILE_LIMIT", str(len(CSV.encode()) - 1))
    for dry_run in (True, False):
        with pytest.raises(InputError, match=r"^sql: makes a file of 32 bytes"):
            report(dry_run=dry_run, **channel).execute({})
    assert got(wahelp_sandbox) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"recipients": None}, "^recipients: must be given with as_file"),
        ({"file_name": None}, "^file_name: must be given with as_file"),
        ({"as_file": None}, "^recipients: are those of the query"),
        ({"as_file": "pdf"}, "^as_file: must be one of 'csv', 'xlsx'"),
        ({"file": "s3://b/a.pdf"}, "^file, file_column: cannot be given beside as_file"),
    ],
)
def test_what_contradicts_itself_is_refused_in_the_dag_file(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        report(**given)

"""A name with braces, on each way from a task, a file or a query to a phone."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, XComArg, task

from airflow_provider_wahelp.operators import SendMessageOperator, SendMessagesOperator
from airflow_provider_wahelp.transfers import SqlToWahelpOperator

NAME = """{{ 7*7 }} 100% "\u041e'Нил" {% x %} {# c #} {{ conn.wahelp_alerts.password }}"""
SQL = "SELECT :phone AS phone, :name || '' AS name"
LETTERS = ["10.50", "1_000", '"quoted"', "+79990000001", "12e3", "None", "[1, 2]", " {{ 7*7 }} "]


def phone(way: str) -> str:
    """Return the phone at the end of a way."""
    return f"+7916{sum(ord(letter) * 31**place for place, letter in enumerate(way)) % 10**7:07}"


def row(way: str) -> dict[str, str]:
    """Return a row of a mailing."""
    return {"phone": phone(way), "name": NAME}


def message(way: str) -> dict[str, str]:
    """Return the arguments of a message."""
    return {**row(way), "text": NAME}


VALUES: dict[str, Any] = {
    "text": NAME,
    "texts": [NAME],
    "messages": [message("expand_kwargs")],
    "zipped": [NAME],
    "more": [message("concat")],
    "rows": [row("rows")],
    "rows_in_a_template": [row("rows_in_a_template")],
    "lists_of_rows": [[row("rows_by_expand")]],
    "mailings": [{"recipients": [row("rows_by_expand_kwargs")], "suppress": [row("nobody")]}],
    "parameters": {"phone": phone("sql"), "name": NAME},
    "queries": [{"sql": f"{SQL} /* {{{{ 7*7 */", "parameters": row("sql_by_expand_kwargs")}],
}


@task(show_return_value_in_logs=False)
def give(name: str) -> Any:
    """Return a value: what is handed over as an argument would be a template."""
    return VALUES[name]


@task(show_return_value_in_logs=False)
def write(params: Mapping[str, Any] | None = None) -> str:
    """Write a file of rows, and return its path."""
    path = Path((params or {})["folder"], "people.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["phone", "name"], list(row("csv").values())])
    return str(path)


def given(name: str) -> XComArg:
    """Return an XCom."""
    return give.override(task_id=f"give_{name}")(name)


def named(text: str, name: str) -> dict[str, str]:
    """Return the arguments of a message."""
    return {"text": text, "name": name, "phone": phone("zip_and_map")}


CONN = {"wahelp_conn_id": "wahelp_alerts"}
MAILING: dict[str, Any] = {**CONN, "text": "{{ row.name }}", "pace": None, "daily_cap": None}
QUERY: dict[str, Any] = {**MAILING, "sql_conn_id": "memory"}

with DAG(dag_id="wahelp_data", schedule=None, params={"folder": ""}):
    text, texts, messages = given("text"), given("texts"), given("messages")

    SendMessageOperator(task_id="xcom", text=text, phone=phone("xcom"), **CONN)
    pulled = "{{ ti.xcom_pull('give_text') }}"
    text >> SendMessageOperator(task_id="pulled", text=pulled, phone=phone("pulled"), **CONN)
    one = SendMessageOperator.partial(task_id="expand", phone=phone("expand"), **CONN)
    one.expand(text=texts)
    SendMessageOperator.partial(task_id="expand_kwargs", **CONN).expand_kwargs(messages)
    zipped = texts.zip(given("zipped")).map(lambda pair: named(*pair))
    SendMessageOperator.partial(task_id="zip_and_map", **CONN).expand_kwargs(zipped)
    both = given("more").concat(messages)
    SendMessageOperator.partial(task_id="concat", **CONN).expand_kwargs(both)
    literal = {"text": "{{ 7*7 }}", "phone": phone("literal")}
    SendMessageOperator.partial(task_id="literal", **CONN).expand_kwargs([literal])

    SendMessagesOperator(task_id="rows", recipients=given("rows"), **MAILING)
    given("rows_in_a_template") >> SendMessagesOperator(
        task_id="rows_in_a_template", recipients="{{ ti.xcom_pull('give_rows_in_a_template') }}", **MAILING
    )
    SendMessagesOperator.partial(task_id="rows_by_expand", **MAILING).expand(
        recipients=given("lists_of_rows")
    )
    SendMessagesOperator.partial(task_id="rows_by_expand_kwargs", **MAILING).expand_kwargs(given("mailings"))
    SendMessagesOperator(task_id="csv", recipients=write(), **MAILING)

    SqlToWahelpOperator(task_id="sql", sql=SQL, parameters=given("parameters"), **QUERY)
    SqlToWahelpOperator.partial(task_id="sql_by_expand_kwargs", **QUERY).expand_kwargs(given("queries"))


with DAG(
    dag_id="wahelp_letters",
    schedule=None,
    render_template_as_native_obj=True,
    params={"letters": LETTERS, "phone": phone("letters"), "number": 10.5},
):
    for number in range(len(LETTERS)):
        SendMessageOperator(
            task_id=f"letters_{number}",
            text=f"{{{{ params.letters[{number}] }}}}",
            phone="{{ params.phone }}",
            name=f"{{{{ params.letters[{number}] }}}}",
            **CONN,
        )
    SendMessagesOperator(
        task_id="rows",
        recipients=[{"phone": "{{ params.phone }}", "name": "{{ params.letters[0] }} in a row"}],
        **MAILING,
    )


with DAG(dag_id="wahelp_nothing", schedule=None, default_args={"retries": 3, "retry_delay": timedelta(0)}):

    @task
    def nothing() -> None:
        """Return nothing."""

    @task
    def half() -> list[dict[str, Any]]:
        """Return a message without a text."""
        return [{"text": None, "phone": phone("nothing")}]

    where = {"phone": phone("nothing"), **CONN}
    nothing() >> [
        SendMessageOperator(task_id="xcom", text=nothing(), **where),
        SendMessageOperator(task_id="pulled", text="Total: {{ ti.xcom_pull('nothing') }}", **where),
    ]
    SendMessageOperator.partial(task_id="mapped", **CONN).expand_kwargs(half())

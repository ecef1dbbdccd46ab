"""Tables as people have them, one of each kind, on the way to a phone."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_wahelp.operators import SendMessagesOperator
from airflow_provider_wahelp.transfers import SqlToWahelpOperator

WAYS = ("excel", "json_lines", "json_array", "parquet", "mapped", "pandas", "query")
LEFT_OUT = ("suppress", "suppress_xcom", "suppress_file", "suppress_sql")
HELLO = "Здравствуйте, {{ row.name }}!"


def ten_digits(way: str) -> str:
    """Return the phone at the end of a way, or one that is left out, as a Russian writes it."""
    return f"916{sum(ord(letter) * 31**place for place, letter in enumerate(way)) % 10**7:07}"


@task(show_return_value_in_logs=False)
def excel_rows(params: Mapping[str, Any] | None = None) -> str:
    """Save a table as Russian Excel does, and return its path."""
    path = Path((params or {})["folder"], "люди.csv")
    with path.open("w", encoding="cp1251", newline="") as file:
        rows = [
            ["Телефон", "Имя"],
            [f"8 ({ten_digits('excel')[:3]}) {ten_digits('excel')[3:]}", "Анна"],
            ["", "Борис"],
            [ten_digits("suppress"), "Юлия"],
        ]
        csv.writer(file, delimiter=";").writerows(rows)
    return str(path)


@task(show_return_value_in_logs=False)
def json_lines_rows(params: Mapping[str, Any] | None = None) -> str:
    """Write rows with pandas' word for nothing, and return their path."""
    path = Path((params or {})["folder"], "people.jsonl")
    row = {"PHONE": float(f"7{ten_digits('json_lines')}"), "NAME": "Анна", "user_id": float("nan")}
    path.write_text(json.dumps(row) + "\n")
    return str(path)


@task(show_return_value_in_logs=False)
def json_array_rows(params: Mapping[str, Any] | None = None) -> str:
    """Write rows as one array, and return their path."""
    path = Path((params or {})["folder"], "people.json")
    people = {"json_array": "Анна", "suppress_file": "Юлия"}
    path.write_text(json.dumps([{"ТЕЛЕФОН": ten_digits(way), "NAME": name} for way, name in people.items()]))
    return str(path)


@task(show_return_value_in_logs=False)
def left_out_file(params: Mapping[str, Any] | None = None) -> str:
    """Write who is left out, under the author's own name of the column, and return the path."""
    path = Path((params or {})["folder"], "left-out.csv")
    digits = ten_digits("suppress_file")
    path.write_text(f"Телефон;Имя\n8 ({digits[:3]}) {digits[3:]};\n", "utf-8")
    return str(path)


@task(show_return_value_in_logs=False)
def left_out_rows() -> list[dict[str, Any]]:
    """Return who is left out."""
    return [{"PHONE": float(f"7{ten_digits('suppress_xcom')}"), "user_id": None}]


@task(show_return_value_in_logs=False)
def parquet_rows(params: Mapping[str, Any] | None = None) -> str:
    """Write a folder of Parquet, and return its path."""
    import pyarrow
    from pyarrow import parquet as files

    folder = Path((params or {})["folder"], "people.parquet")
    folder.mkdir()
    columns = {"Phone": [int(f"7{ten_digits('parquet')}")], "Name": ["Анна"]}
    files.write_table(pyarrow.table(columns), folder / "part-0.parquet")
    return str(folder)


@task(show_return_value_in_logs=False)
def mapped_rows(number: int) -> list[dict[str, Any]]:
    """Return a list of rows: of all mapped tasks it is a list of lists."""
    people = {"mapped": "Анна", "suppress_xcom": "Юлия"}
    return [{"phone": ten_digits(way), "name": name} for way, name in people.items()] if number else []


@task(show_return_value_in_logs=False)
def pandas_rows(params: Mapping[str, Any] | None = None) -> str:
    """Write a file as pandas does, whose column of numbers has a gap, and return its path."""
    import pyarrow
    from pyarrow import parquet as files

    path = Path((params or {})["folder"], "frame.parquet")
    phones = [float(f"7{ten_digits('pandas')}"), float("nan")]  # XComs of Airflow 3.3 take no NaN
    files.write_table(pyarrow.table({"phone": phones, "name": ["Анна", "Борис"]}), path)
    return str(path)


MAILING: dict[str, Any] = {
    "wahelp_conn_id": "wahelp_alerts",
    "text": HELLO,
    "pace": None,
    "daily_cap": None,
    "default_region": "RU",
    "suppress": [f"\u200e{ten_digits('suppress')}"],
}

with DAG(dag_id="wahelp_tables", schedule=None, params={"folder": ""}):
    SendMessagesOperator(
        task_id="excel",
        recipients=excel_rows(),
        columns={"phone": "Телефон", "name": "Имя"},
        encoding="cp1251",
        **MAILING,
    )
    SendMessagesOperator(task_id="json_lines", recipients=json_lines_rows(), **MAILING)
    SendMessagesOperator(
        task_id="json_array",
        recipients=json_array_rows(),
        columns={"phone": "Телефон"},
        **{**MAILING, "suppress": left_out_file()},
    )
    SendMessagesOperator(task_id="parquet", recipients=parquet_rows(), **MAILING)
    SendMessagesOperator(
        task_id="mapped",
        recipients=mapped_rows.expand(number=[0, 1]),
        **{**MAILING, "suppress": left_out_rows()},
    )
    SendMessagesOperator(task_id="pandas", recipients=pandas_rows(), **MAILING)
    SqlToWahelpOperator(
        task_id="query",
        sql=f"SELECT '+7{ten_digits('query')}' AS PHONE, 'Анна' AS NAME "
        f"UNION ALL SELECT '{ten_digits('suppress_sql')}', 'Юлия'",
        suppress_sql=f"SELECT 7{ten_digits('suppress_sql')}.0 AS Phone",
        sql_conn_id="memory",
        **MAILING,
    )

with DAG(dag_id="wahelp_bad_tables", schedule=None, default_args={"retries": 2}):
    SendMessagesOperator(task_id="all_bad", recipients=[{"phone": "12-34-56", "name": "Анна"}], **MAILING)
    SendMessagesOperator(
        task_id="reported",
        recipients=[{"phone": "12-34-56", "name": "Анна"}],
        on_bad_rows="report",
        **MAILING,
    )

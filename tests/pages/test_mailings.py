"""The page of mailings: whose, what of them, and what of a report is handed out."""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from tests.pages.conftest import RUN, TOLD, TOTALS, Rights, Tell

PHONE = "+79261234567"
HEADER = "number,key,user_id,phone,outcome,reason,message_id\r\n"
TASK = {"run_id": RUN, "task_id": "mail", "map_index": -1}


def shown(reader: Any, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        reader.get("data/mailings", params=asked).raise_for_status().json()["mailings"]
    )
    return found


def test_a_mailing_under_way_is_shown_with_its_funnel(reader: Any, rights: Rights, tell: Tell) -> None:
    rights.dags = rights.xcoms = {"shop"}
    tell("shop", TOLD)
    [mailing] = shown(reader)
    assert mailing["under_way"]
    assert dict(mailing["funnel"]) == {
        "Rows": sum(TOTALS.values()),
        "Bad rows": 1,
        "Must not be written to": 2,
        "Not sent yet": 3,
        "Failed": 1,
        "Sent": 7,
    }
    assert mailing["speed"] == "at 20 a minute"
    assert mailing["ends"] == "1970-01-01T00:16:49+00:00"
    assert mailing["curve"]["sent"] == "0.0,120.0 600.0,0.0"
    assert shown(reader, dag_id="shop", **TASK) == [mailing]
    assert shown(reader, dag_id="shop", task_id="other") == []


def test_whoever_may_not_see_a_dag_or_its_xcoms_sees_none_of_its_mailings(
    reader: Any, rights: Rights, tell: Tell
) -> None:
    tell("shop", TOLD)
    tell("bank", TOLD)
    assert shown(reader) == []
    rights.dags, rights.xcoms = {"shop", "bank"}, {"shop"}
    assert [each["dag_id"] for each in shown(reader)] == ["shop"]
    assert shown(reader, dag_id="bank") == []
    rights.dags, rights.xcoms = {"bank"}, {"shop", "bank"}
    assert [each["dag_id"] for each in shown(reader)] == ["bank"]
    assert reader.get("data/report", params={"dag_id": "shop", **TASK}).status_code == 404


def test_who_is_not_logged_in_sees_nothing(reader: Any, rights: Rights, tell: Tell) -> None:
    rights.dags = rights.xcoms = {"shop"}
    tell("shop", TOLD)
    reader.app.routes[-1].app.dependency_overrides.clear()
    for path in ("data/mailings", "data/report"):
        assert reader.get(path, params={"dag_id": "shop", **TASK}).status_code == 401


def test_replies_of_the_same_run_are_counted_in(reader: Any, rights: Rights, tell: Tell) -> None:
    rights.dags = rights.xcoms = {"shop"}
    tell("shop", {**TOLD, "report": "/r.csv"})
    told = {"report": "/r.csv", "totals": {"answered": 4, "stopped": 1}}
    tell("shop", told, task_id="replies", key="wahelp_replies")
    [mailing] = shown(reader)
    assert mailing["funnel"][-2:] == [["Answered", 4], ["Asked to stop", 1]]


@pytest.mark.parametrize(
    "value",
    [None, "text", 7, [1], {"totals": 3, "points": "x", "reasons": [[1]], "at": "soon", "ends": 1e300}],
)
def test_an_xcom_that_others_wrote_costs_nobody_the_page(
    reader: Any, rights: Rights, tell: Tell, value: Any
) -> None:
    rights.dags = rights.xcoms = {"shop", "bank"}
    tell("shop", value)
    tell("bank", TOLD)
    assert {each["dag_id"] for each in shown(reader)} == {"shop", "bank"}


def test_a_report_is_for_readers_of_the_connection_and_the_download_is_logged(
    reader: Any, rights: Rights, tell: Tell, tmp_path: Path
) -> None:
    from airflow.models.log import Log
    from airflow.utils.session import create_session
    from sqlalchemy import select

    rights.dags = rights.xcoms = {"shop"}
    file = tmp_path / "report.csv"
    file.write_text(f"{HEADER}1,,301,{PHONE},sent,,501\r\n", newline="")
    tell("shop", {**TOLD, "report": str(file)})
    asked = {"dag_id": "shop", **TASK}
    refused = reader.get("data/report", params=asked)
    assert refused.status_code == 403
    assert PHONE not in refused.text
    assert PHONE not in reader.get("data/mailings").text
    rights.connections = True
    answer = reader.get("data/report", params=asked)
    assert answer.content == file.read_bytes()
    assert answer.headers["content-disposition"] == 'attachment; filename="mailing.csv"'
    with create_session() as session:
        logged = session.scalars(select(Log).where(Log.event == "wahelp_report")).all()
        assert [(each.owner, each.dag_id, each.task_id) for each in logged] == [("anna", "shop", "mail")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("secret.csv", "password,host\n"),
        ("airflow.cfg", HEADER),
        ("a.jsonl", '{"token": 1}\n'),
        ("a.html", "<!doctype html>\nsecret"),
        ("b.jsonl", "[[]]"),
    ],
)
def test_what_is_no_report_is_not_handed_out(
    reader: Any, rights: Rights, tell: Tell, tmp_path: Path, name: str, content: str
) -> None:
    """Whoever may write XComs must not read the files of the API server."""
    rights.dags = rights.xcoms = {"shop"}
    rights.connections = True
    (tmp_path / name).write_text(content)
    tell("shop", {**TOLD, "report": str(tmp_path / name)})
    answer = reader.get("data/report", params={"dag_id": "shop", **TASK})
    assert answer.status_code == 404
    assert content.strip() not in answer.text


def test_the_page_asks_nobody_else_and_only_airflow_frames_it(reader: Any) -> None:
    page = reader.get("mailings")
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    for name in ("pages.css", "page.js", "mailings.js", "theme.js"):
        part = reader.get(f"pages/{name}")
        assert part.status_code == 200
        assert "https://" not in page.text + part.text
    assert reader.get("pages/conftest.py").status_code == 404
    assert reader.get("pages/..%2Froutes.py").status_code == 404


def test_a_report_of_a_hundred_thousand_rows_takes_no_memory_and_the_page_no_time(
    reader: Any, rights: Rights, tell: Tell, tmp_path: Path
) -> None:
    from airflow_provider_wahelp.pages.reports import read_report

    rights.dags = rights.xcoms = {"shop"}
    file = tmp_path / "report.csv"
    file.write_text(HEADER + f"1,,301,{PHONE},sent,,501\r\n" * 100_000, newline="")
    tell("shop", {**TOLD, "report": str(file), "totals": {**TOTALS, "sent": 100_000}})
    shown(reader)
    begun = time.monotonic()
    [mailing] = shown(reader)
    assert time.monotonic() - begun < 1
    assert len(json.dumps(mailing)) < 10_000
    tracemalloc.start()
    size = sum(map(len, read_report(str(file))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == file.stat().st_size
    assert peak < 2_000_000


def test_a_report_that_is_a_page_is_handed_out_too(
    reader: Any, rights: Rights, tell: Tell, tmp_path: Path
) -> None:
    from airflow_provider_wahelp.delivery.mailing.page import Page

    rights.dags = rights.xcoms = {"shop"}
    rights.connections = True
    file = tmp_path / "report.html"
    with file.open("w") as page:
        Page("shop/run/mail/-1", "UTC").write(page, TOLD)
    tell("shop", {**TOLD, "report": str(file)})
    answer = reader.get("data/report", params={"dag_id": "shop", **TASK})
    assert answer.content == file.read_bytes()
    assert answer.headers["content-disposition"] == 'attachment; filename="mailing.html"'

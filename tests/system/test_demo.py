"""`make demo`: as it runs where nobody watches, and as somebody in a terminal finds it who stays."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.airflow_version import VERSION
from demo.connections import PASSWORD
from demo.process import wait_until

from .conftest import REPOSITORY
from .terminal import PHONE, Demo

pytestmark = pytest.mark.system

ASKING = "deferred" if VERSION < (3, 3) else "awaiting_input"
LISTENS = VERSION >= (3, 0)
"""Whether assets have events."""

ASKS = VERSION >= (3, 1)
"""Whether this Airflow has deadlines, and people can be asked."""

OWN_DAG = """
from datetime import datetime

from airflow.providers.common.compat.sdk import dag


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def of_my_own():
    pass


of_my_own()
"""
WRONG_DAG = "from airflow.providers.common.compat.sdk import dag\n\nraise ValueError('not finished')\n"

ENDS: dict[str, dict[str, list[str | None]]] = {
    "wahelp_alerts": {"shops": ["success"], "load": ["success", "failed", "failed"]},
    "wahelp_appointment": {
        "find": ["success"],
        "ask": ["deferred"],
        "confirm": [None],
        "cancel": [None],
    },
    "wahelp_approval": {"approve": [ASKING], "publish": [None]} if ASKS else {"publish": ["success"]},
    "wahelp_approval_by_phone": (
        {"approve": [ASKING], "publish": [None]} if ASKS else {"publish": ["success"]}
    ),
    "wahelp_authorization": (
        {"wait": ["success"], "request": ["skipped"], "ask": ["skipped"]} if ASKS else {"wait": ["success"]}
    ),
    **({"wahelp_bot": {"read": ["success"], "answer": ["skipped"]}} if LISTENS else {}),
    "wahelp_daily_note": {"write": ["success"], "send": ["success"]},
    "wahelp_data_quality": {"extract": ["success"], "check": ["success"], "tell": ["success"]},
    "wahelp_deadline": {"report": ["success"]},
    "wahelp_dialogs": {"export": ["success"]},
    "wahelp_delivery": {"send": ["success"], "read": ["success"], "report": ["success"]},
    "wahelp_documents": {
        "write": ["success"],
        "bill": ["success"],
        "table": ["success"],
        "draw": ["success"],
        "chart": ["success"],
    },
    "wahelp_history": {"export": ["success"], "count_unanswered": ["success"], "webhook": ["success"]},
    "wahelp_invoices": {"project": ["success"], "channel": ["success"], "remind": ["deferred"]},
    "wahelp_newsletter": {
        "channels": ["success"],
        "mailing.readers": ["success"],
        "mailing.check": ["success"],
        "mailing.send": ["success"],
    },
    "wahelp_platform_mailing": {"create": ["success"], "start": ["success"], "export": ["success"]},
    "wahelp_report": {"write": ["success"], "send": ["success"]},
    "wahelp_webhooks": {"old": ["success"], "remove": ["skipped"]},  # there is none to be removed
}
"""How each example ends that is started as it is, by its tasks; the onboarding has been run by then."""

TOLD = {
    "wahelp_alerts": "Failed: wahelp_alerts, task load [",
    "wahelp_daily_note": "Yesterday: 42 orders",
    "wahelp_data_quality": "2 of 3 orders are bad",
    "wahelp_delivery": "Your order is ready.",
    "wahelp_documents": "What is due on which day.",
    "wahelp_newsletter": "our spring catalogue",
    **({"wahelp_approval": "Publish the new prices?", "wahelp_deadline": "Deadline missed"} if ASKS else {}),
}
"""What is then on the phone."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo whose user has stayed, and has a DAG in the making."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "dags").mkdir()
    (folder / "dags" / "wrong.py").write_text(WRONG_DAG)
    running = Demo(folder / "home", folder / "dags")
    running.start()
    try:
        wait_until(running.stays, timeout=480, what="a demo that stays")
        yield running
    finally:
        shown = running.stop()
    assert shown.rstrip().endswith("Everything has been stopped.")
    assert (folder / "dags" / "wrong.py").read_text() == WRONG_DAG


@pytest.fixture(scope="module")
def runs(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The runs of all examples, each as it is, but for where files go."""
    folder = tmp_path_factory.mktemp("files")
    paths: dict[str, dict[str, Any]] = {
        "wahelp_data_quality": {"directory": str(folder)},
        "wahelp_dialogs": {"directory": f"file://{folder}"},
        "wahelp_documents": {"reports": f"file://{folder}"},
        "wahelp_history": {"directory": f"file://{folder}"},
        "wahelp_invoices": {"reports": f"file://{folder}"},
        "wahelp_platform_mailing": {"directory": f"file://{folder}"},
        "wahelp_report": {"reports": f"file://{folder}"},
    }
    late = _too_late(demo)
    # Without a date, a run of Airflow 3 has no span.
    dates = {"wahelp_dialogs": datetime.now(UTC)} if LISTENS else {}
    others = {
        dag: demo.airflow.trigger(dag, paths.get(dag), dates.get(dag))
        for dag in ENDS
        if dag != "wahelp_deadline"
    }
    return {**others, "wahelp_deadline": late}


def _too_late(demo: Demo) -> str:
    """Let a deadline be missed. Its alert has ten seconds: a busy machine may take them, once or twice."""
    for hours in range(1, 4):
        run_id = demo.airflow.trigger(
            "wahelp_deadline", logical_date=datetime.now(UTC) - timedelta(hours=hours)
        )
        with suppress(TimeoutError):
            demo.hear(TOLD.get("wahelp_deadline", ""), seconds=60)
            break
    return run_id


@pytest.mark.skipif(VERSION < (3, 3), reason="`make demo` installs the newest Airflow")
def test_without_a_terminal_it_runs_and_stops_by_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--home", str(tmp_path / "home"), "--dags", str(tmp_path / "dags")],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ send" in done.stdout
    assert "Hello from Airflow!" in done.stdout
    assert "Anna, придёте завтра в 10:00?" in done.stdout
    assert "✓ confirm" in done.stdout
    assert "Booking B-7 is confirmed." in done.stdout
    assert "http://" not in done.stdout  # nobody is there any more
    assert "Everything has been stopped." in done.stdout
    assert done.stderr == ""
    logs = [log.read_text(errors="replace") for log in (tmp_path / "home").rglob("*.log")]
    assert logs
    assert [line for log in logs for line in log.splitlines() if "too short" in line] == []


def test_it_ends_with_a_question_whose_answer_a_dag_goes_on_with(demo: Demo) -> None:
    assert "Anna, придёте завтра в 10:00?" in demo.text
    demo.wahelp.post("/sandbox/phones/74951234567/messages", json={"text": "нет"}).raise_for_status()
    wait_until(lambda: "Booking B-7 is free." in demo.text, timeout=120, what="an answer that is taken")
    assert "✓ cancel" in demo.text


def test_its_connections_are_in_the_database_encrypted_and_name_what_was_made(demo: Demo) -> None:
    found = demo.airflow.connection("wahelp_default")
    extra = json.loads(found["extra"])
    (channel,) = {line["channel_uuid"] for line in demo.lines()}
    assert (set(extra), extra["channel_uuid"]) == ({"project_id", "channel_uuid"}, channel)
    assert demo.airflow.connection("shop_db")["conn_type"] == "sqlite"
    with closing(sqlite3.connect(f"file:{demo.home}/airflow/airflow.db?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT password, extra, is_encrypted, is_extra_encrypted FROM connection WHERE conn_id = ?",
            ("wahelp_default",),
        )
        ((password, kept, *encrypted),) = rows
    assert encrypted == [1, 1]
    assert PASSWORD not in password
    assert channel not in kept


def test_no_example_is_left_out(demo: Demo) -> None:
    assert demo.airflow.dag_ids() - {"of_my_own"} == {*ENDS, "wahelp_onboarding"}


def test_a_dag_of_ones_own_appears_within_seconds(demo: Demo) -> None:
    assert Path(demo.place("DAGs")) == demo.dags
    (demo.dags / "own.py").write_text(OWN_DAG)
    wait_until(lambda: "of_my_own" in demo.airflow.dag_ids(), timeout=60, what="a DAG of one's own")


@pytest.mark.parametrize("dag_id", sorted(ENDS))
def test_every_example_ends_as_it_says(dag_id: str, demo: Demo, runs: dict[str, str]) -> None:
    demo.expect(dag_id, runs[dag_id], ENDS[dag_id])
    demo.hear(TOLD.get(dag_id, ""))


def test_it_is_said_that_the_quiet_hours_are_waited_for_and_how_not_to(
    demo: Demo, runs: dict[str, str], tmp_path: Path
) -> None:
    dag = "wahelp_invoices"
    demo.expect(dag, runs[dag], ENDS[dag])
    log = demo.airflow.task_log(dag, runs[dag], "remind")
    assert re.search(r"Quiet hours hold until 09:00 on \d\d \w+ in \w+/\w+.*: [12] not written to yet", log)
    assert "Empty ``quiet_hours``" in demo.airflow.doc(dag)

    run = demo.airflow.trigger(dag, {"quiet_hours": None, "reports": f"file://{tmp_path}"})
    demo.expect(dag, run, {**ENDS[dag], "remind": ["success"]})
    assert demo.airflow.xcom(dag, run, "remind")["sent"] == 3


@pytest.mark.skipif(not LISTENS, reason="before Airflow 3, assets have no events")
def test_the_bot_answers(demo: Demo) -> None:
    for _ in range(4):  # what is written before its watcher has begun is not new
        demo.wahelp.post(
            f"/sandbox/phones/{PHONE}/messages", json={"text": "Where are you?"}
        ).raise_for_status()
        with suppress(TimeoutError):
            demo.hear("the blue door", seconds=30)
            return
    pytest.fail("the bot does not answer")


@pytest.mark.skipif(ASKS, reason="this Airflow asks people")
@pytest.mark.parametrize("dag_id", ["wahelp_approval", "wahelp_authorization", "wahelp_deadline"])
def test_what_this_airflow_lacks_is_said(dag_id: str, demo: Demo) -> None:
    assert "Airflow 3.1; below" in demo.airflow.doc(dag_id)


@pytest.mark.skipif(not ASKS, reason="nobody can be asked before Airflow 3.1")
def test_the_approval_ends_with_the_answer(demo: Demo, runs: dict[str, str]) -> None:
    dag = "wahelp_approval"
    demo.expect(dag, runs[dag], ENDS[dag])
    demo.let_go(runs[dag], "approve")
    demo.airflow.answer(dag, runs[dag], "approve", "Approve")
    demo.expect(dag, runs[dag], {"approve": ["success"], "publish": ["success"]})


@pytest.mark.skipif(not ASKS, reason="nobody can be asked before Airflow 3.1")
def test_the_authorization_ends_with_the_scan_and_the_answer(demo: Demo) -> None:
    dag = "wahelp_authorization"
    channel = json.loads(demo.airflow.connection("wahelp_default")["extra"])["channel_uuid"]
    demo.wahelp.post(f"/sandbox/channels/{channel}/log-out").raise_for_status()
    run = demo.airflow.trigger(dag)
    demo.expect(dag, run, {"wait": ["deferred"], "request": ["success"], "ask": [ASKING]})
    demo.let_go(run, "ask")
    demo.wahelp.post(f"/sandbox/channels/{channel}/scan").raise_for_status()
    demo.airflow.answer(dag, run, "ask", "OK")
    demo.expect(dag, run, {"wait": ["success"], "request": ["success"], "ask": ["success"]})

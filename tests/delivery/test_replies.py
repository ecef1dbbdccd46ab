"""After a mailing: who has answered it, through the operators, over real HTTP and with a real database."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_wahelp.client.errors import HistoryIncompleteError, InputError
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.operators import ReplyReportOperator, SendMessagesOperator
from airflow_provider_wahelp.sandbox import Sandbox

ANNA, BORIS, CLAIRE, DMITRI = "+79161111111", "+79162222222", "+12125550123", "+79164444444"
LATE = "+79165555555"
HOUR = 3600


@pytest.fixture
def channel(sandbox: Sandbox, connect: Any) -> dict[str, Any]:
    """A channel of a server whose clock is two days behind, so that the time for replies is over."""
    sandbox.reset()
    sandbox.configure(clock_skew=-48 * HOUR)
    connect(sandbox.url)
    with WahelpHook() as hook:
        project = hook.create_project("Shop").id
        uuid = str(hook.create_channel("Support", project_id=project).uuid)
    sandbox.scan(uuid)
    return {"project_id": project, "channel_uuid": uuid}


@pytest.fixture
def mail(channel: dict[str, Any], tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes to people, and returns the path of the report."""

    def send(*people: str) -> str:
        path = f"file://{tmp_path}/mailing.csv"
        rows = [{"phone": phone, "n": n} for n, phone in enumerate(people)]
        how: dict[str, Any] = {
            "pace": None,
            "daily_cap": None,
            "stop_words": False,
            "report_path": path,
            **channel,
        }
        SendMessagesOperator(task_id="mail", recipients=rows, text="Number {{ row.n }}", **how).execute({})
        return path

    return send


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE orders (phone TEXT)")
        orders = ["8 (916) 111-11-11", "79161111111", CLAIRE, "+79169999999", "no phone", None]
        database.executemany("INSERT INTO orders VALUES (?)", [(phone,) for phone in orders])
    connection = {"conn_type": "sqlite", "host": str(file)}
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", json.dumps(connection))


def task(mailing_report: str, **arguments: Any) -> ReplyReportOperator:
    since = datetime.now(UTC) - timedelta(days=3)
    given = {"since": since, "mailing_report": mailing_report, **arguments}
    return ReplyReportOperator(task_id="replies", **given)


@pytest.mark.usefixtures("shop")
def test_who_has_answered_in_time_who_asked_to_stop_and_who_has_bought(
    sandbox: Sandbox, channel: dict[str, Any], mail: Callable[..., str], tmp_path: Path, task_log: Any
) -> None:
    uuid = channel["channel_uuid"]
    with WahelpHook() as hook:
        hook.create_user("Boris", BORIS, **channel)
    sandbox.receive(BORIS, "before the mailing", uuid)
    sandbox.advance(60)
    report = mail(ANNA, BORIS, CLAIRE, DMITRI, LATE)
    sandbox.advance(60)
    sandbox.receive(ANNA, "Great, I'll come", uuid)
    sandbox.receive(ANNA, "СТОП!", uuid)
    sandbox.receive(BORIS, "stop, please", uuid)
    sandbox.receive(DMITRI, "_Incoming call_", uuid)
    sandbox.advance(HOUR)
    sandbox.receive(LATE, "Oh, am I late?", uuid)
    path = tmp_path / "replies.csv"

    found = task(
        report,
        within=HOUR,
        conversions_sql="SELECT phone FROM orders",
        sql_conn_id="shop_db",
        report_path=f"file://{path}",
        default_region="RU",
        **channel,
    ).execute({})

    assert found == {
        "people": 5, "unknown": 0, "answered": 1, "stopped": 2, "converted": 2, "conversions": 3,
    }  # fmt: skip
    rows = {row["phone"]: row for row in csv.DictReader(path.read_text("utf-8").splitlines())}
    told = {phone: (row["messages"], row["conversions"]) for phone, row in rows.items()}
    assert told == {
        ANNA: ("2", "2"), BORIS: ("1", "0"), CLAIRE: ("0", "1"), DMITRI: ("0", "0"), LATE: ("0", "0"),
    }  # fmt: skip
    assert rows[ANNA]["answered_at"] > rows[ANNA]["sent_at"]
    assert rows[BORIS]["answered_at"] == "" != rows[BORIS]["stopped_at"]
    assert path.stat().st_mode & 0o777 == 0o600
    said = task_log()
    assert "Of 5 people 1 have answered, 2 asked to stop, and 2 have converted, 3 times" in said
    assert not [phone for phone in rows if phone[1:] in said]


def test_the_history_is_read_by_pages_whatever_the_number_of_people(
    sandbox: Sandbox, channel: dict[str, Any], mail: Callable[..., str]
) -> None:
    report = mail(*(f"+7916000{number:04}" for number in range(120)))
    sandbox.advance(60)
    for number in range(0, 120, 2):
        sandbox.receive(f"+7916000{number:04}", "yes", channel["channel_uuid"])
    sandbox.clear_requests()
    found = task(report, **channel).execute({})
    assert (found["people"], found["answered"]) == (120, 60)
    assert len([each for each in sandbox.requests if "/messages" in each["path"]]) <= 3


def test_the_task_waits_until_the_time_for_replies_is_over(
    sandbox: Sandbox, channel: dict[str, Any], mail: Callable[..., str]
) -> None:
    sandbox.configure(clock_skew=0)
    with pytest.raises(TaskDeferred) as deferred:
        task(mail(ANNA), within=HOUR, **channel).execute({})
    assert deferred.value.method_name == "resume"
    assert "916" not in str(deferred.value.trigger.serialize())


def test_what_the_history_does_not_show_is_unknown_or_an_error(
    sandbox: Sandbox, channel: dict[str, Any], mail: Callable[..., str]
) -> None:
    report = mail(*(f"+7916000{number:04}" for number in range(120)))
    sandbox.set_habits(history_keeps=100)
    assert task(report, **channel).execute({})["unknown"] == 20
    sandbox.set_habits(history_keeps=None, page_ignored=True)
    with pytest.raises(HistoryIncompleteError, match="no older ones"):
        task(report, **channel).execute({})
    sandbox.set_habits(page_ignored=False)
    with pytest.raises(HistoryIncompleteError, match="no message of the mailing"):
        task(_elsewhere(report), **channel).execute({})


def _elsewhere(report: str) -> str:
    """Return a report of messages that the channel does not have."""
    file = Path(report.removeprefix("file://")).with_name("other.csv")
    file.write_text("user_id,phone,outcome,message_id\n1,,sent,9999\n")
    return str(file)


def test_a_mailing_to_nobody_is_nothing_to_wait_for(
    channel: dict[str, Any], mail: Callable[..., str]
) -> None:
    assert set(task(mail(), **channel).execute({}).values()) == {0}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"mailing_report": "s3://reports/mailing.xlsx"}, "mailing_report"),
        ({"within": 0}, "within"),
        ({"since": "yesterday"}, "since"),
        ({"conversions_sql": "SELECT 1"}, "conversions_sql, sql_conn_id"),
        ({"report_path": "replies.txt"}, "report_path"),
    ],
)
def test_bad_input_is_refused_when_the_dag_is_parsed(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=f"^{named}: "):
        task(arguments.pop("mailing_report", "mailing.csv"), **arguments)


def test_a_file_that_is_no_report_is_refused(channel: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("phone\n+79161111111\n")
    with pytest.raises(InputError, match=r"^mailing_report: must be the report_path"):
        task(str(file), **channel).execute({})

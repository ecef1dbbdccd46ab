"""Mailings: each person once, whatever breaks; who does not get it is said."""

from __future__ import annotations

import csv
import itertools
import json
import logging
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.client.errors import (
    ChannelNotActiveError,
    InputError,
    TooManyFailuresError,
    UnknownOutcomeError,
    WahelpError,
)
from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.delivery.mailing import assembly, recorder
from airflow_provider_wahelp.delivery.mailing.growing_report import GrowingReport
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.sender import Sender, SendResult
from tests.combinations import in_turn
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Killed, Rig, moments, quiet

COUNT = 12
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 3)


def phone(number: int) -> str:
    return f"+7916100{number:04}"


def crowd(count: int = COUNT, start: int = 0) -> list[dict[str, Any]]:
    return [
        {"phone": phone(number), "name": f"N{number}", "text": f"Text {number}"}
        for number in range(start, start + count)
    ]


def arrived(rig: Rig, rows: list[dict[str, Any]]) -> Counter[str]:
    """Return how often each row's text has reached its phone."""
    counts: Counter[str] = Counter()
    for row in rows:
        for line in rig.sandbox.conversation(row["phone"]):
            if line["direction"] == "outgoing":
                counts[line["text"]] += 1
    return counts


def each_once(rig: Rig, rows: list[dict[str, Any]]) -> None:
    assert arrived(rig, rows) == Counter({row["text"]: 1 for row in rows})


def reads(rig: Rig) -> int:
    return sum(request["path"].endswith("/messages") for request in rig.sandbox.requests)


def test_everybody_gets_a_text_of_their_own(rig: Rig) -> None:
    rows = crowd()
    totals = MailingTask(rig, rows).attempt()
    assert totals == {
        "sent": COUNT, "skipped": 0, "suppressed": 0, "no_messenger": 0, "failed": 0, "deferred": 0,
    }  # fmt: skip
    each_once(rig, rows)


@pytest.mark.parametrize("between", [0, 1, 5], ids=["beside", "in a chunk", "in another chunk"])
@pytest.mark.parametrize("first", ["phone", "user_id"])
def test_a_person_named_by_phone_and_by_user_id_gets_a_text_once(
    rig: Rig, first: str, between: int, tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    by_phone, by_id = {"phone": PHONES[0], "text": "Hello"}, {"user_id": rig.users[0], "text": "Hello"}
    one, other = (by_phone, by_id) if first == "phone" else (by_id, by_phone)
    rows = [one, *crowd(between), other, {**by_phone, "text": "Goodbye"}]
    mailing = MailingTask(rig, rows, given={"report_path": str(path)})
    totals = mailing.attempt()
    assert totals
    assert (totals["sent"], totals["skipped"]) == (between + 2, 1)
    assert arrived(rig, [by_phone]) == Counter({"Hello": 1, "Goodbye": 1})
    report = [json.loads(line) for line in path.read_text().splitlines()]
    assert report[between + 1]["reason"] == "the same person and text as row 1"
    mailing.task.clear()
    mailing.attempt()
    assert arrived(rig, [by_phone]) == Counter({"Hello": 1, "Goodbye": 1})


@pytest.mark.parametrize("ledger", ["store", "none"])
@pytest.mark.parametrize("steps", moments(range(1, 9)))
def test_a_worker_is_killed_while_it_writes_to_a_person_named_twice(
    rig: Rig, ledger: str, steps: int
) -> None:
    rows = [{"phone": PHONES[0], "text": "Hello"}, *crowd(3), {"user_id": rig.users[0], "text": "Hello"}]
    mailing = MailingTask(rig, rows, ledger)
    with suppress(Killed):
        mailing.attempt(steps)
    rig.sleep(60)
    mailing.attempt()
    assert arrived(rig, rows[:1]) == Counter({"Hello": 1})


def test_a_cap_that_is_reached_turns_more_recipients_away_than_there_are_threads(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 20)
    rows = crowd(20)
    mailing = MailingTask(rig, rows, given={"daily_cap": 3, "concurrency": 2})
    assert mailing.attempt() is None
    assert arrived(rig, rows).total() == 3


@pytest.mark.parametrize("ledger", ["store", "file"])
def test_an_opt_out_is_asked_for_again_by_the_next_attempt(rig: Rig, ledger: str) -> None:
    rows = [{"phone": PHONES[number], "text": f"Text {number}"} for number in range(2)]
    channel = str(rig.channel["channel_uuid"])
    rig.sandbox.receive(PHONES[1], "STOP", channel)
    mailing = MailingTask(rig, rows, ledger)
    totals = mailing.attempt()
    assert totals
    assert (totals["sent"], totals["suppressed"]) == (1, 1)
    rig.sleep(60)
    rig.sandbox.receive(PHONES[1], "START", channel)
    mailing.attempt()
    each_once(rig, rows)


def test_rows_with_keys_are_messages_of_their_own(rig: Rig) -> None:
    rows = [
        {"id": 1, "phone": PHONES[0], "text": "Hello"},
        {"id": 2, "user_id": rig.users[0], "text": "Hello"},
    ]
    MailingTask(rig, rows, given={"key": "id"}).attempt()
    assert arrived(rig, rows[:1]) == Counter({"Hello": 2})


def test_the_next_mailing_costs_one_request_a_person(rig: Rig) -> None:
    MailingTask(rig, crowd(), text="First {{ row.text }}").attempt()
    rig.sandbox.clear_requests()
    MailingTask(rig, crowd(), text="Second {{ row.text }}", given={"stop_words": False}).attempt()
    assert len(rig.requests) == COUNT + 1  # and one look at the channel
    assert rig.sends() == COUNT


def test_a_chunk_costs_two_writes(rig: Rig) -> None:
    mailing = MailingTask(rig, crowd())
    mailing.attempt()
    assert mailing.task.store.calls.count("set") == 2 * COUNT / 3


@pytest.mark.parametrize("ledger", ["store", "file", "none"])
def test_a_cleared_mailing_sends_nothing(rig: Rig, ledger: str) -> None:
    rows = crowd()
    mailing = MailingTask(rig, rows, ledger)
    first = mailing.attempt()
    mailing.task.clear()
    rig.sandbox.clear_requests()
    assert mailing.attempt() == first
    assert rig.sends() == 0
    each_once(rig, rows)


@pytest.mark.parametrize("running", [False, True], ids=["a run anew", "a running run"])
@pytest.mark.parametrize("ledger", ["store", "none"])
def test_a_cleared_mailing_sends_once_more_where_that_is_wanted(rig: Rig, ledger: str, running: bool) -> None:
    rows = crowd()
    mailing = MailingTask(rig, rows, ledger, {"on_rerun": "resend"})
    mailing.attempt()
    rig.sleep(60)
    mailing.task.clear(running=running)
    mailing.attempt()
    assert set(arrived(rig, rows).values()) == {2}
    mailing.attempt()  # a retry
    assert set(arrived(rig, rows).values()) == {2}


@pytest.mark.parametrize(("steps", "ledger"), in_turn(moments(range(1, 40)), ["store", "none", "file"]))
def test_a_worker_is_killed(rig: Rig, ledger: str, steps: int) -> None:
    rows = crowd()
    mailing = MailingTask(rig, rows, ledger)
    with pytest.raises(Killed):
        mailing.attempt(steps)
    rig.sandbox.clear_requests()
    totals = mailing.attempt()
    assert totals
    assert totals["sent"] == COUNT
    each_once(rig, rows)
    assert reads(rig) <= 3 + 2  # stop words, and one look of as many pages


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "error_after", "html", "truncated"])
def test_lost_answers_are_looked_up_all_at_once(rig: Rig, fault: str) -> None:
    rows = crowd()
    rig.sandbox.inject(fault, operation="send_message", probability=0.5, seed=1)
    mailing = MailingTask(rig, rows, given={"max_failures": COUNT})
    mailing.attempt()
    assert reads(rig) <= 8
    assert rig.calm() > 0
    totals = mailing.attempt()
    assert totals
    assert totals["sent"] == COUNT
    each_once(rig, rows)


@pytest.mark.parametrize("ledger", ["store", "file", "none"])
def test_who_had_a_message_deleted_is_not_written_to_again(rig: Rig, ledger: str) -> None:
    rows = crowd(3)
    mailing = MailingTask(rig, rows, ledger, given={"stop_words": False, "max_failures": COUNT})
    rig.sandbox.inject("cut_after", operation="send_message", count=3)
    rig.sandbox.inject("error_after", operation="messages", probability=1.0, status=502)
    with pytest.raises(UnknownOutcomeError):
        mailing.attempt()
    rig.calm()
    (line,) = rig.sandbox.conversation(rows[1]["phone"])
    rig.sandbox.delete_message(line["id"])
    for _ in range(2):
        totals = mailing.attempt()
        assert totals
        assert (totals["sent"], totals["failed"]) == (2, 1)
    assert [len(rig.sandbox.conversation(row["phone"])) for row in rows] == [1, 1, 1]


def test_what_never_arrives_is_given_up(rig: Rig) -> None:
    rows = crowd(3)
    rig.sandbox.inject("cut_before", operation="send_message", probability=1.0)
    mailing = MailingTask(rig, rows)
    with pytest.raises(
        TooManyFailuresError, match="3 of 3 messages failed; max_failures=0 allows none"
    ) as caught:
        mailing.attempt()
    assert caught.value.temporary
    assert rig.sends() == rig.calm() == 9
    mailing.attempt()
    each_once(rig, rows)


@pytest.mark.parametrize(("choice", "outcome"), [("fail", "failed"), ("resend", "sent")])
def test_other_ways_with_lost_answers(rig: Rig, choice: str, outcome: str) -> None:
    rows = crowd(1)
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    totals = MailingTask(rig, rows, given={"if_unclear": choice, "max_failures": 1}).attempt()
    assert totals
    assert totals[outcome] == 1
    assert arrived(rig, rows)["Text 0"] == (2 if choice == "resend" else 1)


@pytest.mark.parametrize(("choice", "outcome"), [("fail", "failed"), ("check", "sent")])
def test_a_cleared_mailing_knows_what_it_had_given_up(rig: Rig, choice: str, outcome: str) -> None:
    rows = crowd(1)
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    mailing = MailingTask(rig, rows, given={"if_unclear": "fail"})
    with pytest.raises(TooManyFailuresError):
        mailing.attempt()
    mailing.task.clear()
    mailing.given = {"if_unclear": choice, "max_failures": 1}
    totals = mailing.attempt()
    assert totals
    assert totals[outcome] == 1
    each_once(rig, rows)


def test_a_history_that_cannot_be_read_leaves_it_to_the_retry(rig: Rig) -> None:
    rows = crowd()
    mailing = MailingTask(rig, rows, given={"stop_words": False})
    rig.sandbox.inject("cut_after", operation="send_message", count=2)
    rig.sandbox.inject("error_after", operation="messages", probability=1.0, status=502)
    with pytest.raises(UnknownOutcomeError) as caught:
        mailing.attempt()
    assert not isinstance(caught.value, AirflowFailException)
    rig.calm()
    mailing.attempt()
    each_once(rig, rows)


def test_two_of_the_same_text_to_one_person_are_two_messages(rig: Rig) -> None:
    rows = [{"phone": phone(0), "text": "Same", "no": number} for number in range(4)]
    rig.sandbox.inject("cut_after", operation="send_message", probability=0.5, seed=3)
    MailingTask(rig, rows, given={"key": "no"}).attempt()
    assert arrived(rig, rows[:1]) == {"Same": 4}


def test_a_row_whose_text_changed_is_looked_for_as_it_was(rig: Rig) -> None:
    rows = [{"user_id": user, "text": f"Text {user}"} for user in rig.users]
    mailing = MailingTask(rig, rows, given={"key": "user_id", "concurrency": 1})
    with pytest.raises(Killed):
        mailing.attempt(6)
    sent = rig.delivered().total()
    assert 0 < sent < 4
    mailing.rows = [{**row, "text": f"Now {row['text']}"} for row in rows]
    mailing.attempt()
    assert rig.delivered().total() == 4
    assert sum(text.startswith("Now") for text in rig.delivered()) == 4 - sent


def test_people_who_left_the_query_are_not_written_to_again(rig: Rig) -> None:
    rows = crowd()
    mailing = MailingTask(rig, rows)
    with pytest.raises(Killed):
        mailing.attempt(20)
    mailing.rows = rows[6:]
    mailing.attempt()
    assert set(arrived(rig, rows[6:]).values()) == {1}
    assert set(arrived(rig, rows[:6]).values()) <= {1}


def test_a_channel_that_logs_out_stops_it_and_the_rest_goes_later(rig: Rig) -> None:
    rows = crowd(30)
    mailing = MailingTask(rig, rows)
    rig.sandbox.log_out(str(rig.channel["channel_uuid"]))
    with pytest.raises(ChannelNotActiveError):
        mailing.attempt()
    assert rig.sends() == 0
    rig.sandbox.scan(str(rig.channel["channel_uuid"]))
    with pytest.raises(Killed):
        mailing.attempt(25)
    rig.sandbox.log_out(str(rig.channel["channel_uuid"]))
    with pytest.raises(ChannelNotActiveError) as caught:
        mailing.attempt()
    assert isinstance(caught.value, AirflowFailException)
    rig.sandbox.scan(str(rig.channel["channel_uuid"]))
    mailing.attempt()
    each_once(rig, rows)


def test_a_service_that_is_down_stops_it_soon(rig: Rig) -> None:
    rows = crowd(30)
    mailing = MailingTask(rig, rows)
    rig.sandbox.inject("unavailable", operation="send_message", probability=1.0, retry_after=1)
    with pytest.raises(WahelpError) as caught:
        mailing.attempt()
    assert caught.value.temporary
    assert not isinstance(caught.value, AirflowFailException)
    rig.calm()
    mailing.attempt()
    each_once(rig, rows)


def test_faults_of_people_are_rows_of_the_report(rig: Rig, tmp_path: Path) -> None:
    rows = crowd(6)
    rig.sandbox.set_messenger(phone(1), False)
    rows[2]["phone"] = "12"
    del rows[3]["text"]
    rows.append(rows[4])
    path = tmp_path / "report.csv"
    totals = MailingTask(rig, rows, given={"report_path": str(path)}).attempt()
    assert totals
    assert (totals["sent"], totals["no_messenger"], totals["skipped"]) == (3, 1, 3)
    lines = list(csv.DictReader(path.open(encoding="utf-8")))
    assert [line["outcome"] for line in lines] == [
        "sent", "no_messenger", "skipped", "skipped", "sent", "sent", "skipped",
    ]  # fmt: skip
    assert lines[2]["reason"].startswith("phone: must be a phone number")
    assert "no column 'text'" in lines[3]["reason"]
    assert lines[6]["reason"] == "the same key as row 5"
    assert all(line["message_id"] for line in lines if line["outcome"] == "sent")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("limit", "fails"), [(0, True), (1, True), (2, False), (0.3, True), (0.4, False)])
def test_too_many_failures_fail_the_task_once_all_had_their_turn(rig: Rig, limit: float, fails: bool) -> None:
    rows = crowd(6)
    rig.sandbox.inject("success_false", operation="send_message", count=2, words="Нельзя")
    mailing = MailingTask(rig, rows, given={"max_failures": limit, "concurrency": 1})
    if fails:
        with pytest.raises(TooManyFailuresError, match="2 of 6 messages failed") as caught:
            mailing.attempt()
        assert isinstance(caught.value, AirflowFailException)
        mailing.task.clear()  # somebody has mended it
        totals = mailing.attempt()
        assert totals
        assert totals["sent"] == 6
        each_once(rig, rows)
    else:
        totals = mailing.attempt()
        assert totals
        assert (totals["sent"], totals["failed"]) == (4, 2)


HALF = "half \ud83d"  # of a surrogate pair, as a text that was cut has it
ODD: list[dict[str, Any]] = [
    {"phone": phone(9), "text": HALF},
    {"phone": phone(9), "text": "x", "name": HALF},
    {"phone": phone(9), "text": "x", "no": HALF},
    {"phone": HALF, "text": "x"},
    {"phone": "12", "text": "x", "no": HALF},
    {"phone": 10**5000, "text": "x"},
    {"phone": phone(9), "text": "x", "no": 10**5000},
    {"user_id": "9" * 5000, "text": "x"},
    {"user_id": "9" * 20, "text": None},
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_an_odd_row_keeps_nobody_else_from_getting_it(rig: Rig, tmp_path: Path, odd: dict[str, Any]) -> None:
    rows = [{**row, "no": row["name"]} for row in crowd(3)]
    path = tmp_path / "report.jsonl"
    given = {"key": "no", "report_path": str(path)}
    totals = MailingTask(rig, [rows[0], {"no": "odd", **odd}, *rows[1:]], given=given).attempt()
    assert totals
    assert (totals["sent"], totals["skipped"]) == (3, 1)
    each_once(rig, rows)
    lines = [json.loads(line) for line in path.open(encoding="utf-8")]
    assert [line["outcome"] for line in lines] == ["sent", "skipped", "sent", "sent"]


def test_an_id_of_many_digits_is_one_like_any_other(rig: Rig) -> None:
    rows = [*crowd(3), {"user_id": 10**20, "text": "x"}]
    totals = MailingTask(rig, rows, given={"max_failures": 1}).attempt()
    assert totals
    assert (totals["sent"], totals["failed"]) == (3, 1)
    each_once(rig, rows[:3])


def test_bad_rows_can_stop_it_before_the_first_message(rig: Rig) -> None:
    rows = [*crowd(3), {"phone": "12", "text": "x"}]
    with pytest.raises(InputError, match="recipients: 1 of 4 rows are bad"):
        MailingTask(rig, rows, given={"on_bad_rows": "fail"}).attempt()
    assert rig.sends() == 0


def test_a_dry_run_sends_nothing_and_reports_all(rig: Rig, tmp_path: Path) -> None:
    rows = [*crowd(3), {"phone": "12", "text": "x"}]
    path = tmp_path / "report.jsonl"
    totals = MailingTask(rig, rows, given={"dry_run": True, "report_path": str(path)}).attempt()
    assert totals
    assert (totals["deferred"], totals["skipped"]) == (3, 1)
    assert rig.sends() == 0
    assert not [request for request in rig.requests if "contact" in request]
    assert len([json.loads(line) for line in path.open(encoding="utf-8")]) == 4


@pytest.mark.parametrize(("choice", "error"), [("fail", InputError), ("skip", AirflowSkipException)])
def test_without_recipients(rig: Rig, choice: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        MailingTask(rig, [], given={"if_empty": choice}).attempt()
    assert MailingTask(rig, []).attempt()


def test_a_stale_id_is_renewed(rig: Rig) -> None:
    rows = crowd(3)
    MailingTask(rig, rows, text="First {{ row.text }}").attempt()
    rig.sandbox.reset()
    hook = rig.hook()
    rig.channel["project_id"] = hook.create_project("Shop").id
    again = Rig.__new__(Rig)
    again.__dict__ = dict(rig.__dict__)
    uuid = str(hook.create_channel("Support", project_id=rig.channel["project_id"]).uuid)
    rig.sandbox.scan(uuid)
    hook.create_user("Somebody", "+79990000000", channel_uuid=uuid, project_id=rig.channel["project_id"])

    from airflow_provider_wahelp.storage.state.shared import remembering
    from airflow_provider_wahelp.storage.user_ids import UserIdCache

    rig.channel["channel_uuid"] = uuid
    scope = f"{rig.sandbox.url}/{rig.channel['project_id']}/{uuid}"
    people = UserIdCache(*remembering(), scope)
    for row in rows:
        people.put(row["phone"], 99999)
    totals = MailingTask(rig, rows).attempt()
    assert totals
    assert totals["sent"] == 3
    each_once(rig, rows)
    assert people.get(rows[0]["phone"]) not in (None, 99999)


def test_people_who_wrote_stop_and_those_suppressed_are_left_out(rig: Rig) -> None:
    rows = crowd(6)
    MailingTask(rig, rows, text="First {{ row.text }}").attempt()
    rig.sandbox.receive(phone(1), "«Отписаться»", str(rig.channel["channel_uuid"]))
    rig.sandbox.receive(phone(2), "CTOП", str(rig.channel["channel_uuid"]))
    given = {"suppress": [phone(3), {"phone": phone(4)}]}
    totals = MailingTask(rig, rows, given=given).attempt()
    assert totals
    assert (totals["sent"], totals["suppressed"]) == (2, 4)
    assert arrived(rig, rows)["Text 1"] == 0


def test_a_suppressed_phone_counts_for_a_user_without_one(rig: Rig) -> None:
    rows = [{"user_id": user, "text": f"To {user}"} for user in rig.users]
    totals = MailingTask(rig, rows, given={"suppress": ["+7 916 000 00 01"]}).attempt()
    assert totals
    assert (totals["sent"], totals["suppressed"]) == (3, 1)
    assert rig.delivered()[f"To {rig.users[1]}"] == 0


def test_a_suppressed_user_counts_for_their_phone(rig: Rig) -> None:
    rows = [{"phone": number, "text": f"To {number}"} for number in PHONES]
    totals = MailingTask(rig, rows, given={"suppress": [{"user_id": rig.users[1]}]}).attempt()
    assert totals
    assert (totals["sent"], totals["suppressed"]) == (3, 1)
    assert rig.delivered()[f"To {PHONES[1]}"] == 0


@pytest.mark.parametrize("ledger", ["store", "file", "none"])
@pytest.mark.parametrize("suppressed", ["phone", "user_id"])
def test_who_is_suppressed_before_a_retry_is_not_written_to(rig: Rig, suppressed: str, ledger: str) -> None:
    """The sending to them was begun, and the worker killed before it went."""
    rows = [{"user_id": user, "text": f"To {user}"} for user in rig.users[:1]]
    mailing = MailingTask(rig, rows, ledger)
    with pytest.raises(Killed):
        mailing.attempt(1 if ledger == "none" else 3)
    mailing.given = {"suppress": [{"phone": PHONES[0], "user_id": rig.users[0]}[suppressed]]}
    if suppressed == "user_id":
        mailing.given = {"suppress": [{"user_id": rig.users[0]}]}
    totals = mailing.attempt()
    assert totals
    assert totals["suppressed"] == 1
    assert not rig.delivered()


@pytest.mark.parametrize("ledger", ["store", "file"])
@pytest.mark.parametrize("cleared", [False, True])
@pytest.mark.parametrize("to", ["phone", "user_id"])
@pytest.mark.parametrize(("by", "steps"), [("phone", 5), ("user_id", 3)])
def test_a_recipient_who_is_another_by_the_retry_gets_it_and_nobody_else(
    rig: Rig, by: str, steps: int, to: str, cleared: bool, ledger: str
) -> None:
    """The sending was begun under the row's own key, and the worker killed before it went."""
    people: dict[str, Any] = {"phone": PHONES, "user_id": rig.users}
    mailing = MailingTask(rig, [{"id": 7, by: people[by][0], "text": "For A"}], ledger, {"key": "id"})
    with pytest.raises(Killed):
        mailing.attempt(steps)
    mailing.rows = [{"id": 7, to: people[to][1], "text": "For B"}]
    if cleared:
        mailing.task.clear()
    assert mailing.attempt()
    assert [[line["text"] for line in rig.sandbox.conversation(phone)] for phone in PHONES[:2]] == [
        [],
        ["For B"],
    ]


@pytest.mark.parametrize("ledger", ["store", "file"])
@pytest.mark.parametrize("away", ["gone", "bad", "suppressed"])
def test_a_row_that_is_away_for_one_attempt_is_not_lost(rig: Rig, away: str, ledger: str) -> None:
    """The sending was begun, and the worker killed before it went."""
    rows = [{"id": 7, "phone": PHONES[0], "text": "For A"}]
    mailing = MailingTask(rig, rows, ledger, {"key": "id"})
    with pytest.raises(Killed):
        mailing.attempt(5)
    mailing.rows = {"gone": [], "bad": [{**rows[0], "phone": None}], "suppressed": rows}[away]
    mailing.given |= {"suppress": [PHONES[0]] if away == "suppressed" else []}
    assert mailing.attempt()
    assert not rig.delivered()
    mailing.rows, mailing.given = rows, {"key": "id"}
    assert mailing.attempt()
    assert rig.delivered() == {"For A": 1}


@pytest.mark.parametrize("content", [phone(0), f"name;mobile\nN0;{phone(0)}"])
def test_a_suppression_file_that_names_no_column_is_refused(rig: Rig, tmp_path: Path, content: str) -> None:
    path = tmp_path / "suppressed.csv"
    path.write_text(f"{content}\n")
    with pytest.raises(InputError, match="suppress: the first line must name a column phone or user_id"):
        MailingTask(rig, crowd(1), given={"suppress": str(path)}).attempt()
    assert rig.sends() == 0


def test_each_half_is_sent_in_its_own_window(rig: Rig, task_log: Callable[[], str]) -> None:
    """Moscow is seven hours behind Vladivostok: at noon in one, it is quiet in the other."""
    moscow = [{"phone": f"+7495100000{number}", "text": f"Moscow {number}"} for number in range(3)]
    east = [{"phone": f"+7423200000{number}", "text": f"East {number}"} for number in range(3)]
    noon = (
        datetime.fromtimestamp(rig.now(), UTC).replace(hour=9, minute=0, second=0, microsecond=0).timestamp()
    )
    rig.sleep(noon + 86_400 - rig.now())
    mailing = MailingTask(rig, [*moscow, *east], given={"quiet_hours": "18:00-10:00"})
    assert mailing.attempt() is None  # 12:00 in Moscow, 19:00 in Vladivostok
    assert set(arrived(rig, moscow).values()) == {1}
    assert arrived(rig, east).total() == 0
    assert mailing.until == datetime.fromtimestamp(noon + 86_400 + 15 * 3600, UTC)
    day = datetime.fromtimestamp(noon + 2 * 86_400, UTC)
    told = f"Quiet hours hold until 10:00 on {day:%d %b} in Asia/Vladivostok: 3 not written to yet"
    assert told in task_log()
    totals = mailing.resume()
    assert "Quiet hours hold" not in task_log()
    assert totals
    assert totals["sent"] == 6
    each_once(rig, [*moscow, *east])


@pytest.mark.parametrize("ledger", ["store", "none"])
def test_a_daily_cap_defers_the_rest(rig: Rig, ledger: str) -> None:
    rows = crowd(7)
    mailing = MailingTask(rig, rows, ledger, {"daily_cap": 3})
    assert mailing.attempt() is None
    assert arrived(rig, rows).total() == 3
    assert mailing.resume() is None
    assert arrived(rig, rows).total() == 6
    assert mailing.resume()
    each_once(rig, rows)


def report(path: Path) -> dict[str, str]:
    return {row["phone"]: row["outcome"] for row in map(json.loads, path.read_text("utf-8").splitlines())}


@pytest.mark.parametrize("ledger", ["store", "none"])
@pytest.mark.parametrize("choice", ["skip", "fail"])
def test_a_query_that_yields_nobody_any_more_does_not_undo_what_was_sent(
    rig: Rig, ledger: str, choice: str
) -> None:
    mailing = MailingTask(rig, crowd(7), ledger, {"daily_cap": 3, "if_empty": choice})
    assert mailing.attempt() is None
    mailing.rows = []
    totals = mailing.resume()
    assert totals
    assert totals["sent"] == (3 if ledger == "store" else 0)  # without a ledger nobody knows


def test_a_source_that_cannot_be_read_leaves_the_report_as_it_was(rig: Rig, tmp_path: Path) -> None:
    source, path = tmp_path / "people.jsonl", tmp_path / "report.jsonl"
    source.write_text("\n".join(map(json.dumps, crowd(3))))
    mailing = MailingTask(rig, str(source), given={"report_path": str(path)})
    mailing.attempt()
    source.unlink()
    mailing.task.clear()
    with pytest.raises(InputError, match="there is no such file"):
        mailing.attempt()
    assert report(path) == {phone(number): "sent" for number in range(3)}


def test_a_bad_row_that_is_new_leaves_in_the_report_who_had_got_it(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    mailing = MailingTask(rig, crowd(3), given={"report_path": str(path), "on_bad_rows": "fail"})
    mailing.attempt()
    mailing.rows = [*crowd(3), {"phone": "12", "text": "x"}]
    mailing.task.clear()
    with pytest.raises(InputError, match="1 of 4 rows are bad"):
        mailing.attempt()
    assert report(path) == {**{phone(number): "sent" for number in range(3)}, "12": "skipped"}


def test_a_slow_pace_begins_few_at_a_time(rig: Rig) -> None:
    rows = crowd(6)
    mailing = MailingTask(rig, rows, given={"pace": 2, "quiet_hours": None})
    before = rig.now()
    assert mailing.attempt()
    assert rig.now() - before >= 100
    records = [json.loads(record) for record in mailing.task.store.kept.values()]
    assert all(len(record["done"]) == 1 for record in records)


def test_who_would_only_queue_for_a_thread_does_not_take_a_turn(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a service that hangs for a while gets all at once what was to go at a pace."""
    taken: list[float] = []
    begun: list[int] = []
    too_many = threading.Event()

    def take(self: Pace) -> float:
        taken.append(0.0)
        if len(taken) > 3:
            too_many.set()
        return 0.0

    def post(self: Sender, person: QueuedMessage) -> SendResult:
        if not begun:
            too_many.wait(0.2)  # a chance to run ahead
        begun.append(len(taken))
        return SendResult(Outcome.SENT, message_id=person.number)

    monkeypatch.setattr(Pace, "take", take)
    monkeypatch.setattr(Sender, "post", post)
    assert MailingTask(rig, crowd(), given={"pace": 60, "concurrency": 1}).attempt()
    assert begun == list(range(1, COUNT + 1))


def test_it_becomes_quiet_while_somebody_queues(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[QueuedMessage] = []

    def post(self: Sender, person: QueuedMessage) -> SendResult:
        posted.append(person)
        rig.sleep(12 * 3600)
        return SendResult(Outcome.SENT, message_id=person.number)

    monkeypatch.setattr(Sender, "post", post)
    hour = datetime.fromtimestamp(rig.now(), ZoneInfo("Europe/Moscow")).hour
    quiet_hours = f"{(hour + 11) % 24}:00-{(hour + 14) % 24}:00"
    mailing = MailingTask(rig, crowd(), given={"quiet_hours": quiet_hours, "concurrency": 1})
    assert mailing.attempt() is None
    assert len(posted) == 1


def test_nothing_personal_is_logged(rig: Rig, caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    caplog.set_level(logging.DEBUG, "airflow_provider_wahelp")
    rows = crowd(3)
    rig.sandbox.set_messenger(phone(1), False)
    rows[2]["text"] = None
    MailingTask(rig, rows).attempt()
    logged = (
        "".join(record.getMessage() for record in caplog.records if "sandbox" not in record.name)
        + capsys.readouterr().out
    )
    assert "of them bad" in logged
    assert phone(1)[1:] not in logged
    assert "Text 0" not in logged


LEAKY = [
    "{{ {'a': 1}[row.name] }}",
    "{{ row[row.name] }}",
    "{{ row[[row.name]] }}",
    "{{ [row] | map(attribute=row.name) | first }}",
    "{{ (row.name ~ '').nothing }}",
    "{{ [][row.no] }}",
    "{{ mine(row.name) }}",
    "{{ row.name | round }}",
]


@pytest.mark.parametrize("text", LEAKY)
def test_what_is_said_of_a_bad_row_holds_no_value_of_it(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    path = tmp_path / "report.jsonl"
    rows = [{"phone": phone(0), "name": "Ivan Petrov", "no": 4711}]
    given = {"report_path": str(path), "on_bad_rows": "report"}
    MailingTask(rig, rows, text=text, given=given).attempt()
    reason = json.loads(path.read_text("utf-8"))["reason"]
    assert reason.startswith("text: ")
    assert reason in caplog.text
    assert "Ivan" not in caplog.text + reason
    assert "4711" not in caplog.text + reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ row.nmae }}", "text: the row has no column 'nmae'"),
        ("{{ row['first name'] }}", "text: the row has no column 'first name'"),
        ("{{ row.nmae | upper }}", "text: the row has no column 'nmae'"),
        ("{{ rwo.name }}", "text: 'rwo' is undefined"),
        ("{{ row.name.first }}", "text: a value in it is undefined"),
        ("{{ row.nothing }}", "text: the column 'nothing' is empty (NULL)"),
    ],
)
def test_what_a_text_lacks_is_said(rig: Rig, tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "report.jsonl"
    rows = [{"phone": phone(0), "name": "Ivan Petrov", "nothing": None}]
    given = {"report_path": str(path), "on_bad_rows": "report"}
    MailingTask(rig, rows, text=text, given=given).attempt()
    assert json.loads(path.read_text("utf-8"))["reason"] == reason


def test_a_text_may_do_without_what_is_missing(rig: Rig) -> None:
    rows = [{"phone": phone(0), "text": "Hello Anna"}]
    text = "{% if row.name is defined %}{{ row.name }}{% endif %}Hello {{ row.name | default('Anna') }}"
    MailingTask(rig, rows, text=text).attempt()
    each_once(rig, rows)


_examples = itertools.count()
FAULTS = ("cut_after", "cut_before", "error_after", "rate_limit", "unavailable", "html", "truncated")


@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    faults=st.lists(st.tuples(st.sampled_from(FAULTS), st.floats(0.05, 0.5)), max_size=2),
    kills=st.lists(st.integers(1, 60), max_size=4),
    lag=st.sampled_from([0.0, 3.0]),
    skew=st.sampled_from([-120.0, 0.0, 120.0]),
    ledger=st.sampled_from(["store", "file", "none"]),
    seed=st.integers(0, 10_000),
)
def test_each_person_once_whatever_happens(
    rig: Rig,
    faults: list[tuple[str, float]],
    kills: list[int],
    lag: float,
    skew: float,
    ledger: str,
    seed: int,
) -> None:
    with quiet():
        rig.sandbox.configure(history_lag=lag)
        rig.skew(skew)
        example = next(_examples)  # the same text in the same second would be the same message
        rows = [{**row, "text": f"{row['text']} of {example}"} for row in crowd(15)]
        mailing = MailingTask(rig, rows, ledger, {"max_failures": 15})
        before = arrived(rig, rows)
        for number, (fault, probability) in enumerate(faults):
            rig.sandbox.inject(fault, operation="send_message", probability=probability, seed=seed + number)
        for steps in kills:
            _attempt(mailing, steps)
        for _ in range(3):
            _attempt(mailing)
        rig.calm()
        totals = mailing.attempt()
        assert totals
        after = arrived(rig, rows)
        after.subtract(before)
        assert max(after.values()) <= 1
        unsent = [row for row in rows if after[row["text"]] == 0]
        assert totals["failed"] + totals["no_messenger"] == len(unsent)
        rig.sandbox.configure(history_lag=0)


def _attempt(mailing: MailingTask, steps: int | None = None) -> None:
    """Attempt, come what may: a worker dies, a service is down."""
    try:
        mailing.attempt(steps)
    except (Killed, WahelpError):
        mailing.rig.sleep(5)


class Watched:
    """What a person sees who opens the report whenever a mailing sleeps.

    :param rig: where it sleeps.
    :param path: the report.
    """

    def __init__(self, rig: Rig, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[int, list[dict[str, str]]]] = []
        sleep = rig.sleep

        def watched(seconds: float) -> None:
            if path.exists():
                with path.open(encoding="utf-8", newline="") as file:
                    self.seen.append((rig.sends(), list(csv.DictReader(file))))
            sleep(seconds)

        monkeypatch.setattr(rig, "sleep", watched)


def test_halfway_the_report_has_exactly_the_rows_so_far(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.csv"
    rows = [*crowd(), {"phone": "12", "text": "bad"}]
    watched = Watched(rig, path, monkeypatch)
    given = {"report_path": str(path), "pace": 20, "concurrency": 1}
    MailingTask(rig, rows, given=given).attempt()
    halves = [seen for sends, seen in watched.seen if sends == COUNT // 2]
    assert [(row["number"], row["outcome"]) for row in halves[-1]] == [
        (str(COUNT + 1), "skipped"),
        *((str(number), "sent") for number in range(1, COUNT // 2 + 1)),
    ]
    assert [row["phone"] for row in halves[-1][1:]] == [row["phone"] for row in rows[: COUNT // 2]]
    assert all(row["message_id"] for row in halves[-1][1:])
    assert len(list(csv.DictReader(path.open()))) == COUNT + 1


@pytest.mark.parametrize("steps", moments(range(20, 60, 7)))
def test_after_a_kill_the_report_stays_right_in_the_retry_too(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    path = tmp_path / "report.csv"
    given = {"report_path": str(path), "pace": 20, "concurrency": 1}
    mailing = MailingTask(rig, crowd(), given=given)
    with monkeypatch.context() as killed:
        killed.setattr(GrowingReport, "finish", lambda self: None)  # nobody is left to do that
        with pytest.raises(Killed):
            mailing.attempt(steps)
    left = numbers(path)
    assert 0 < len(left) <= rig.sends() < COUNT
    watched = Watched(rig, path, monkeypatch)
    assert mailing.attempt()
    assert watched.seen
    for _, rows in watched.seen[1:]:  # the first is before anything was read
        found = [int(row["number"]) for row in rows]
        assert len(found) == len(set(found))
        assert set(found) >= set(left)
    assert numbers(path) == list(range(1, COUNT + 1))
    assert {row["outcome"] for row in csv.DictReader(path.open())} == {"sent"}
    each_once(rig, crowd())


def numbers(path: Path) -> list[int]:
    with path.open(encoding="utf-8", newline="") as file:
        return [int(row["number"]) for row in csv.DictReader(file)]


def test_a_dry_run_writes_its_report_at_the_end_alone(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.csv"
    with monkeypatch.context() as grown:
        grown.setattr(GrowingReport, "renew", lambda self: pytest.fail("there is nothing to wait for"))
        MailingTask(rig, crowd(3), given={"report_path": str(path), "dry_run": True}).attempt()
    assert numbers(path) == [1, 2, 3]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "wahelp.delivery" in record.name]


def test_the_log_of_a_mailing_at_the_default_pace(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "airflow_provider_wahelp.delivery")
    rows = [*crowd(40), {"phone": "12", "text": "bad"}, {**crowd(41)[-1]}]
    given = {"pace": 20, "concurrency": 1, "suppress": [phone(40)]}
    MailingTask(rig, rows, given=given).attempt()
    said = lines(caplog)
    start = next(number for number, line in enumerate(said) if line.startswith("Writing to"))
    uuid = rig.channel["channel_uuid"]
    assert said[start - 1] == "Not written to: 1 bad, 1 on the suppression list"
    clock = r"(\d+ \w{3} )?\d\d:\d\d UTC"
    assert re.fullmatch(
        rf"Writing to 40 people through channel {uuid}, at 20 a minute: about 2 min, until {clock}",
        said[start],
    )
    told = [
        re.fullmatch(rf"(\d+) of 40 sent \(\d+ %\), at 20 a minute, about (.*) left \({clock}\)", line)
        for line in said[start + 1 : -1]
    ]
    assert all(told), said
    sent = [int(line[1]) for line in told if line]
    assert sent == sorted(sent)
    assert 1 <= sent[0] <= 3
    assert 10 <= len(sent) <= 20
    assert sent[-1] > 30
    assert re.fullmatch(r"40 of 40 done \(100 %\) in 2 min: 40 sent", said[-1])


def test_the_log_says_that_quiet_hours_hold_some(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "airflow_provider_wahelp.delivery")
    now = datetime.fromtimestamp(rig.now(), ZoneInfo("Europe/Moscow"))
    rig.sleep((now.replace(hour=12, minute=0) + timedelta(days=1) - now).total_seconds())
    rows = [*crowd(3), {"phone": "+74232000000", "text": "East"}]  # 12:00 in Moscow, 19:00 in Vladivostok
    assert MailingTask(rig, rows, given={"quiet_hours": "18:00-10:00", "pace": 2}).attempt() is None
    said = "\n".join(lines(caplog))
    assert (
        "Quiet hours are 18:00-10:00 in the zone of each phone, Europe/Moscow where it tells none; "
        "1 person waits until 10:00 Asia/Vladivostok"
    ) in said
    assert re.search(r"1 of 4 sent .*; quiet hours: 1 person waits until 10:00 Asia/Vladivostok", said)


def test_the_log_says_that_the_cap_holds_the_rest(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "airflow_provider_wahelp.delivery")
    assert MailingTask(rig, crowd(5), given={"daily_cap": 3}).attempt() is None
    said = lines(caplog)
    assert "No more than 3 messages go in 24 hours (daily_cap): 3 may go now" in said
    assert any(line.startswith("The daily cap is reached: the next may go at ") for line in said)


def test_an_outage_is_told_while_it_is_waited_out(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no thread comes back: the heart goes on beating."""
    caplog.set_level(logging.INFO, "airflow_provider_wahelp.delivery")
    monkeypatch.setattr(recorder, "LOOK", 0.05)
    told, over = threading.Event(), threading.Event()
    hook_of = MailingTask.hook

    def waiting(self: MailingTask, reaper: Any) -> Any:
        hook = hook_of(self, reaper)

        def sleep(_: float) -> None:
            told.set()
            over.wait(10)

        hook.get_conn()._retrying.sleep = sleep  # type: ignore[assignment]
        return hook

    def pass_time() -> None:
        assert told.wait(10)
        for _ in range(100):
            rig.set_clock(6)
            if over.wait(0.05) or any("waiting for Wahelp" in line for line in lines(caplog)):
                break
        over.set()

    monkeypatch.setattr(MailingTask, "hook", waiting)
    rig.sandbox.inject("rate_limit", operation="send_message", count=1, retry_after=20)
    helper = threading.Thread(target=pass_time)
    helper.start()
    MailingTask(rig, crowd(1)).attempt()
    helper.join()
    beats = [line for line in lines(caplog) if "waiting for" in line]
    assert re.fullmatch(
        r"0 of 1 sent \(0 %\); waiting for Wahelp \(.*, HTTP 429\), which is asked again within \d+ s",
        beats[0],
    )
    assert "Text 0" not in "".join(lines(caplog))
    assert phone(0)[2:] not in "".join(lines(caplog))


def test_a_process_that_is_killed_leaves_its_report_and_the_next_one_completes_it(
    rig: Rig, connect: Any, tmp_path: Path
) -> None:
    """The real thing: SIGKILL in the middle, and what lies on the disk."""
    connect(rig.sandbox.url, extra={"timeout": 5, "send_timeout": 5})
    path = tmp_path / "report.csv"
    rig.sandbox.inject("slow", operation="send_message", probability=1.0, seconds=0.1)
    given = {
        **rig.channel,
        "recipients": crowd(60),
        "report_path": str(path),
        "ledger_path": f"file://{tmp_path}/ledger",
        "pace": None,
        "daily_cap": None,
        "concurrency": 2,
    }
    with attempt_of(1, given) as process:
        wait_until(lambda: path.exists() and len(numbers(path)) >= 10)
        process.kill()
    left = numbers(path)
    assert 10 <= len(left) == len(set(left)) <= rig.sends() < 60
    assert {row["outcome"] for row in csv.DictReader(path.open())} == {"sent"}
    assert path.stat().st_mode & 0o777 == 0o600
    with attempt_of(2, given) as process:
        answer, _ = process.communicate(timeout=60)
    assert json.loads(answer.splitlines()[-1])["sent"] == 60
    assert numbers(path) == list(range(1, 61))
    assert {row["outcome"] for row in csv.DictReader(path.open())} == {"sent"}
    assert set(numbers(path)) >= set(left)
    each_once(rig, crowd(60))
    assert list(tmp_path.glob(".report*")) == []


@contextmanager
def attempt_of(try_number: int, given: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """Run an attempt in a process of its own, which does not outlive the test."""
    arguments = json.dumps({"try_number": try_number, **given})
    command = [sys.executable, "-m", "tests.delivery.mailing_process", arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)

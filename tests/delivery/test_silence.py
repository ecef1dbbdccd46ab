"""Who has not written for long is left out: mailings over real HTTP, and weeks that pass at once."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_wahelp.client.calls import PAGE_SIZE
from airflow_provider_wahelp.client.errors import InputError
from tests.delivery.altered_history import AlteredHistory, ends_early
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Killed, Rig, Task

DAY = 86_400
REASON = "they have not written for 30 days"


def write(rig: Rig, phone: str, text: str = "Здравствуйте") -> None:
    rig.sleep(60)
    rig.sandbox.receive(phone, text, rig.channel["channel_uuid"])


def mailing(rig: Rig, text: str, rows: Any = None, **given: Any) -> MailingTask:
    rows = rows or [{"phone": phone, "text": f"{text} {phone}"} for phone in PHONES]
    return MailingTask(rig, rows, given={"silent_for": timedelta(days=30), **given})


def got(rig: Rig, text: str) -> set[str]:
    delivered = rig.delivered()
    return {phone for phone in PHONES if delivered[f"{text} {phone}"]}


def test_weeks_of_mailings_leave_out_who_falls_silent(rig: Rig) -> None:
    """The first never writes, the second once, the third each week, the fourth comes back."""
    write(rig, PHONES[1])
    left = []
    for week in range(7):
        write(rig, PHONES[2])
        if week == 5:
            write(rig, PHONES[3])
        rig.sandbox.clear_requests()
        mailing(rig, f"Week {week}").attempt()
        left.append(got(rig, f"Week {week}"))
        assert rig.requests.count("GET messages") <= 2
        rig.sleep(7 * DAY)
    second, third, fourth = PHONES[1:]
    assert left == [{second, third}] * 5 + [{third, fourth}] * 2


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_report_and_the_log_say_why(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture, dry_run: bool
) -> None:
    write(rig, PHONES[0])
    rows = [
        {"phone": PHONES[0], "text": "a"},
        {"user_id": rig.users[0], "text": "b"},
        {"phone": PHONES[1], "text": "c"},
        {"user_id": rig.users[2], "text": "d"},
        {"phone": "+79169999999", "text": "e"},
    ]
    path = tmp_path / "report.jsonl"
    rig.sandbox.clear_requests()
    with caplog.at_level(logging.INFO):
        totals = mailing(rig, "", rows, report_path=str(path), dry_run=dry_run).attempt()
    report = [json.loads(line) for line in path.read_text().splitlines()]
    outcome = "deferred" if dry_run else "sent"
    assert [line["outcome"] for line in report] == [outcome] * 2 + ["suppressed"] * 3
    assert [line["reason"] for line in report[2:]] == [REASON] * 3
    assert totals
    assert totals["suppressed"] == 3
    assert "Not written to: 3 who have not written for 30 days" in caplog.messages
    asked = rig.requests
    assert "POST users" not in asked  # nobody is added to the channel, or looked up, to be left out
    assert asked.count("POST contact_by_phone") == (0 if dry_run else 1)


def test_the_history_is_read_once_for_stop_words_and_silence(rig: Rig) -> None:
    write(rig, PHONES[0])
    write(rig, PHONES[1], "STOP")
    rig.sandbox.clear_requests()
    mailing(rig, "First", silent_for=None).attempt()
    alone = rig.requests.count("GET messages")
    assert got(rig, "First") == set(PHONES) - {PHONES[1]}
    rig.sandbox.clear_requests()
    mailing(rig, "Second").attempt()
    assert rig.requests.count("GET messages") <= alone
    assert got(rig, "Second") == {PHONES[0]}


@pytest.mark.parametrize("text", ["_Incoming call_", "_Message deleted_"])
def test_a_call_is_no_writing(rig: Rig, text: str) -> None:
    write(rig, PHONES[0], text)
    write(rig, PHONES[1], "👍")
    mailing(rig, "First").attempt()
    assert got(rig, "First") == {PHONES[1]}


def test_it_does_without_stop_words(rig: Rig) -> None:
    write(rig, PHONES[0], "STOP")
    write(rig, PHONES[1])
    mailing(rig, "First", stop_words=False).attempt()
    assert got(rig, "First") == {PHONES[0], PHONES[1]}
    rig.sleep(31 * DAY)
    mailing(rig, "Second", stop_words=False).attempt()
    assert got(rig, "Second") == set()
    mailing(rig, "Third", stop_words=False, silent_for="8 weeks").attempt()
    assert got(rig, "Third") == {PHONES[0], PHONES[1]}


def test_the_last_messages_of_users_tell_what_a_short_history_does_not(rig: Rig, connect: Any) -> None:
    write(rig, PHONES[0])
    for number in range(PAGE_SIZE):
        write(rig, PHONES[3], f"Message {number}")
    with AlteredHistory(rig.sandbox.url, ends_early) as server:
        connect(server.url)
        mailing(rig, "First", stop_words=False).attempt()
    assert got(rig, "First") == {PHONES[0], PHONES[3]}


def test_a_killed_worker_forgets_nobody(rig: Rig) -> None:
    write(rig, PHONES[0])
    for steps in (1, 2, 4):
        task = mailing(rig, f"Round {steps}")
        with suppress(Killed):
            task.attempt(steps)
        task.attempt()
        assert rig.delivered()[f"Round {steps} {PHONES[0]}"] == 1
        assert got(rig, f"Round {steps}") == {PHONES[0]}


def test_what_is_remembered_names_no_phone(rig: Rig, own_state: Path) -> None:
    write(rig, PHONES[0])
    mailing(rig, "First").attempt()
    kept = b"".join(file.read_bytes() for file in own_state.rglob("*") if file.is_file())
    assert PHONES[0][1:].encode() not in kept
    assert PHONES[0][-10:].encode() not in kept


@pytest.mark.parametrize("value", [0, -1, True, "soon", "0 days", timedelta(0)])
def test_a_time_that_is_none_is_refused(rig: Rig, value: Any) -> None:
    with pytest.raises(InputError, match="30 days") as caught:
        mailing(rig, "", silent_for=value).operator(None)  # type: ignore[arg-type]
    assert caught.value.argument == "silent_for"


# Single sends


def send(rig: Rig, ledger: str = "store", **given: Any) -> Task:
    return Task(rig, ledger, {"silent_for": "30 days", "name": "Anna", **given})


@pytest.mark.parametrize("ledger", ["store", "none"])
def test_weeks_of_single_sends_skip_who_falls_silent(rig: Rig, ledger: str) -> None:
    write(rig, PHONES[1])
    sent = []
    for week in range(6):
        if week == 5:
            write(rig, PHONES[3])
        sent.append(set[str]())
        for phone in PHONES[1:]:
            task = send(rig, ledger, phone=phone)
            with suppress(AirflowSkipException):
                task.attempt()
                sent[-1].add(phone)
                write(rig, phone) if phone == PHONES[2] else None
                assert task.attempt()["id"]  # a retry sends nothing, and skips nothing
        if week == 0:
            write(rig, PHONES[2])
        rig.sleep(7 * DAY)
    second, third, fourth = PHONES[1:]
    assert sent == [{second}, *[{second, third}] * 4, {third, fourth}]


def test_a_skip_says_why_and_adds_nobody_to_the_channel(rig: Rig) -> None:
    with pytest.raises(AirflowSkipException) as caught:
        send(rig, phone="+79169999999").attempt()
    assert str(caught.value) == f"Not sent: {REASON}; urgent=True passes it"
    assert "POST users" not in rig.requests
    with pytest.raises(AirflowSkipException):
        send(rig, user_id=rig.users[1]).attempt()
    assert rig.sends() == 0
    assert send(rig, phone="+79169999999", urgent=True).attempt()


def test_who_is_known_to_have_written_costs_no_request(rig: Rig) -> None:
    write(rig, PHONES[0])
    assert send(rig, phone=PHONES[0]).attempt()
    rig.sandbox.clear_requests()
    assert send(rig, phone=PHONES[0]).attempt()
    assert "GET messages" not in rig.requests


def test_what_a_mailing_has_read_serves_single_sends(rig: Rig) -> None:
    write(rig, PHONES[0])
    mailing(rig, "First").attempt()
    rig.sandbox.clear_requests()
    assert send(rig, phone=PHONES[0]).attempt()
    with pytest.raises(AirflowSkipException):
        send(rig, phone=PHONES[1]).attempt()
    assert rig.requests.count("GET messages") <= 2


def test_the_last_message_of_a_user_tells_what_a_short_history_does_not(rig: Rig, connect: Any) -> None:
    write(rig, PHONES[0])
    for number in range(PAGE_SIZE):
        write(rig, PHONES[3], f"Message {number}")
    with AlteredHistory(rig.sandbox.url, ends_early) as server:
        connect(server.url)
        assert send(rig, phone=PHONES[0]).attempt()
        with pytest.raises(AirflowSkipException):
            send(rig, phone=PHONES[1]).attempt()


def test_who_is_silent_gets_nothing_through_another_channel_either(rig: Rig) -> None:
    given = {"fallback": ["11111111-1111-4111-8111-111111111111"], "wait_for": "delivered"}
    with pytest.raises(AirflowSkipException):
        send(rig, phone=PHONES[0], **given).attempt()


def test_an_urgent_mailing_leaves_out_nobody_for_their_silence(rig: Rig) -> None:
    mailing(rig, "First", urgent=True).attempt()
    assert got(rig, "First") == set(PHONES)

"""What strikes many of a mailing in a row is the channel's or the account's: it stops, and nobody is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_wahelp.client.errors import (
    ChannelNotActiveError,
    ForbiddenError,
    MailingStoppedError,
    PaymentRequiredError,
    TooManyFailuresError,
    WahelpError,
)
from airflow_provider_wahelp.delivery.mailing import assembly
from airflow_provider_wahelp.delivery.mailing.dispatcher import PROBES
from airflow_provider_wahelp.delivery.mailing.strikes import ROW
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Rig
from tests.front import Front

PEOPLE = 60
THREADS = 8
EVERY_SECOND = range(0, PEOPLE, 2)
A_FEW = ROW + 2 * THREADS + PROBES
SEND = "POST .*/send_message/"
QUOTA = {"success": False, "message": "Лимит сообщений исчерпан"}


@pytest.fixture
def front(rig: Rig, connect: Any) -> Iterator[Front]:
    """Put a server with habits before the sandbox."""
    with Front(rig.sandbox.url) as running:
        connect(running.url, extra=rig.channel)
        yield running


def crowd(count: int = PEOPLE) -> list[dict[str, Any]]:
    return [{"phone": f"+7916100{number:04}", "text": f"Text {number}"} for number in range(count)]


def arrived(rig: Rig, rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(line["text"] for row in rows for line in rig.sandbox.conversation(row["phone"]))


def mailing_of(rig: Rig, rows: list[dict[str, Any]], path: Path, **given: Any) -> MailingTask:
    return MailingTask(rig, rows, given={"concurrency": THREADS, "report_path": str(path), **given})


def report(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def outcomes(path: Path) -> Counter[str]:
    return Counter(line["outcome"] for line in report(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report.jsonl"


def after(front: Front, sends: int, status: int, body: Any = None) -> Any:
    """Let a number of sends through, and answer all others."""
    front.answers(SEND, body=lambda answer: answer, carried_out=True, left=sends)
    return front.answers(SEND, status, body)


@pytest.mark.parametrize(("status", "sends"), [(400, 0), (403, 10), (404, 0), (422, 10)])
def test_what_strikes_many_in_a_row_stops_it_and_the_retry_brings_all(
    rig: Rig, front: Front, path: Path, status: int, sends: int
) -> None:
    rows = crowd()
    habit = after(front, sends, status, QUOTA)
    mailing = mailing_of(rig, rows, path)
    with pytest.raises(MailingStoppedError, match="Лимит сообщений исчерпан") as caught:
        mailing.attempt()
    assert not isinstance(caught.value, AirflowFailException)
    assert habit.struck <= A_FEW
    assert outcomes(path) == {"sent": sends, "deferred": PEOPLE - sends} if sends else {"deferred": PEOPLE}
    front.habits.clear()
    mailing.attempt()
    assert arrived(rig, rows) == Counter({row["text"]: 1 for row in rows})
    assert outcomes(path) == {"sent": PEOPLE}


def test_a_quota_that_is_spent_stops_it_at_once(rig: Rig, front: Front, path: Path) -> None:
    rows = crowd()
    habit = after(front, 10, 402, QUOTA)
    mailing = mailing_of(rig, rows, path)
    with pytest.raises(PaymentRequiredError) as caught:
        mailing.attempt()
    assert not isinstance(caught.value, AirflowFailException)
    assert habit.struck <= THREADS
    assert outcomes(path) == {"sent": 10, "deferred": PEOPLE - 10}
    front.habits.clear()
    mailing.attempt()
    assert arrived(rig, rows) == Counter({row["text"]: 1 for row in rows})


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_channel_that_logs_out_in_mid_mailing_stops_it(
    rig: Rig, front: Front, path: Path, status: int
) -> None:
    rows = crowd()
    habit = after(front, 10, status)
    front.answers("GET .*/channels/[^/]*$", left=1, body=lambda answer: answer, carried_out=True)
    off = {"success": True, "data": {"id": 1, "uuid": rig.channel["channel_uuid"], "active": False}}
    front.answers("GET .*/channels/[^/]*$", body=off)
    mailing = mailing_of(rig, rows, path)
    with pytest.raises(ChannelNotActiveError):
        mailing.attempt()
    assert habit.struck <= THREADS
    front.habits.clear()
    mailing.task.clear()
    mailing.attempt()
    assert arrived(rig, rows) == Counter({row["text"]: 1 for row in rows})
    assert outcomes(path) == {"sent": PEOPLE}


def test_an_account_without_the_right_stops_it(rig: Rig, front: Front, path: Path) -> None:
    habit = after(front, 10, 403)
    front.answers("GET .*/channels/[^/]*$", left=1, body=lambda answer: answer, carried_out=True)
    front.answers("GET .*/channels/[^/]*$", 403)
    with pytest.raises(ForbiddenError):
        mailing_of(rig, crowd(), path).attempt()
    assert habit.struck <= THREADS
    assert outcomes(path) == {"sent": 10, "deferred": PEOPLE - 10}


@pytest.mark.parametrize(("status", "whole"), [(500, True), (502, False), (503, True), (408, False)])
def test_a_service_that_is_down_is_not_asked_for_everybody(
    rig: Rig, front: Front, path: Path, status: int, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "CHUNK", PEOPLE // 2)
    rows = crowd()
    habit = after(front, 10, status)
    if whole:
        front.answers("GET .*/channels/[^/]*$", left=1, body=lambda answer: answer, carried_out=True)
        front.answers("GET .*/channels/[^/]*$", status)
    mailing = mailing_of(rig, rows, path)
    with pytest.raises(WahelpError) as caught:
        mailing.attempt()
    assert caught.value.temporary
    assert not isinstance(caught.value, AirflowFailException)
    assert habit.struck <= A_FEW
    assert outcomes(path) == {"sent": 10, "deferred": PEOPLE - 10}
    front.habits.clear()
    mailing.attempt()
    assert arrived(rig, rows) == Counter({row["text"]: 1 for row in rows})


def test_a_service_whose_answers_are_lost_goes_on(rig: Rig, front: Front, path: Path) -> None:
    rows = crowd()
    front.answers(SEND, 502, carried_out=True)
    mailing_of(rig, rows, path).attempt()
    assert arrived(rig, rows) == Counter({row["text"]: 1 for row in rows})
    assert outcomes(path) == {"sent": PEOPLE}


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        (403, range(12)),
        (404, range(24, 36)),
        (422, EVERY_SECOND),
        (404, EVERY_SECOND),
        (422, range(12)),
        (403, [7]),
    ],
)
def test_people_who_are_refused_one_after_the_other_are_rows_if_others_are_accepted(
    rig: Rig, front: Front, path: Path, status: int, refused: Any
) -> None:
    rows = crowd()
    people = rig.sandbox._state.people
    where = rig.channel["project_id"], rig.channel["channel_uuid"]
    ids = [people.add(*where, {"phone": rows[number]["phone"]})["id"] for number in refused]
    front.answers(f"POST .*/send_message/({'|'.join(map(str, ids))})$", status, QUOTA)
    # Threads may come to five of every second person in a row, and then the probes too: once in fifty runs.
    mailing = mailing_of(rig, rows, path, concurrency=1 if refused == EVERY_SECOND else 4)
    with pytest.raises(TooManyFailuresError):
        mailing.attempt()
    failed = {line["number"] - 1 for line in report(path) if line["outcome"] == "failed"}
    assert failed == set(refused)
    assert outcomes(path) == {"sent": PEOPLE - len(refused), "failed": len(refused)}
    front.habits.clear()
    mailing.task.clear()
    mailing.attempt()
    assert arrived(rig, rows) == Counter({row["text"]: 1 for row in rows})


def test_a_refusal_that_is_final_stays_in_the_ledger(rig: Rig, front: Front, path: Path) -> None:
    rows = crowd(4)
    front.answers(SEND, 403, left=1)
    mailing = mailing_of(rig, rows, path, max_failures=1, concurrency=1)
    mailing.attempt()
    rig.sandbox.clear_requests()
    mailing.attempt()
    assert (rig.sends(), outcomes(path)) == (0, {"sent": 3, "failed": 1})


def test_those_who_may_not_be_added_stop_it_too(rig: Rig, front: Front, path: Path) -> None:
    rows = crowd()
    habit = front.answers("POST .*/channels/[^/]*/users$", 422, QUOTA)
    mailing = mailing_of(rig, rows, path)
    with pytest.raises(MailingStoppedError):
        mailing.attempt()
    assert habit.struck <= A_FEW
    assert outcomes(path) == {"deferred": PEOPLE}
    front.habits.clear()
    mailing.attempt()
    assert arrived(rig, rows) == Counter({row["text"]: 1 for row in rows})


def test_a_person_who_is_refused_falls_back_over_a_retry(rig: Rig, front: Front, path: Path) -> None:
    second = str(rig.hook().create_channel("Second", "telegram", rig.project_id).uuid)
    rig.sandbox.scan(second)
    rig.sandbox.configure(delivered_after=0, read_after=None)
    rows = [{"phone": phone, "text": "Hello"} for phone in PHONES[:3]]
    front.answers(f"{rig.channel['channel_uuid']}/send_message/{rig.users[0]}", 403)
    front.answers(f"{second}/send_message/", 402, left=1)
    mailing = mailing_of(rig, rows, path, fallback=[second], wait_for="delivered")
    with pytest.raises(PaymentRequiredError):
        mailing.attempt()
    assert outcomes(path) == {"sent": 2, "deferred": 1}
    totals = mailing.attempt()
    while totals is None:
        totals = mailing.resume()
    assert outcomes(path) == {"delivered": 2, "fell_back": 1}

"""Mailings that are followed: who was reached, and through which channel."""

from __future__ import annotations

import csv
import json
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import InputError, TooManyFailuresError, WahelpError
from airflow_provider_wahelp.delivery.mailing import assembly
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.sender import Sender, SendResult
from airflow_provider_wahelp.operators import SendMessagesOperator
from tests.combinations import in_turn
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Killed, Rig, moments, quiet

COUNT = 12
LEDGERS = ("store", "file", "none")
MINUTE = 60.0
NO_MESSENGER = "номер не зарегистрирован"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 3)


@pytest.fixture
def other(rig: Rig) -> str:
    """Return another channel of the project."""
    return add_channel(rig, "Other")


def add_channel(rig: Rig, name: str) -> str:
    hook = rig.hook()
    uuid = str(hook.create_channel(name, "telegram", project_id=rig.project_id).uuid)
    hook.close()
    rig.sandbox.scan(uuid)
    rig.give_a_past(uuid)
    rig.sandbox.clear_requests()
    return uuid


def phone(number: int) -> str:
    return f"+7916100{number:04}"


def crowd(count: int = COUNT) -> list[dict[str, Any]]:
    return [
        {"phone": phone(number), "name": f"N{number}", "text": f"Text {number}"} for number in range(count)
    ]


def first(rig: Rig) -> str:
    return str(rig.channel["channel_uuid"])


def arrived(rig: Rig, rows: list[dict[str, Any]], channel: str) -> Counter[str]:
    """Return how often each row's text has gone to its phone through a channel."""
    counts: Counter[str] = Counter()
    for row in rows:
        for line in rig.sandbox.conversation(row["phone"]):
            if line["direction"] == "outgoing" and line["channel_uuid"] == channel:
                counts[line["text"]] += 1
    return counts


def once(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter({row["text"]: 1 for row in rows})


def history_reads(rig: Rig, channel: str) -> int:
    path = f"/channels/{channel}/messages"
    return sum(request["path"].endswith(path) for request in rig.sandbox.requests)


def singles(rig: Rig) -> int:
    """Return how many messages were asked for one by one."""
    return sum("/messages/" in request["path"] for request in rig.sandbox.requests)


def mark(rig: Rig, status: str, *texts: str) -> None:
    """Have messages take a status."""
    for message in rig.sandbox._state.messages._core.registry.messages.values():
        if message.text in texts:
            message.status = status  # type: ignore[assignment]


def to_its_end(mailing: MailingTask, steps: int = 60) -> dict[str, int]:
    """Attempt it and wake it until it is done."""
    totals = mailing.attempt()
    while totals is None:
        steps -= 1
        assert steps, "it waits for ever"
        totals = mailing.resume()
    return dict(totals)


def followed(rig: Rig, rows: Any, ledger: str = "store", **given: Any) -> MailingTask:
    settings: dict[str, Any] = {"wait_for": "delivered", "wait_timeout": timedelta(hours=1), **given}
    return MailingTask(rig, rows, ledger, {"stop_words": False, "max_failures": COUNT, **settings})


def introduce(rig: Rig, rows: list[dict[str, Any]], channel: str) -> None:
    """Have a channel know everybody, so that to write to them takes fewer steps."""
    hook = rig.hook()
    for row in rows:
        hook.create_user("N", row["phone"], project_id=rig.project_id, channel_uuid=channel)
    hook.close()


def killed_while_it_falls_back(rig: Rig, mailing: MailingTask, channel: str, steps: int) -> None:
    """Have the worker die at a step of writing through a channel, where everybody is known already."""
    introduce(rig, mailing.rows, channel)
    mailing.attempt()
    rig.sleep(120)
    with suppress(Killed):
        mailing.attempt(steps, resumed=True)


def killed_once_begun(rig: Rig, mailing: MailingTask, channel: str) -> None:
    """Have the worker say that it is about to write through a channel, and write to nobody."""
    steps_to_look_up = 2 * len(mailing.rows)
    killed_while_it_falls_back(rig, mailing, channel, steps_to_look_up + 2)
    kept = [json.loads(entry) for key, entry in mailing.task.store.kept.items() if channel in key]
    assert [len(entry["begun"]) for entry in kept] == [len(mailing.rows)]
    assert arrived(rig, mailing.rows, channel).total() == 0


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("wanted", ["delivered", "read"])
def test_who_was_reached_is_known(rig: Rig, ledger: str, wanted: str) -> None:
    rows = crowd()
    totals = to_its_end(followed(rig, rows, ledger, wait_for=wanted))
    assert totals == {
        "sent": COUNT, "skipped": 0, "suppressed": 0, "no_messenger": 0, "failed": 0, "deferred": 0,
        "delivered": 0, "read": COUNT, "fell_back": 0, "undelivered": 0,
    }  # fmt: skip
    assert arrived(rig, rows, first(rig)) == once(rows)


def test_a_mailing_that_waits_for_nothing_is_as_ever(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    totals = MailingTask(rig, crowd(2), given={"report_path": str(path)}).attempt()
    assert totals
    assert list(totals) == ["sent", "skipped", "suppressed", "no_messenger", "failed", "deferred"]
    assert path.read_text().splitlines()[0] == "number,key,user_id,phone,outcome,reason,message_id,variant"


def test_the_history_is_read_by_pages_and_not_by_people(rig: Rig) -> None:
    rig.sandbox.configure(delivered_after=200, read_after=None)
    rows = crowd(250)
    mailing = followed(rig, rows)
    assert mailing.attempt() is None
    assert history_reads(rig, first(rig)) == 0  # it is too early for that
    looks = 0
    while True:
        rig.sandbox.clear_requests()
        done = mailing.resume()
        looks += 1
        assert history_reads(rig, first(rig)) <= 3
        assert (rig.sends(), singles(rig)) == (0, 0)
        assert len(rig.requests) <= 4
        if done:
            break
    assert done["delivered"] == 250
    assert looks <= 6


def test_only_what_is_waited_for_is_read(rig: Rig) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(rig, rows)
    mailing.attempt()
    rig.sleep(20 * MINUTE)
    hook = rig.hook()
    for number in range(230):  # others write through the channel
        hook.send_message(f"Other {number}", user_id=rig.users[0], **rig.channel)
    mark(rig, "delivered", "Text 0", "Text 1")
    rig.sandbox.clear_requests()
    mailing.resume()
    assert history_reads(rig, first(rig)) == 3
    mark(rig, "delivered", "Text 2")
    rig.sandbox.clear_requests()
    totals = mailing.resume()
    assert totals
    assert totals["delivered"] == 3


def test_looks_become_rarer(rig: Rig) -> None:
    rig.sandbox.configure(delivered_after=None)
    mailing = followed(rig, crowd(1), poll_interval=20, wait_timeout=3 * 3600)
    pauses = []
    totals = mailing.attempt()
    while totals is None:
        pauses.append(mailing.until.timestamp() - rig.now())
        totals = mailing.resume()
    assert pauses[0] == pytest.approx(20, abs=2)
    assert max(pauses) == pytest.approx(600, abs=2)
    assert len(pauses) < 35
    assert totals["undelivered"] == 1


def test_statuses_are_kept_with_few_writes_and_survive_a_retry(rig: Rig) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(100)
    mailing = followed(rig, rows, max_failures=100)
    mailing.attempt()
    store = mailing.task.store
    mark(rig, "delivered", *(f"Text {number}" for number in range(90)))
    store.calls.clear()
    mailing.resume()
    assert store.calls.count("set") == 1
    mark(rig, "sent", *(f"Text {number}" for number in range(100)))  # a status that comes out of order
    mark(rig, "undelivered", "Text 95")
    store.calls.clear()
    mailing.resume()
    assert store.calls.count("set") == 1
    assert max(len(kept) for kept in store.kept.values()) < 16_000
    totals = to_its_end(mailing)
    assert (totals["delivered"], totals["undelivered"], totals["sent"]) == (90, 10, 100)
    assert arrived(rig, rows, first(rig)) == once(rows)


def test_what_is_over_is_not_read_again(rig: Rig) -> None:
    rig.sandbox.configure(delivered_after=None)
    mailing = followed(rig, crowd(), max_failures=0)
    with pytest.raises(TooManyFailuresError, match="12 of 12 messages failed"):
        to_its_end(mailing)
    rig.sandbox.clear_requests()
    with pytest.raises(TooManyFailuresError):
        mailing.attempt()
    assert history_reads(rig, first(rig)) == 0
    mark(rig, "read", *(row["text"] for row in crowd()))
    mailing.task.clear()  # somebody has a look whether they came after all
    assert to_its_end(mailing)["read"] == COUNT


@pytest.mark.parametrize("ledger", LEDGERS)
def test_who_is_not_reached_is_written_to_through_the_next_channel(
    rig: Rig, other: str, ledger: str, tmp_path: Path
) -> None:
    third = add_channel(rig, "Third")
    rig.sandbox.configure(delivered_after=None)
    rows = crowd()
    path = tmp_path / "report.csv"
    mailing = followed(rig, rows, ledger, fallback=[other, third], fallback_after=600, report_path=str(path))
    hook = rig.hook()
    lacking = rows[5:6]
    user = hook.create_user("N5", lacking[0]["phone"], **rig.channel).id
    path_of_user = f"*/channels/{first(rig)}/send_message/{user}"
    rig.sandbox.inject("success_false", path=path_of_user, probability=1.0, words=NO_MESSENGER)
    totals = mailing.attempt()
    assert totals is None
    assert arrived(rig, rows, other) == once(lacking)  # at once: there is nothing to wait for
    sent = [row["text"] for row in rows if row not in lacking]
    mark(rig, "delivered", *sent[:8])
    mark(rig, "rejected", sent[8])
    assert mailing.resume() is None
    assert arrived(rig, rows, other).total() == 2
    mark(rig, "read", lacking[0]["text"])
    started = rig.now()
    while arrived(rig, rows, other).total() == 2:
        assert mailing.resume() is None
    assert rig.now() - started < 700
    assert arrived(rig, rows, other).total() == 4
    mark(rig, "delivered", sent[9])
    totals = mailing.resume()
    while totals is None:
        totals = mailing.resume()
    assert arrived(rig, rows, third) == once([row for row in rows if row["text"] in (sent[8], sent[10])])
    assert totals == {
        "sent": 12, "skipped": 0, "suppressed": 0, "no_messenger": 0, "failed": 0, "deferred": 0,
        "delivered": 9, "read": 0, "fell_back": 1, "undelivered": 2,
    }  # fmt: skip
    lines = {line["number"]: line for line in csv.DictReader(path.open(encoding="utf-8"))}
    numbers = {row["text"]: str(number) for number, row in enumerate(rows, 1)}
    fell = lines[numbers[lacking[0]["text"]]]
    assert (fell["outcome"], fell["status"], fell["channel_uuid"]) == ("fell_back", "read", other)
    lost = lines[numbers[sent[10]]]
    assert (lost["outcome"], lost["status"], lost["channel_uuid"]) == ("undelivered", "sent", third)
    assert lost["reason"] == "no report of a delivery in time"
    there = lines[numbers[sent[0]]]
    assert (there["outcome"], there["channel_uuid"], there["reason"]) == ("delivered", first(rig), "")


def test_without_the_messenger_anywhere(rig: Rig, other: str, tmp_path: Path) -> None:
    rows = crowd(3)
    rig.sandbox.set_messenger(phone(1), False)
    path = tmp_path / "report.jsonl"
    totals = to_its_end(followed(rig, rows, fallback=[other], report_path=str(path)))
    assert (totals["read"], totals["no_messenger"], totals["undelivered"]) == (2, 1, 0)
    lines = [json.loads(line) for line in path.open(encoding="utf-8")]
    assert (lines[1]["outcome"], lines[1]["channel_uuid"]) == ("no_messenger", "")


def test_somebody_named_by_id_is_found_by_the_phone_of_the_channel(rig: Rig, other: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = [{"user_id": user, "text": f"To {user}"} for user in rig.users]
    rows[1]["phone"] = "+79160000001"
    mailing = followed(rig, rows, fallback=[other], fallback_after=60)
    mailing.attempt()
    rig.sandbox.clear_requests()
    while not rig.sends():
        mailing.resume()
    asked = [request for request in rig.sandbox.requests if "/users/" in request["path"]]
    assert len(asked) == 3
    assert set(rig.delivered().values()) == {2}


@pytest.mark.parametrize("ledger", LEDGERS)
def test_somebody_without_a_phone_is_a_row_of_the_report(
    rig: Rig, other: str, ledger: str, tmp_path: Path
) -> None:
    rig.sandbox.configure(delivered_after=None)
    path = tmp_path / "report.jsonl"
    rows = [{"user_id": rig.users[0], "text": "To nobody"}]
    mailing = followed(
        rig, rows, ledger, fallback=[other], fallback_after=60, report_path=str(path), wait_timeout=600
    )
    mailing.attempt()
    rig.sandbox._state.messages._core.registry.users[rig.users[0]].phone = ""
    rig.sandbox.clear_requests()
    assert to_its_end(mailing)["undelivered"] == 1
    line = json.loads(path.read_text())
    assert "no phone is known" in line["reason"]
    if ledger != "none":
        assert sum("/users/" in request["path"] for request in rig.sandbox.requests) == 1


@pytest.mark.parametrize("fault", ["out", "gone"])
def test_a_fallback_channel_that_is_out_stops_nobody_else(
    rig: Rig, other: str, fault: str, tmp_path: Path
) -> None:
    third = add_channel(rig, "Third")
    rows = crowd(4)
    if fault == "out":
        rig.sandbox.log_out(other)
    rig.sandbox.inject(
        "success_false", path=f"*/channels/{first(rig)}/send_message/*", count=2, words=NO_MESSENGER
    )
    path = tmp_path / "report.jsonl"
    out = other if fault == "out" else "00000000-0000-0000-0000-000000000000"
    totals = to_its_end(followed(rig, rows, fallback=[out, third], report_path=str(path)))
    assert (totals["read"], totals["fell_back"]) == (2, 2)
    assert arrived(rig, rows, third).total() == 2
    rig.sandbox.inject(
        "success_false", path=f"*/channels/{first(rig)}/send_message/*", count=2, words=NO_MESSENGER
    )
    totals = to_its_end(followed(rig, rows, fallback=[out], report_path=str(path)))
    assert (totals["read"], totals["no_messenger"]) == (2, 2)
    reasons = [json.loads(line)["reason"] for line in path.open(encoding="utf-8")]
    assert sum(out in reason for reason in reasons) == 2


def test_a_fallback_channel_that_logs_out_midway(rig: Rig, other: str) -> None:
    third = add_channel(rig, "Third")
    rig.sandbox.configure(delivered_after=None)
    rows = crowd()
    mailing = followed(rig, rows, fallback=[other, third], fallback_after=60, concurrency=1)
    mailing.attempt()
    send = f"*/channels/{other}/send_message/*"
    rig.sandbox.inject("cut_after", path=send, count=5)
    for _ in range(10):  # a minute has not passed for all of them at the same moment
        mailing.resume()
        if arrived(rig, rows, other).total() >= len(rows):
            break
    assert arrived(rig, rows, other) == once(rows)
    assert arrived(rig, rows, third).total() == 0


def test_the_first_channel_may_log_out_while_it_waits(rig: Rig, other: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(rig, rows, fallback=[other], fallback_after=60)
    mailing.attempt()
    rig.sandbox.log_out(first(rig))
    rig.sandbox.configure(delivered_after=1.0)
    assert to_its_end(mailing)["fell_back"] == 3


def test_who_has_asked_not_to_be_written_to_is_not_tried_elsewhere(rig: Rig, other: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(4)
    given = {"fallback": [other], "fallback_after": 60, "stop_words": True}
    mailing = followed(rig, rows, **given)
    mailing.attempt()
    rig.sandbox.receive(phone(0), "Стоп", first(rig))
    rig.sandbox.receive(phone(1), "STOP", other)
    mailing.given["suppress"] = [phone(2)]
    totals = to_its_end(mailing)
    assert arrived(rig, rows, other) == once(rows[3:])
    assert (totals["sent"], totals["undelivered"]) == (4, 4)


def test_each_channel_keeps_its_own_pace_and_quiet_hours(rig: Rig, other: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(6)
    mailing = followed(rig, rows, fallback=[other], fallback_after=60, daily_cap=6, pace=60)
    assert mailing.attempt() is None
    before = rig.now()
    while arrived(rig, rows, other).total() < 6:
        assert mailing.resume() is None
    assert arrived(rig, rows, other) == once(rows)  # the cap of the first is used up
    assert 60 <= rig.now() - before < 300
    assert arrived(rig, rows, first(rig)) == once(rows)


def test_what_waits_for_the_morning_is_sent_then(rig: Rig, other: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    noon = rig.now() // 86_400 * 86_400 + 2 * 86_400 + 15 * 3600  # 18:00 in Moscow
    rig.sleep(noon + 58 * MINUTE - rig.now())
    rows = crowd(3)
    mailing = followed(
        rig, rows, fallback=[other], fallback_after=600, wait_timeout=1800, quiet_hours="19:00-09:00"
    )
    mailing.attempt()
    while mailing.until.timestamp() < noon + 15 * 3600:
        assert mailing.resume() is None
    assert arrived(rig, rows, other).total() == 0
    rig.sandbox.configure(delivered_after=1.0)
    assert to_its_end(mailing)["fell_back"] == 3
    assert rig.now() >= noon + 15 * 3600


@pytest.mark.parametrize(("steps", "ledger"), in_turn(moments(range(1, 40, 2)), LEDGERS))
def test_a_worker_is_killed_while_it_falls_back(rig: Rig, other: str, ledger: str, steps: int) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd()
    mailing = followed(rig, rows, ledger, fallback=[other], fallback_after=60)
    mailing.attempt()
    rig.sleep(120)
    mark(rig, "delivered", *(row["text"] for row in rows[:4]))
    try:
        mailing.attempt(steps, resumed=True)
    except Killed:
        rig.sleep(5)
    mark(rig, "delivered", *(row["text"] for row in rows))
    to_its_end(mailing)
    assert arrived(rig, rows, first(rig)) == once(rows)
    through_other = arrived(rig, rows, other)
    assert set(through_other.values()) <= {1}
    assert not any(row["text"] in through_other for row in rows[:4])


@pytest.mark.parametrize(
    ("steps", "news", "ledger"), in_turn(product(moments(range(5, 17)), ["delivered", "stop"]), LEDGERS)
)
def test_news_that_arrive_between_a_kill_and_the_retry_count(
    rig: Rig, other: str, ledger: str, steps: int, news: str
) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(rig, rows, ledger, fallback=[other], fallback_after=60, stop_words=True)
    killed_while_it_falls_back(rig, mailing, other, steps)
    before = arrived(rig, rows, other)
    if news == "delivered":
        mark(rig, "delivered", *(row["text"] for row in rows))
    else:
        for row in rows:
            rig.sandbox.receive(row["phone"], "Стоп", first(rig))
    rig.sleep(30)
    totals = to_its_end(mailing)
    assert arrived(rig, rows, other) == before
    assert arrived(rig, rows, first(rig)) == once(rows)
    assert totals["delivered"] == (3 if news == "delivered" else 0)
    assert totals["fell_back"] == 0
    if ledger != "none":  # without one, who has written a stop word is left out by the first channel, too
        assert totals["sent"] == 3


def test_a_suppression_that_arrives_between_a_kill_and_the_retry_counts(rig: Rig, other: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    hook = rig.hook()
    users = [hook.create_user("N", phone(number), **rig.channel).id for number in range(2)]
    hook.close()
    rows = [{"user_id": user, "phone": phone(n), "text": f"Text {n}"} for n, user in enumerate(users)]
    mailing = followed(rig, rows, fallback=[other], fallback_after=60)
    killed_once_begun(rig, mailing, other)
    mailing.rows = [{**row, "phone": None} for row in rows]  # they are known by the channel's phone alone
    mailing.given["suppress"] = [phone(0)]
    to_its_end(mailing)
    assert arrived(rig, rows, other) == once(rows[1:])


def test_what_was_begun_and_did_not_go_is_looked_up_once(rig: Rig, other: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(rig, rows, fallback=[other], fallback_after=60, stop_words=True)
    killed_once_begun(rig, mailing, other)
    for row in rows:
        rig.sandbox.receive(row["phone"], "Стоп", first(rig))
    reads = []
    totals = None
    while totals is None:
        rig.sandbox.clear_requests()
        totals = mailing.attempt(resumed=True)
        rig.sleep(300)
        reads.append(history_reads(rig, other))
    assert sum(reads) == reads[0] == 2, "the second once nothing can be under way any more"
    assert len(reads) > 3


def test_what_was_begun_through_a_channel_and_then_sent_through_the_next_is_not_sent_again(
    rig: Rig, other: str
) -> None:
    third = add_channel(rig, "Third")
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(rig, rows, fallback=[other, third], fallback_after=60)
    killed_once_begun(rig, mailing, other)
    rig.sandbox.log_out(other)
    assert mailing.attempt(resumed=True) is None
    assert arrived(rig, rows, third) == once(rows)
    rig.sandbox.scan(other)
    to_its_end(mailing)
    assert arrived(rig, rows, other).total() == 0
    assert arrived(rig, rows, third) == once(rows)


@pytest.mark.parametrize("steps", moments(range(5, 17, 2)))
def test_a_history_that_cannot_be_read_after_a_kill_lets_nobody_be_written_to(
    rig: Rig, other: str, steps: int
) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(rig, rows, fallback=[other], fallback_after=60)
    killed_while_it_falls_back(rig, mailing, other, steps)
    before = arrived(rig, rows, other)
    path = f"*/channels/{first(rig)}/messages"
    rig.sandbox.inject("error_after", path=path, probability=1.0, status=502)
    assert mailing.attempt(resumed=True) is None
    assert arrived(rig, rows, other) == before
    rig.calm()
    to_its_end(mailing)
    assert arrived(rig, rows, other) == once(rows)


@pytest.mark.parametrize(
    ("fault", "ledger"), in_turn(["cut_after", "cut_before", "error_after", "cut_after"], LEDGERS)
)
def test_lost_answers_of_a_fallback_are_looked_up(rig: Rig, other: str, ledger: str, fault: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd()
    mailing = followed(rig, rows, ledger, fallback=[other], fallback_after=60)
    mailing.attempt()
    path = f"*/channels/{other}/send_message/*"
    rig.sandbox.inject(fault, path=path, probability=0.4, seed=2)
    rig.sleep(120)
    mailing.attempt(resumed=True)
    assert rig.calm()
    assert arrived(rig, rows, other) == once(rows)
    to_its_end(mailing)
    assert arrived(rig, rows, other) == once(rows)


def test_a_history_that_cannot_be_read_is_waited_out_and_then_said(rig: Rig) -> None:
    rig.sandbox.configure(delivered_after=None)
    mailing = followed(rig, crowd(3), wait_timeout=600)
    mailing.attempt()
    rig.sandbox.inject("error_after", operation="messages", probability=1.0, status=502)
    assert mailing.resume() is None
    with pytest.raises(WahelpError) as caught:
        to_its_end(mailing)
    assert caught.value.temporary
    rig.calm()
    mark(rig, "read", "Text 0")
    totals = to_its_end(mailing)
    assert (totals["read"], totals["undelivered"]) == (1, 2)


def test_a_query_that_yields_nobody_any_more_is_followed_to_its_end(rig: Rig, other: str) -> None:
    mailing = followed(rig, crowd(3), fallback=[other], if_empty="skip")
    assert mailing.attempt() is None
    mailing.rows = []
    totals = mailing.resume()
    assert totals
    assert totals["read"] == 3
    assert arrived(rig, crowd(3), other).total() == 0


def test_a_dry_run_waits_for_nothing(rig: Rig, other: str) -> None:
    totals = followed(rig, crowd(3), dry_run=True, fallback=[other]).attempt()
    assert totals
    assert totals["deferred"] == 3
    assert "delivered" not in totals
    assert rig.sends() == 0


def test_arguments_that_mean_nothing_are_refused(rig: Rig, other: str) -> None:
    required = {"task_id": "send", "recipients": [], "text": "x"}
    for given in (
        {"wait_for": "sent"},
        {"wait_timeout": 0},
        {"fallback": ["x"]},
        {"wait_for": "read", "fallback": 5},
        {"wait_for": "read", "fallback_after": 60},
    ):
        with pytest.raises(InputError):
            SendMessagesOperator(**required, **given)
    with pytest.raises(InputError, match="each channel once"):
        followed(rig, crowd(1), fallback=[other, first(rig)]).attempt()


@pytest.mark.parametrize("seed", moments(range(12)))
def test_each_channel_once_whatever_happens(rig: Rig, other: str, seed: int) -> None:
    import random

    chance = random.Random(seed)
    ledger = LEDGERS[seed % 3]
    with quiet():
        rig.sandbox.configure(delivered_after=None, history_lag=chance.choice([0.0, 3.0]))
        rig.skew(chance.choice([-120.0, 0.0, 120.0]))
        rows = crowd()
        introduce(rig, rows, other)
        mailing = followed(rig, rows, ledger, fallback=[other], fallback_after=120)
        for fault in ("cut_after", "cut_before", "error_after"):
            rig.sandbox.inject(fault, operation="send_message", probability=0.1, seed=seed)
        spared: set[str] = set()
        deferred = False
        for _ in range(10):
            try:
                deferred = mailing.attempt(chance.randint(1, 30), resumed=deferred) is None
            except (Killed, WahelpError):
                deferred = False
            rig.sleep(chance.choice([5.0, 40.0, 130.0]))
            texts = {f"Text {number}" for number in chance.sample(range(6), 2)}
            mark(rig, "delivered", *texts)
            there, elsewhere = (set(arrived(rig, rows, channel)) for channel in (first(rig), other))
            spared |= texts & there - elsewhere
        rig.calm()
        totals = to_its_end(mailing)
        for channel in (first(rig), other):
            assert set(arrived(rig, rows, channel).values()) <= {1}
        assert totals["sent"] == COUNT
        reached = arrived(rig, rows, other)
        assert not spared & set(reached)
        undelivered = [row for row in rows if int(row["text"].split()[1]) >= 6]
        assert all(reached[row["text"]] == 1 for row in undelivered)


def test_who_is_suppressed_by_their_id_does_not_fall_back(rig: Rig, other: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    with rig.hook() as hook:
        users = [hook.create_user("N", phone(number), **rig.channel).id for number in range(2)]
    rows = crowd(2)
    mailing = followed(rig, rows, fallback=[other], fallback_after=60, max_failures=2)
    mailing.attempt()
    mailing.given["suppress"] = [{"user_id": users[0]}]
    to_its_end(mailing)
    assert arrived(rig, rows, other) == {"Text 1": 1}


def test_an_id_of_one_channel_is_nobodys_in_another(
    rig: Rig, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second channel may count its users from 1, as the first does."""
    with rig.hook() as hook:
        suppressed = hook.create_user("N", "+79169990000", **rig.channel).id
    rig.sandbox.configure(delivered_after=None)
    asked: list[object] = []
    post = Sender.post

    def identify(self: Sender, person: QueuedMessage) -> tuple[QueuedMessage, SendResult | None]:
        return person._replace(user_id=suppressed), None

    def posted(self: Sender, person: QueuedMessage) -> SendResult:
        asked.append((self.channel_uuid, person.user_id))
        return post(self, person)

    rows = crowd(1)
    given = {"suppress": [{"user_id": suppressed}], "max_failures": 1}
    mailing = followed(rig, rows, fallback=[other], fallback_after=60, **given)
    mailing.attempt()
    monkeypatch.setattr(Sender, "_identify", identify)
    monkeypatch.setattr(Sender, "post", posted)
    to_its_end(mailing)
    assert (other, suppressed) in asked


def test_a_user_who_is_another_by_the_next_look_is_written_to_and_nobody_else(rig: Rig, other: str) -> None:
    rig.sandbox.configure(delivered_after=None)
    one, two = rig.users[:2]
    rows = [{"id": 7, "user_id": one, "text": "For A"}]
    mailing = followed(rig, rows, fallback=[other], fallback_after=60, key="id")
    mailing.attempt()
    mailing.rows = [{"id": 7, "user_id": two, "text": "For B"}]
    to_its_end(mailing)
    said = [[line["text"] for line in rig.sandbox.conversation(number)] for number in PHONES[:2]]
    assert said == [["For A"], ["For B"]]


@pytest.mark.parametrize("ledger", ["store", "file"])
def test_who_fell_back_gets_nothing_more_when_the_task_is_cleared(rig: Rig, other: str, ledger: str) -> None:
    """By then the number has the messenger of the first channel, too."""
    rows = crowd(2)
    introduce(rig, rows, first(rig))
    rig.sandbox.inject("success_false", path=f"*/{first(rig)}/send_message/*", count=1, words=NO_MESSENGER)
    mailing = followed(rig, rows, ledger, fallback=[other], fallback_after=60, concurrency=1)
    assert to_its_end(mailing)["fell_back"] == 1
    mailing.task.clear()
    totals = to_its_end(mailing)
    assert (totals["fell_back"], totals["read"]) == (1, 1)
    assert (arrived(rig, rows, first(rig)) + arrived(rig, rows, other)) == once(rows)


@pytest.mark.parametrize("ledger", ["store", "file"])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_mailing_goes_through_the_channel_that_it_has_begun_in(
    rig: Rig, other: str, ledger: str, swapped: bool
) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(2)
    mailing = followed(rig, rows, ledger, fallback=[other], fallback_after=60)
    assert mailing.attempt() is None
    old = first(rig)
    mailing.given |= {"channel_uuid": other, "fallback": [old if swapped else add_channel(rig, "Third")]}
    with pytest.raises(InputError, match=f"channel_uuid: must be {old}"):
        mailing.attempt()
    mailing.given |= {"channel_uuid": old, "fallback": [other]}
    to_its_end(mailing)
    assert arrived(rig, rows, old) == arrived(rig, rows, other) == once(rows)


def test_the_report_of_one_that_is_followed_grows_too(
    rig: Rig, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what was delivered; and where the next channel is tried, a row that was there becomes another."""
    path, sleep = tmp_path / "report.csv", rig.sleep
    seen: list[list[dict[str, str]]] = []

    def watched(seconds: float) -> None:
        if path.exists():
            seen.append([*csv.DictReader(path.open(encoding="utf-8"))])
        sleep(seconds)

    monkeypatch.setattr(rig, "sleep", watched)
    rig.sandbox.configure(delivered_after=None)
    given = {"pace": 2, "concurrency": 1, "report_path": str(path)}
    mailing = followed(rig, crowd(), fallback=[other], fallback_after=60, **given)
    assert mailing.attempt() is None
    half = next(rows for rows in seen if len(rows) == COUNT // 2)
    assert [(row["outcome"], row["status"], row["channel_uuid"]) for row in half] == [
        ("sent", "sent", first(rig))
    ] * (COUNT // 2)
    while arrived(rig, crowd(), other).total() < COUNT:
        seen.clear()
        mailing.resume()
    tried = [Counter(row["channel_uuid"] for row in rows)[other] for rows in seen]
    assert any(0 < count < COUNT - 1 for count in tried), tried
    assert all(len({row["number"] for row in rows}) == len(rows) == COUNT for rows in seen)

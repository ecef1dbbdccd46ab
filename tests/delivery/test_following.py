"""Mailings that are followed: who was reached, and through which channel."""

from __future__ import annotations

import csv
import json
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import InputError, TooManyFailuresError, WahelpError
from airflow_provider_wahelp.delivery.mailing import assembly
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.sender import Sender, SendResult
from airflow_provider_wahelp.operators import SendMessagesOperator
from tests.delivery.crowd import Dispatcher
from tests.delivery.world import PHONES, Killed, World, quiet

COUNT = 12
LEDGERS = ("store", "file", "none")
MINUTE = 60.0
NO_MESSENGER = "номер не зарегистрирован"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 3)


@pytest.fixture
def other(world: World) -> str:
    """Return another channel of the project."""
    return add_channel(world, "Other")


def add_channel(world: World, name: str) -> str:
    hook = world.hook()
    uuid = str(hook.create_channel(name, "telegram", project_id=world.project_id).uuid)
    hook.close()
    world.sandbox.scan(uuid)
    world.sandbox.clear_requests()
    return uuid


def phone(number: int) -> str:
    return f"+7916100{number:04}"


def crowd(count: int = COUNT) -> list[dict[str, Any]]:
    return [
        {"phone": phone(number), "name": f"N{number}", "text": f"Text {number}"} for number in range(count)
    ]


def first(world: World) -> str:
    return str(world.channel["channel_uuid"])


def arrived(world: World, rows: list[dict[str, Any]], channel: str) -> Counter[str]:
    """Return how often each row's text has gone to its phone through a channel."""
    counts: Counter[str] = Counter()
    for row in rows:
        for line in world.sandbox.conversation(row["phone"]):
            if line["direction"] == "outgoing" and line["channel_uuid"] == channel:
                counts[line["text"]] += 1
    return counts


def once(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter({row["text"]: 1 for row in rows})


def history_reads(world: World, channel: str) -> int:
    path = f"/channels/{channel}/messages"
    return sum(request["path"].endswith(path) for request in world.sandbox.requests)


def singles(world: World) -> int:
    """Return how many messages were asked for one by one."""
    return sum("/messages/" in request["path"] for request in world.sandbox.requests)


def mark(world: World, status: str, *texts: str) -> None:
    """Have messages take a status."""
    for message in world.sandbox._state.messages._core.registry.messages.values():
        if message.text in texts:
            message.status = status  # type: ignore[assignment]


def to_its_end(mailing: Dispatcher, steps: int = 60) -> dict[str, int]:
    """Attempt it and wake it until it is done."""
    totals = mailing.attempt()
    while totals is None:
        steps -= 1
        assert steps, "it waits for ever"
        totals = mailing.resume()
    return dict(totals)


def followed(world: World, rows: Any, ledger: str = "store", **given: Any) -> Dispatcher:
    settings: dict[str, Any] = {"wait_for": "delivered", "wait_timeout": timedelta(hours=1), **given}
    return Dispatcher(world, rows, ledger, {"stop_words": False, "max_failures": COUNT, **settings})


def introduce(world: World, rows: list[dict[str, Any]], channel: str) -> None:
    """Have a channel know everybody, so that to write to them takes fewer steps."""
    hook = world.hook()
    for row in rows:
        hook.create_user("N", row["phone"], project_id=world.project_id, channel_uuid=channel)
    hook.close()


def killed_while_it_falls_back(world: World, mailing: Dispatcher, channel: str, steps: int) -> None:
    """Have the worker die at a step of writing through a channel, where everybody is known already."""
    introduce(world, mailing.rows, channel)
    mailing.attempt()
    world.sleep(120)
    with suppress(Killed):
        mailing.attempt(steps, resumed=True)


def killed_once_begun(world: World, mailing: Dispatcher, channel: str) -> None:
    """Have the worker say that it is about to write through a channel, and write to nobody."""
    steps_to_look_up = 2 * len(mailing.rows)
    killed_while_it_falls_back(world, mailing, channel, steps_to_look_up + 2)
    kept = [json.loads(entry) for key, entry in mailing.task.store.kept.items() if channel in key]
    assert [len(entry["begun"]) for entry in kept] == [len(mailing.rows)]
    assert arrived(world, mailing.rows, channel).total() == 0


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("wanted", ["delivered", "read"])
def test_who_was_reached_is_known(world: World, ledger: str, wanted: str) -> None:
    rows = crowd()
    totals = to_its_end(followed(world, rows, ledger, wait_for=wanted))
    assert totals == {
        "sent": COUNT, "skipped": 0, "suppressed": 0, "no_messenger": 0, "failed": 0, "deferred": 0,
        "delivered": 0, "read": COUNT, "fell_back": 0, "undelivered": 0,
    }  # fmt: skip
    assert arrived(world, rows, first(world)) == once(rows)


def test_a_mailing_that_waits_for_nothing_is_as_ever(world: World, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    totals = Dispatcher(world, crowd(2), given={"report_path": str(path)}).attempt()
    assert totals
    assert list(totals) == ["sent", "skipped", "suppressed", "no_messenger", "failed", "deferred"]
    assert path.read_text().splitlines()[0] == "number,key,user_id,phone,outcome,reason,message_id"


def test_the_history_is_read_by_pages_and_not_by_people(world: World) -> None:
    world.sandbox.configure(delivered_after=200, read_after=None)
    rows = crowd(250)
    mailing = followed(world, rows)
    assert mailing.attempt() is None
    assert history_reads(world, first(world)) == 0  # it is too early for that
    looks = 0
    while True:
        world.sandbox.clear_requests()
        done = mailing.resume()
        looks += 1
        assert history_reads(world, first(world)) <= 3
        assert (world.sends(), singles(world)) == (0, 0)
        assert len(world.requests) <= 4
        if done:
            break
    assert done["delivered"] == 250
    assert looks <= 6


def test_only_what_is_waited_for_is_read(world: World) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(world, rows)
    mailing.attempt()
    world.sleep(20 * MINUTE)
    hook = world.hook()
    for number in range(230):  # others write through the channel
        hook.send_message(f"Other {number}", user_id=world.users[0], **world.channel)
    mark(world, "delivered", "Text 0", "Text 1")
    world.sandbox.clear_requests()
    mailing.resume()
    assert history_reads(world, first(world)) == 3
    mark(world, "delivered", "Text 2")
    world.sandbox.clear_requests()
    totals = mailing.resume()
    assert totals
    assert totals["delivered"] == 3


def test_looks_become_rarer(world: World) -> None:
    world.sandbox.configure(delivered_after=None)
    mailing = followed(world, crowd(1), poll_interval=20, wait_timeout=3 * 3600)
    pauses = []
    totals = mailing.attempt()
    while totals is None:
        pauses.append(mailing.until.timestamp() - world.now())
        totals = mailing.resume()
    assert pauses[0] == pytest.approx(20, abs=2)
    assert max(pauses) == pytest.approx(600, abs=2)
    assert len(pauses) < 35
    assert totals["undelivered"] == 1


def test_statuses_are_kept_with_few_writes_and_survive_a_retry(world: World) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd(100)
    mailing = followed(world, rows, max_failures=100)
    mailing.attempt()
    store = mailing.task.store
    mark(world, "delivered", *(f"Text {number}" for number in range(90)))
    store.calls.clear()
    mailing.resume()
    assert store.calls.count("set") == 1
    mark(world, "sent", *(f"Text {number}" for number in range(100)))  # a status that comes out of order
    mark(world, "undelivered", "Text 95")
    store.calls.clear()
    mailing.resume()
    assert store.calls.count("set") == 1
    assert max(len(kept) for kept in store.kept.values()) < 16_000
    totals = to_its_end(mailing)
    assert (totals["delivered"], totals["undelivered"], totals["sent"]) == (90, 10, 100)
    assert arrived(world, rows, first(world)) == once(rows)


def test_what_is_over_is_not_read_again(world: World) -> None:
    world.sandbox.configure(delivered_after=None)
    mailing = followed(world, crowd(), max_failures=0)
    with pytest.raises(TooManyFailuresError, match="12 of 12 messages failed"):
        to_its_end(mailing)
    world.sandbox.clear_requests()
    with pytest.raises(TooManyFailuresError):
        mailing.attempt()
    assert history_reads(world, first(world)) == 0
    mark(world, "read", *(row["text"] for row in crowd()))
    mailing.task.clear()  # somebody has a look whether they came after all
    assert to_its_end(mailing)["read"] == COUNT


@pytest.mark.parametrize("ledger", LEDGERS)
def test_who_is_not_reached_is_written_to_through_the_next_channel(
    world: World, other: str, ledger: str, tmp_path: Path
) -> None:
    third = add_channel(world, "Third")
    world.sandbox.configure(delivered_after=None)
    rows = crowd()
    path = tmp_path / "report.csv"
    mailing = followed(
        world, rows, ledger, fallback=[other, third], fallback_after=600, report_path=str(path)
    )
    hook = world.hook()
    lacking = rows[5:6]
    user = hook.create_user("N5", lacking[0]["phone"], **world.channel).id
    path_of_user = f"*/channels/{first(world)}/send_message/{user}"
    world.sandbox.inject("success_false", path=path_of_user, probability=1.0, words=NO_MESSENGER)
    totals = mailing.attempt()
    assert totals is None
    assert arrived(world, rows, other) == once(lacking)  # at once: there is nothing to wait for
    sent = [row["text"] for row in rows if row not in lacking]
    mark(world, "delivered", *sent[:8])
    mark(world, "rejected", sent[8])
    assert mailing.resume() is None
    assert arrived(world, rows, other).total() == 2
    mark(world, "read", lacking[0]["text"])
    started = world.now()
    while arrived(world, rows, other).total() == 2:
        assert mailing.resume() is None
    assert world.now() - started < 700
    assert arrived(world, rows, other).total() == 4
    mark(world, "delivered", sent[9])
    totals = mailing.resume()
    while totals is None:
        totals = mailing.resume()
    assert arrived(world, rows, third) == once([row for row in rows if row["text"] in (sent[8], sent[10])])
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
    assert (there["outcome"], there["channel_uuid"], there["reason"]) == ("delivered", first(world), "")


def test_without_the_messenger_anywhere(world: World, other: str, tmp_path: Path) -> None:
    rows = crowd(3)
    world.sandbox.set_messenger(phone(1), False)
    path = tmp_path / "report.jsonl"
    totals = to_its_end(followed(world, rows, fallback=[other], report_path=str(path)))
    assert (totals["read"], totals["no_messenger"], totals["undelivered"]) == (2, 1, 0)
    lines = [json.loads(line) for line in path.open(encoding="utf-8")]
    assert (lines[1]["outcome"], lines[1]["channel_uuid"]) == ("no_messenger", "")


def test_somebody_named_by_id_is_found_by_the_phone_of_the_channel(world: World, other: str) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = [{"user_id": user, "text": f"To {user}"} for user in world.users]
    rows[1]["phone"] = "+79160000001"
    mailing = followed(world, rows, fallback=[other], fallback_after=60)
    mailing.attempt()
    world.sandbox.clear_requests()
    while not world.sends():
        mailing.resume()
    asked = [request for request in world.sandbox.requests if "/users/" in request["path"]]
    assert len(asked) == 3
    assert set(world.delivered().values()) == {2}


@pytest.mark.parametrize("ledger", LEDGERS)
def test_somebody_without_a_phone_is_a_row_of_the_report(
    world: World, other: str, ledger: str, tmp_path: Path
) -> None:
    world.sandbox.configure(delivered_after=None)
    path = tmp_path / "report.jsonl"
    rows = [{"user_id": world.users[0], "text": "To nobody"}]
    mailing = followed(
        world, rows, ledger, fallback=[other], fallback_after=60, report_path=str(path), wait_timeout=600
    )
    mailing.attempt()
    world.sandbox._state.messages._core.registry.users[world.users[0]].phone = ""
    world.sandbox.clear_requests()
    assert to_its_end(mailing)["undelivered"] == 1
    line = json.loads(path.read_text())
    assert "no phone is known" in line["reason"]
    if ledger != "none":
        assert sum("/users/" in request["path"] for request in world.sandbox.requests) == 1


@pytest.mark.parametrize("fault", ["out", "gone"])
def test_a_fallback_channel_that_is_out_stops_nobody_else(
    world: World, other: str, fault: str, tmp_path: Path
) -> None:
    third = add_channel(world, "Third")
    rows = crowd(4)
    if fault == "out":
        world.sandbox.log_out(other)
    world.sandbox.inject(
        "success_false", path=f"*/channels/{first(world)}/send_message/*", count=2, words=NO_MESSENGER
    )
    path = tmp_path / "report.jsonl"
    out = other if fault == "out" else "00000000-0000-0000-0000-000000000000"
    totals = to_its_end(followed(world, rows, fallback=[out, third], report_path=str(path)))
    assert (totals["read"], totals["fell_back"]) == (2, 2)
    assert arrived(world, rows, third).total() == 2
    world.sandbox.inject(
        "success_false", path=f"*/channels/{first(world)}/send_message/*", count=2, words=NO_MESSENGER
    )
    totals = to_its_end(followed(world, rows, fallback=[out], report_path=str(path)))
    assert (totals["read"], totals["no_messenger"]) == (2, 2)
    reasons = [json.loads(line)["reason"] for line in path.open(encoding="utf-8")]
    assert sum(out in reason for reason in reasons) == 2


def test_a_fallback_channel_that_logs_out_midway(world: World, other: str) -> None:
    third = add_channel(world, "Third")
    world.sandbox.configure(delivered_after=None)
    rows = crowd()
    mailing = followed(world, rows, fallback=[other, third], fallback_after=60, concurrency=1)
    mailing.attempt()
    send = f"*/channels/{other}/send_message/*"
    world.sandbox.inject("cut_after", path=send, count=5)
    for _ in range(10):  # a minute has not passed for all of them at the same moment
        mailing.resume()
        if arrived(world, rows, other).total() >= len(rows):
            break
    assert arrived(world, rows, other) == once(rows)
    assert arrived(world, rows, third).total() == 0


def test_the_first_channel_may_log_out_while_it_waits(world: World, other: str) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(world, rows, fallback=[other], fallback_after=60)
    mailing.attempt()
    world.sandbox.log_out(first(world))
    world.sandbox.configure(delivered_after=1.0)
    assert to_its_end(mailing)["fell_back"] == 3


def test_who_has_asked_not_to_be_written_to_is_not_tried_elsewhere(world: World, other: str) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd(4)
    given = {"fallback": [other], "fallback_after": 60, "stop_words": True}
    mailing = followed(world, rows, **given)
    mailing.attempt()
    world.sandbox.receive(phone(0), "Стоп", first(world))
    world.sandbox.receive(phone(1), "STOP", other)
    mailing.given["suppress"] = [phone(2)]
    totals = to_its_end(mailing)
    assert arrived(world, rows, other) == once(rows[3:])
    assert (totals["sent"], totals["undelivered"]) == (4, 4)


def test_each_channel_keeps_its_own_pace_and_quiet_hours(world: World, other: str) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd(6)
    mailing = followed(world, rows, fallback=[other], fallback_after=60, daily_cap=6, pace=60)
    assert mailing.attempt() is None
    before = world.now()
    while arrived(world, rows, other).total() < 6:
        assert mailing.resume() is None
    assert arrived(world, rows, other) == once(rows)  # the cap of the first is used up
    assert 60 <= world.now() - before < 300
    assert arrived(world, rows, first(world)) == once(rows)


def test_what_waits_for_the_morning_is_sent_then(world: World, other: str) -> None:
    world.sandbox.configure(delivered_after=None)
    noon = world.now() // 86_400 * 86_400 + 2 * 86_400 + 15 * 3600  # 18:00 in Moscow
    world.sleep(noon + 58 * MINUTE - world.now())
    rows = crowd(3)
    mailing = followed(
        world, rows, fallback=[other], fallback_after=600, wait_timeout=1800, quiet_hours="19:00-09:00"
    )
    mailing.attempt()
    while mailing.until.timestamp() < noon + 15 * 3600:
        assert mailing.resume() is None
    assert arrived(world, rows, other).total() == 0
    world.sandbox.configure(delivered_after=1.0)
    assert to_its_end(mailing)["fell_back"] == 3
    assert world.now() >= noon + 15 * 3600


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("steps", range(1, 40, 3))
def test_a_worker_is_killed_while_it_falls_back(world: World, other: str, ledger: str, steps: int) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd()
    mailing = followed(world, rows, ledger, fallback=[other], fallback_after=60)
    mailing.attempt()
    world.sleep(120)
    mark(world, "delivered", *(row["text"] for row in rows[:4]))
    try:
        mailing.attempt(steps, resumed=True)
    except Killed:
        world.sleep(5)
    mark(world, "delivered", *(row["text"] for row in rows))
    to_its_end(mailing)
    assert arrived(world, rows, first(world)) == once(rows)
    through_other = arrived(world, rows, other)
    assert set(through_other.values()) <= {1}
    assert not any(row["text"] in through_other for row in rows[:4])


@pytest.mark.parametrize("news", ["delivered", "stop"])
@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("steps", range(5, 17))
def test_news_that_arrive_between_a_kill_and_the_retry_count(
    world: World, other: str, ledger: str, steps: int, news: str
) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(world, rows, ledger, fallback=[other], fallback_after=60, stop_words=True)
    killed_while_it_falls_back(world, mailing, other, steps)
    before = arrived(world, rows, other)
    if news == "delivered":
        mark(world, "delivered", *(row["text"] for row in rows))
    else:
        for row in rows:
            world.sandbox.receive(row["phone"], "Стоп", first(world))
    world.sleep(30)
    totals = to_its_end(mailing)
    assert arrived(world, rows, other) == before
    assert arrived(world, rows, first(world)) == once(rows)
    assert totals["delivered"] == (3 if news == "delivered" else 0)
    assert totals["fell_back"] == 0
    if ledger != "none":  # without one, who has written a stop word is left out by the first channel, too
        assert totals["sent"] == 3


def test_a_suppression_that_arrives_between_a_kill_and_the_retry_counts(world: World, other: str) -> None:
    world.sandbox.configure(delivered_after=None)
    hook = world.hook()
    users = [hook.create_user("N", phone(number), **world.channel).id for number in range(2)]
    hook.close()
    rows = [{"user_id": user, "phone": phone(n), "text": f"Text {n}"} for n, user in enumerate(users)]
    mailing = followed(world, rows, fallback=[other], fallback_after=60)
    killed_once_begun(world, mailing, other)
    mailing.rows = [{**row, "phone": None} for row in rows]  # they are known by the channel's phone alone
    mailing.given["suppress"] = [phone(0)]
    to_its_end(mailing)
    assert arrived(world, rows, other) == once(rows[1:])


def test_what_was_begun_and_did_not_go_is_looked_up_once(world: World, other: str) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(world, rows, fallback=[other], fallback_after=60, stop_words=True)
    killed_once_begun(world, mailing, other)
    for row in rows:
        world.sandbox.receive(row["phone"], "Стоп", first(world))
    reads = []
    totals = None
    while totals is None:
        world.sandbox.clear_requests()
        totals = mailing.attempt(resumed=True)
        world.sleep(300)
        reads.append(history_reads(world, other))
    assert sum(reads) == reads[0] == 1
    assert len(reads) > 3


def test_what_was_begun_through_a_channel_and_then_sent_through_the_next_is_not_sent_again(
    world: World, other: str
) -> None:
    third = add_channel(world, "Third")
    world.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(world, rows, fallback=[other, third], fallback_after=60)
    killed_once_begun(world, mailing, other)
    world.sandbox.log_out(other)
    assert mailing.attempt(resumed=True) is None
    assert arrived(world, rows, third) == once(rows)
    world.sandbox.scan(other)
    to_its_end(mailing)
    assert arrived(world, rows, other).total() == 0
    assert arrived(world, rows, third) == once(rows)


@pytest.mark.parametrize("steps", range(5, 17, 2))
def test_a_history_that_cannot_be_read_after_a_kill_lets_nobody_be_written_to(
    world: World, other: str, steps: int
) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd(3)
    mailing = followed(world, rows, fallback=[other], fallback_after=60)
    killed_while_it_falls_back(world, mailing, other, steps)
    before = arrived(world, rows, other)
    path = f"*/channels/{first(world)}/messages"
    world.sandbox.inject("error_after", path=path, probability=1.0, status=502)
    assert mailing.attempt(resumed=True) is None
    assert arrived(world, rows, other) == before
    world.calm()
    to_its_end(mailing)
    assert arrived(world, rows, other) == once(rows)


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "error_after"])
def test_lost_answers_of_a_fallback_are_looked_up(world: World, other: str, ledger: str, fault: str) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd()
    mailing = followed(world, rows, ledger, fallback=[other], fallback_after=60)
    mailing.attempt()
    path = f"*/channels/{other}/send_message/*"
    world.sandbox.inject(fault, path=path, probability=0.4, seed=2)
    world.sleep(120)
    mailing.attempt(resumed=True)
    assert world.calm()
    assert arrived(world, rows, other) == once(rows)
    to_its_end(mailing)
    assert arrived(world, rows, other) == once(rows)


def test_a_history_that_cannot_be_read_is_waited_out_and_then_said(world: World) -> None:
    world.sandbox.configure(delivered_after=None)
    mailing = followed(world, crowd(3), wait_timeout=600)
    mailing.attempt()
    world.sandbox.inject("error_after", operation="messages", probability=1.0, status=502)
    assert mailing.resume() is None
    with pytest.raises(WahelpError) as caught:
        to_its_end(mailing)
    assert caught.value.temporary
    world.calm()
    mark(world, "read", "Text 0")
    totals = to_its_end(mailing)
    assert (totals["read"], totals["undelivered"]) == (1, 2)


def test_a_query_that_yields_nobody_any_more_is_followed_to_its_end(world: World, other: str) -> None:
    mailing = followed(world, crowd(3), fallback=[other], if_empty="skip")
    assert mailing.attempt() is None
    mailing.rows = []
    totals = mailing.resume()
    assert totals
    assert totals["read"] == 3
    assert arrived(world, crowd(3), other).total() == 0


def test_a_dry_run_waits_for_nothing(world: World, other: str) -> None:
    totals = followed(world, crowd(3), dry_run=True, fallback=[other]).attempt()
    assert totals
    assert totals["deferred"] == 3
    assert "delivered" not in totals
    assert world.sends() == 0


def test_arguments_that_mean_nothing_are_refused(world: World, other: str) -> None:
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
        followed(world, crowd(1), fallback=[other, first(world)]).attempt()


@pytest.mark.parametrize("seed", range(24))
def test_each_channel_once_whatever_happens(world: World, other: str, seed: int) -> None:
    import random

    chance = random.Random(seed)
    ledger = LEDGERS[seed % 3]
    with quiet():
        world.sandbox.configure(delivered_after=None, history_lag=chance.choice([0.0, 3.0]))
        world.skew(chance.choice([-120.0, 0.0, 120.0]))
        rows = crowd()
        introduce(world, rows, other)
        mailing = followed(world, rows, ledger, fallback=[other], fallback_after=120)
        for fault in ("cut_after", "cut_before", "error_after"):
            world.sandbox.inject(fault, operation="send_message", probability=0.1, seed=seed)
        spared: set[str] = set()
        deferred = False
        for _ in range(10):
            try:
                deferred = mailing.attempt(chance.randint(1, 30), resumed=deferred) is None
            except (Killed, WahelpError):
                deferred = False
            world.sleep(chance.choice([5.0, 40.0, 130.0]))
            texts = {f"Text {number}" for number in chance.sample(range(6), 2)}
            mark(world, "delivered", *texts)
            there, elsewhere = (set(arrived(world, rows, channel)) for channel in (first(world), other))
            spared |= texts & there - elsewhere
        world.calm()
        totals = to_its_end(mailing)
        for channel in (first(world), other):
            assert set(arrived(world, rows, channel).values()) <= {1}
        assert totals["sent"] == COUNT
        reached = arrived(world, rows, other)
        assert not spared & set(reached)
        undelivered = [row for row in rows if int(row["text"].split()[1]) >= 6]
        assert all(reached[row["text"]] == 1 for row in undelivered)


def test_who_is_suppressed_by_their_id_does_not_fall_back(world: World, other: str) -> None:
    world.sandbox.configure(delivered_after=None)
    with world.hook() as hook:
        users = [hook.create_user("N", phone(number), **world.channel).id for number in range(2)]
    rows = crowd(2)
    mailing = followed(world, rows, fallback=[other], fallback_after=60, max_failures=2)
    mailing.attempt()
    mailing.given["suppress"] = [{"user_id": users[0]}]
    to_its_end(mailing)
    assert arrived(world, rows, other) == {"Text 1": 1}


def test_an_id_of_one_channel_is_nobodys_in_another(
    world: World, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second channel may count its users from 1, as the first does."""
    with world.hook() as hook:
        suppressed = hook.create_user("N", "+79169990000", **world.channel).id
    world.sandbox.configure(delivered_after=None)
    asked: list[object] = []
    post = Sender.post

    def identify(self: Sender, person: QueuedMessage) -> tuple[QueuedMessage, SendResult | None]:
        return person._replace(user_id=suppressed), None

    def posted(self: Sender, person: QueuedMessage) -> SendResult:
        asked.append((self.channel_uuid, person.user_id))
        return post(self, person)

    rows = crowd(1)
    given = {"suppress": [{"user_id": suppressed}], "max_failures": 1}
    mailing = followed(world, rows, fallback=[other], fallback_after=60, **given)
    mailing.attempt()
    monkeypatch.setattr(Sender, "_identify", identify)
    monkeypatch.setattr(Sender, "post", posted)
    to_its_end(mailing)
    assert (other, suppressed) in asked


def test_a_user_who_is_another_by_the_next_look_is_written_to_and_nobody_else(
    world: World, other: str
) -> None:
    world.sandbox.configure(delivered_after=None)
    one, two = world.users[:2]
    rows = [{"id": 7, "user_id": one, "text": "For A"}]
    mailing = followed(world, rows, fallback=[other], fallback_after=60, key="id")
    mailing.attempt()
    mailing.rows = [{"id": 7, "user_id": two, "text": "For B"}]
    to_its_end(mailing)
    said = [[line["text"] for line in world.sandbox.conversation(number)] for number in PHONES[:2]]
    assert said == [["For A"], ["For B"]]


@pytest.mark.parametrize("ledger", ["store", "file"])
def test_who_fell_back_gets_nothing_more_when_the_task_is_cleared(
    world: World, other: str, ledger: str
) -> None:
    """By then the number has the messenger of the first channel, too."""
    rows = crowd(2)
    introduce(world, rows, first(world))
    world.sandbox.inject(
        "success_false", path=f"*/{first(world)}/send_message/*", count=1, words=NO_MESSENGER
    )
    mailing = followed(world, rows, ledger, fallback=[other], fallback_after=60, concurrency=1)
    assert to_its_end(mailing)["fell_back"] == 1
    mailing.task.clear()
    totals = to_its_end(mailing)
    assert (totals["fell_back"], totals["read"]) == (1, 1)
    assert (arrived(world, rows, first(world)) + arrived(world, rows, other)) == once(rows)


@pytest.mark.parametrize("ledger", ["store", "file"])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_mailing_goes_through_the_channel_that_it_has_begun_in(
    world: World, other: str, ledger: str, swapped: bool
) -> None:
    world.sandbox.configure(delivered_after=None)
    rows = crowd(2)
    mailing = followed(world, rows, ledger, fallback=[other], fallback_after=60)
    assert mailing.attempt() is None
    old = first(world)
    mailing.given |= {"channel_uuid": other, "fallback": [old if swapped else add_channel(world, "Third")]}
    with pytest.raises(InputError, match=f"channel_uuid: must be {old}"):
        mailing.attempt()
    mailing.given |= {"channel_uuid": old, "fallback": [other]}
    to_its_end(mailing)
    assert arrived(world, rows, old) == arrived(world, rows, other) == once(rows)


def test_the_report_of_one_that_is_followed_grows_too(
    world: World, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what was delivered; and where the next channel is tried, a row that was there becomes another."""
    path, sleep = tmp_path / "report.csv", world.sleep
    seen: list[list[dict[str, str]]] = []

    def watched(seconds: float) -> None:
        if path.exists():
            seen.append([*csv.DictReader(path.open(encoding="utf-8"))])
        sleep(seconds)

    monkeypatch.setattr(world, "sleep", watched)
    world.sandbox.configure(delivered_after=None)
    given = {"pace": 2, "concurrency": 1, "report_path": str(path)}
    mailing = followed(world, crowd(), fallback=[other], fallback_after=60, **given)
    assert mailing.attempt() is None
    half = next(rows for rows in seen if len(rows) == COUNT // 2)
    assert [(row["outcome"], row["status"], row["channel_uuid"]) for row in half] == [
        ("sent", "sent", first(world))
    ] * (COUNT // 2)
    while arrived(world, crowd(), other).total() < COUNT:
        seen.clear()
        mailing.resume()
    tried = [Counter(row["channel_uuid"] for row in rows)[other] for rows in seen]
    assert any(0 < count < COUNT - 1 for count in tried), tried
    assert all(len({row["number"] for row in rows}) == len(rows) == COUNT for rows in seen)

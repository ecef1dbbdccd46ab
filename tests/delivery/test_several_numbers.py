"""A mailing through several numbers: each at its own pace, each person once, whatever breaks."""

from __future__ import annotations

import json
import logging
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import ChannelNotActiveError, InputError, WahelpError
from airflow_provider_wahelp.delivery.mailing import assembly
from airflow_provider_wahelp.delivery.mailing.complaints import MailingHeldError
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Killed, Rig
from tests.delivery.test_limits import moscow

COUNT = 30
MINUTE, DAY = 60.0, 86_400


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 3)


@pytest.fixture
def numbers(rig: Rig) -> list[str]:
    """Return three channels of the project; the people of the rig are users of the first."""
    hook = rig.hook()
    uuids = [rig.channel["channel_uuid"]]
    for name in ("Second", "Third"):
        uuids.append(str(hook.create_channel(name, project_id=rig.project_id).uuid))
        rig.sandbox.scan(uuids[-1])
        rig.give_a_past(uuids[-1])
    hook.close()
    rig.sandbox.clear_requests()
    return uuids


def phone(number: int) -> str:
    return f"+7916100{number:04}"


def crowd(count: int = COUNT) -> list[dict[str, Any]]:
    return [{"phone": phone(each), "name": f"N{each}", "text": f"Text {each}"} for each in range(count)]


def mailing(rig: Rig, numbers: Any, rows: Any = None, ledger: str = "store", **given: Any) -> Any:
    given = {"channels": numbers, "channel_uuid": None, **given}
    return MailingTask(rig, rows or crowd(), ledger, given=given)


def got(rig: Rig, rows: list[dict[str, Any]]) -> Counter[str]:
    lines = [line for row in rows for line in rig.sandbox.conversation(row["phone"])]
    return Counter(line["text"] for line in lines if line["direction"] == "outgoing")


def through(rig: Rig) -> dict[str, list[str]]:
    """Return the texts that went through each channel."""
    found: dict[str, list[str]] = defaultdict(list)
    registry = rig.sandbox._state._core.registry
    for uuid, history in registry.history_of.items():
        found[uuid] = [message.text for message in history if message.text.startswith("Text")]
    return found


def report(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_person_gets_it_through_the_number_that_knows_them_or_always_the_same(
    rig: Rig, numbers: list[str], tmp_path: Path
) -> None:
    hook = rig.hook()
    hook.create_user(name="N", phone=phone(0), channel_uuid=numbers[1], project_id=rig.project_id)
    user = hook.create_user(name="N", phone=phone(1), channel_uuid=numbers[2], project_id=rig.project_id)
    rows = [
        *crowd(),
        {"user_id": user.id, "text": "Text by id"},
        {"phone": PHONES[0], "text": "Text of the first"},
        {"phone": "1", "text": "Text to nobody"},
    ]
    path = tmp_path / "report.jsonl"
    totals = mailing(rig, numbers, rows, report_path=str(path)).attempt()
    assert (totals["sent"], totals["skipped"]) == (COUNT + 2, 1)
    assert got(rig, crowd()) == Counter({f"Text {each}": 1 for each in range(COUNT)} | {"Text by id": 1})
    went = through(rig)
    assert "Text 0" in went[numbers[1]]
    assert {"Text 1", "Text by id"} <= set(went[numbers[2]])
    assert "Text of the first" in went[numbers[0]]
    assert all(2 < len(went[uuid]) < 22 for uuid in numbers)
    lines = report(path)
    assert [line["number"] for line in lines] == list(range(1, len(rows) + 1))
    assert [line["channel_uuid"] for line in lines[:-1]] == [
        next(uuid for uuid in numbers if row["text"] in went[uuid]) for row in rows[:-1]
    ]
    assert (lines[-1]["outcome"], lines[-1]["channel_uuid"]) == ("skipped", "")
    again = [{**row, "text": f"Text {row['phone']} again"} for row in crowd()]
    mailing(rig, ", ".join(numbers[::-1]), again).attempt()
    for row, line in zip(again, lines, strict=False):
        assert row["text"] in through(rig)[line["channel_uuid"]]


def test_the_numbers_send_at_once_each_at_its_own_pace(
    rig: Rig, numbers: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    began = rig.now()
    with caplog.at_level(logging.INFO):
        totals = mailing(rig, numbers, pace=6, concurrency=1).attempt()
    for uuid, texts in through(rig).items():
        if count := len(texts):
            assert f"Channel {uuid}: {count} of {count} done (100 %)" in caplog.text
    assert totals["sent"] == COUNT
    most = max(len(texts) for texts in through(rig).values())
    assert rig.now() - began < MINUTE * (most / 6 + 0.5) < MINUTE * COUNT / 6
    registry = rig.sandbox._state._core.registry
    for uuid in numbers:
        times = [message.created for message in registry.history_of[uuid] if message.text.startswith("Text")]
        # With one thread, a message has left before the next one is admitted, however time passes.
        assert all(late - early >= MINUTE for early, late in zip(times, times[7:], strict=False))


def test_a_week_of_caps_each_number_its_own(
    rig: Rig, numbers: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    task = mailing(rig, numbers, daily_cap=2)
    mailing(rig, numbers, daily_cap=2, dry_run=True).attempt()
    totals, days = task.attempt(), 1
    told = [line for line in caplog.messages if "will not end today" in line]
    while totals is None:
        assert got(rig, crowd()).total() <= 2 * len(numbers) * days
        totals, days = task.resume(), days + 1
    assert totals["sent"] == COUNT
    most = max(len(texts) for texts in through(rig).values())
    assert most / 2 <= days <= most / 2 + 1
    ends = f"its last message goes about {moscow(rig.now())}"
    assert told == [f"The mailing to {COUNT} people will not end today: {ends}"] * 2  # once for all numbers
    assert set(got(rig, crowd()).values()) == {1}


def test_a_number_that_is_logged_out_stops_no_other_and_keeps_its_people(
    rig: Rig, numbers: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    rig.sandbox.log_out(numbers[1])
    task = mailing(rig, numbers, report_path=str(path))
    with pytest.raises(ChannelNotActiveError):
        task.attempt()
    lines = report(path)
    assert Counter((line["outcome"], line["channel_uuid"] == numbers[1]) for line in lines).keys() == {
        ("sent", False), ("deferred", True),
    }  # fmt: skip
    assert {line["reason"] for line in lines if line["outcome"] == "deferred"} == {
        "kept for the retry: the channel is not active"
    }
    rig.sandbox.scan(numbers[1])
    task.task.clear()
    assert task.attempt()["sent"] == COUNT
    assert got(rig, crowd()) == Counter(row["text"] for row in crowd())
    assert len(through(rig)[numbers[1]]) == sum(line["outcome"] == "deferred" for line in lines)


def test_a_number_that_breaks_is_tried_again_when_another_goes_on(rig: Rig, numbers: list[str]) -> None:
    rig.sandbox.log_out(numbers[1])
    task = mailing(rig, numbers, daily_cap=4)
    assert task.attempt() is None  # it does not fail: the others go on tomorrow
    assert not through(rig)[numbers[1]]
    rig.sandbox.scan(numbers[1])
    while (totals := task.resume()) is None:
        pass
    assert totals["sent"] == COUNT
    assert got(rig, crowd()) == Counter(row["text"] for row in crowd())


@pytest.mark.parametrize(
    ("ledger", "steps"),
    [("store", 2), ("store", 3), ("store", 24), ("store", 46), ("file", 13), ("none", 13), ("none", 35)],
)
def test_a_killed_worker_writes_to_nobody_twice(
    rig: Rig, numbers: list[str], ledger: str, steps: int
) -> None:
    rows = crowd(15)
    task = mailing(rig, numbers, rows, ledger, pace=60)
    with suppress(Killed):
        task.attempt(steps)
    with suppress(Killed):
        task.attempt(steps)
    totals = task.attempt()
    assert totals["sent"] == len(rows)
    assert got(rig, rows) == Counter(row["text"] for row in rows)
    task.task.clear()
    assert task.attempt()["sent"] == len(rows)
    assert got(rig, rows) == Counter(row["text"] for row in rows)


def test_who_becomes_known_to_another_number_between_attempts_gets_it_once(
    rig: Rig, numbers: list[str]
) -> None:
    def write(number: int) -> None:
        for row in crowd():
            rig.sandbox.receive(row["phone"], "Hello", numbers[number])
        rig.sleep(MINUTE)

    write(0)
    task = mailing(rig, numbers)
    assert task.attempt()["sent"] == COUNT
    assert len(through(rig)[numbers[0]]) == COUNT
    write(1)
    task.task.clear()
    assert task.attempt()["sent"] == COUNT
    assert got(rig, crowd()) == Counter(row["text"] for row in crowd())


def test_lost_answers_are_looked_up_in_the_history_of_their_number(rig: Rig, numbers: list[str]) -> None:
    rig.sandbox.inject("error_after", path="*/send_message/*", count=5)
    assert mailing(rig, numbers).attempt()["sent"] == COUNT
    assert rig.calm() == 5
    assert got(rig, crowd()) == Counter(row["text"] for row in crowd())


def test_a_stop_to_any_number_counts_for_all(rig: Rig, numbers: list[str]) -> None:
    for uuid in (numbers[0], numbers[2]):
        rig.sandbox.receive(PHONES[1], "Hello", uuid)
    rig.sandbox.receive(PHONES[1], "STOP", numbers[1])
    rig.sandbox.receive(PHONES[2], "STOP", numbers[2])
    rig.sleep(MINUTE)
    rows = [{"user_id": user, "text": f"Text {user}"} for user in rig.users[:2]]
    totals = mailing(rig, numbers, [*rows, {"phone": PHONES[2], "text": "Text"}]).attempt()
    assert (totals["sent"], totals["suppressed"]) == (1, 2)
    assert through(rig)[numbers[0]] == [f"Text {rig.users[0]}"]


def test_a_suppressed_phone_counts_for_the_users_of_each_number(rig: Rig, numbers: list[str]) -> None:
    user = rig.hook().create_user(
        name="N", phone=phone(1), channel_uuid=numbers[2], project_id=rig.project_id
    )
    totals = mailing(rig, numbers, [{"user_id": user.id, "text": "Text"}], suppress=[phone(1)]).attempt()
    assert (totals["sent"], totals["suppressed"]) == (0, 1)


def test_complaints_to_one_number_hold_all(rig: Rig, numbers: list[str]) -> None:
    rows = crowd(75)
    task = mailing(rig, numbers, rows, pace=2, stop_after_complaints=2)
    due = [rig.now() + MINUTE, rig.now() + 2 * MINUTE]

    def sleep(seconds: float) -> None:
        Rig.sleep(rig, seconds)
        while due and rig.now() > due[0]:
            rig.sandbox.receive(PHONES[len(due)], "STOP", numbers[0])
            del due[0]

    rig.__dict__["sleep"] = sleep
    with pytest.raises(MailingHeldError, match="2 people asked to stop") as caught:
        task.attempt()
    sent = got(rig, rows).total()
    assert f"{len(rows) - sent} people are not written to yet" in str(caught.value)
    assert sent < len(rows)
    rig.sleep(MINUTE)
    task.task.clear()
    assert task.attempt()["sent"] == len(rows)
    assert got(rig, rows) == Counter(row["text"] for row in rows)


def test_silence_counts_for_the_number_that_writes(rig: Rig, numbers: list[str]) -> None:
    rig.sandbox.receive(phone(0), "Hello", numbers[1])
    rig.sleep(MINUTE)
    totals = mailing(rig, numbers, silent_for=timedelta(days=30)).attempt()
    assert (totals["sent"], totals["suppressed"]) == (1, COUNT - 1)
    assert through(rig)[numbers[1]] == ["Text 0"]


def test_a_dry_run_says_how_many_each_number_writes_to(
    rig: Rig, numbers: list[str], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    with caplog.at_level(logging.INFO):
        totals = mailing(rig, numbers, dry_run=True, report_path=str(path)).attempt()
    assert totals["deferred"] == COUNT
    counts = Counter(line["channel_uuid"] for line in report(path))
    for uuid in numbers:
        assert f"{counts[uuid]} people would be written to through channel {uuid}" in caplog.messages
    assert not rig.sends()
    assert "POST contact_by_phone" not in rig.requests


def test_what_has_begun_through_other_numbers_is_not_begun_anew(rig: Rig, numbers: list[str]) -> None:
    task = mailing(rig, numbers)
    task.attempt()
    task.task.clear()
    task.given["channels"] = numbers[:2]
    with pytest.raises(InputError, match=f"must hold {numbers[2]}"):
        task.attempt()
    task.given |= {"channels": None, "channel_uuid": numbers[0]}
    with pytest.raises(InputError, match="through which this task has begun"):
        task.attempt()
    one = mailing(rig, numbers, [{"phone": phone(99), "text": "Text 99"}])
    one.given |= {"channels": None, "channel_uuid": numbers[0]}
    one.attempt()
    one.task.clear()
    one.given |= {"channels": numbers, "channel_uuid": None}
    with pytest.raises(InputError, match="has begun"):
        one.attempt()
    assert got(rig, [*crowd(), {"phone": phone(99)}]).total() == COUNT + 1


def test_the_history_of_a_number_that_cannot_be_read_stops_the_mailing_before_its_first_message(
    rig: Rig, numbers: list[str]
) -> None:
    with pytest.raises(WahelpError):
        mailing(rig, [*numbers, "11111111-1111-4111-8111-111111111111"]).attempt()
    assert not rig.sends()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"channels": ["a"]}, "two channels or more"),
        ({"channels": ["a", "a"]}, "two channels or more"),
        ({"channels": "a"}, "two channels or more"),
        ({"channels": "a, b, a"}, "two channels or more"),
        ({"channels": ["a", "b/c"]}, "two channels or more"),
        ({"channel_uuid": "a"}, "does not go together with channel_uuid"),
    ],
)
def test_channels_that_are_none_are_refused(
    rig: Rig, numbers: list[str], given: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        mailing(rig, numbers, **given).operator(None)
    assert caught.value.argument == "channels"


def test_what_one_number_has_sent_counts_for_a_person_in_all(rig: Rig, numbers: list[str]) -> None:
    mailing(rig, numbers, per_person="1 per day").attempt()
    for row in crowd():
        rig.sandbox.receive(row["phone"], "Hello", numbers[1])  # who is known to two numbers may change
    again = [{**row, "text": f"{row['text']} again"} for row in crowd()]
    totals = mailing(rig, numbers[1:], again, per_person="1 per day").attempt()
    assert (totals["sent"], totals["suppressed"]) == (0, COUNT)
    rig.sleep(DAY + 1)
    totals = mailing(rig, numbers[1:], again, per_person="1 per day").attempt()
    assert totals["sent"] == COUNT


def test_a_row_whose_file_is_missing_is_a_bad_row_of_its_number(
    rig: Rig, numbers: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    rows = [{**row, "file": "a.pdf" if number else "b.pdf"} for number, row in enumerate(crowd(6))]
    files = {"file": f"file://{tmp_path}/", "file_column": "file"}
    totals = mailing(rig, numbers, rows, **files).attempt()
    assert (totals["sent"], totals["skipped"]) == (5, 1)
    with pytest.raises(InputError, match="1 of 6 rows are bad"):
        mailing(rig, numbers, rows, on_bad_rows="fail", **files).attempt()
    with pytest.raises(InputError, match="all 1 rows are bad"):
        mailing(rig, numbers, rows[:1], **files).attempt()


# Deliveries


def mark(rig: Rig, status: Any, *texts: str) -> None:
    """Have messages take a status."""
    for message in rig.sandbox._state._core.registry.messages.values():
        if message.text in texts:
            message.status = status


def to_its_end(task: MailingTask) -> dict[str, int]:
    totals, steps = task.attempt(), 60
    while totals is None:
        steps -= 1
        assert steps, "it waits for ever"
        totals = task.resume()
    return dict(totals)


def followed(rig: Rig, numbers: list[str], *args: Any, **given: Any) -> MailingTask:
    settings = {"wait_for": "delivered", "wait_timeout": timedelta(hours=1), "max_failures": COUNT, **given}
    made: MailingTask = mailing(rig, numbers, *args, **settings)
    return made


@pytest.mark.parametrize("ledger", ["store", "none"])
def test_each_message_is_waited_for_on_the_number_that_sent_it(
    rig: Rig, numbers: list[str], ledger: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    rig.sandbox.configure(delivered_after=None)
    task = followed(rig, numbers, None, ledger, report_path=str(path))
    assert task.attempt() is None
    went = through(rig)
    lost = [went[uuid][0] for uuid in numbers]
    mark(rig, "delivered", *(row["text"] for row in crowd()))
    mark(rig, "failed", *lost)
    totals = task.resume()
    while totals is None:
        totals = task.resume()
    assert (totals["sent"], totals["delivered"], totals["undelivered"]) == (COUNT, COUNT - 3, 3)
    assert got(rig, crowd()) == Counter(row["text"] for row in crowd())
    for row, line in zip(crowd(), report(path), strict=True):
        assert row["text"] in went[line["channel_uuid"]]
        wanted = ("undelivered", "failed") if row["text"] in lost else ("delivered", "delivered")
        assert (line["outcome"], line["status"]) == wanted


@pytest.mark.parametrize("steps", [3, 24, 46])
def test_a_killed_worker_follows_all_numbers(rig: Rig, numbers: list[str], steps: int) -> None:
    rig.sandbox.configure(read_after=None)
    task = followed(rig, numbers, crowd(15))
    with suppress(Killed):
        task.attempt(steps)
    totals = to_its_end(task)
    assert (totals["sent"], totals["delivered"]) == (15, 15)
    assert got(rig, crowd(15)) == Counter(row["text"] for row in crowd(15))


def test_a_number_that_is_logged_out_keeps_its_people_while_the_others_are_waited_for(
    rig: Rig, numbers: list[str]
) -> None:
    rig.sandbox.configure(delivered_after=200, read_after=None)
    rig.sandbox.log_out(numbers[1])
    task = followed(rig, numbers)
    assert task.attempt() is None
    rig.sandbox.scan(numbers[1])
    while (totals := task.resume()) is None:
        pass
    assert (totals["sent"], totals["delivered"]) == (COUNT, COUNT)
    assert got(rig, crowd()) == Counter(row["text"] for row in crowd())


@pytest.fixture
def telegram(rig: Rig, numbers: list[str]) -> str:
    """Return a channel of the project that nobody is a user of."""
    hook = rig.hook()
    uuid = str(hook.create_channel("Telegram", "telegram", project_id=rig.project_id).uuid)
    hook.close()
    rig.sandbox.scan(uuid)
    rig.give_a_past(uuid)
    rig.sandbox.clear_requests()
    return uuid


@pytest.mark.parametrize("steps", [None, 20, 70, 95])
def test_who_is_not_reached_through_their_number_is_tried_through_the_fallback_once(
    rig: Rig, numbers: list[str], telegram: str, tmp_path: Path, steps: int | None
) -> None:
    path = tmp_path / "report.jsonl"
    rig.sandbox.configure(read_after=None)
    rows = crowd(15)
    for uuid in numbers[1:]:
        words = "номер не зарегистрирован"
        rig.sandbox.inject("success_false", path=f"*/{uuid}/send_message/*", words=words)
    task = followed(rig, numbers, rows, fallback=[telegram], report_path=str(path))
    with suppress(Killed):
        task.attempt(steps)
    totals = to_its_end(task)
    went = through(rig)
    assert (totals["delivered"], totals["fell_back"]) == (len(went[numbers[0]]), len(went[telegram]))
    assert totals["sent"] == totals["delivered"] + totals["fell_back"] == len(rows)
    assert got(rig, rows) == Counter(row["text"] for row in rows)
    for row, line in zip(rows, report(path), strict=True):
        assert row["text"] in went[line["channel_uuid"]]
        assert line["outcome"] == ("fell_back" if line["channel_uuid"] == telegram else "delivered")


def test_a_stop_to_one_number_counts_when_another_one_falls_back(
    rig: Rig, numbers: list[str], telegram: str
) -> None:
    rig.sandbox.configure(delivered_after=None)
    rows = crowd(6)
    task = followed(rig, numbers, rows, fallback=[telegram])
    assert task.attempt() is None
    place = next(uuid for uuid in numbers if "Text 0" not in through(rig)[uuid])
    rig.sandbox.receive(phone(0), "STOP", place)
    to_its_end(task)
    assert sorted(through(rig)[telegram]) == [f"Text {each}" for each in range(1, 6)]


def test_the_fallback_is_none_of_the_numbers(rig: Rig, numbers: list[str]) -> None:
    with pytest.raises(InputError, match="must name each channel once"):
        followed(rig, numbers, fallback=[numbers[2]]).attempt()

"""A mailing holds itself when too many people ask to stop: over real HTTP, and an hour passes at once."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing import assembly
from airflow_provider_wahelp.delivery.mailing.complaints import EVERY, MailingHeldError, _most_within
from airflow_provider_wahelp.notifications import WahelpNotifier
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Killed, Rig

COUNT = 30
MINUTE = 60.0


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 3)


def phone(number: int) -> str:
    return f"+7916100{number:04}"


def got(rig: Rig) -> Counter[str]:
    lines = [line for each in range(COUNT) for line in rig.sandbox.conversation(phone(each))]
    return Counter(line["text"] for line in lines if line["direction"] == "outgoing")


class Crowd:
    """People who complain at some minutes after the mailing began, while it sends one message a minute."""

    def __init__(self, rig: Rig, **given: Any) -> None:
        rows = [{"phone": phone(each), "text": f"Text {each}"} for each in range(COUNT)]
        self.rig, self.due = rig, list[float]()
        self.began = rig.now()
        self.mailing = MailingTask(
            rig, rows, given.pop("ledger", "store"), given={"pace": 1, "stop_after_complaints": 3, **given}
        )

    def run(self, steps: int | None = None) -> Any:
        """Run an attempt, and go on with it whenever it was deferred."""
        totals = self.mailing.attempt(steps)
        while totals is None:
            totals = self.mailing.resume()
        return totals

    def complain(self, *minutes: float) -> None:
        self.began, self.due = self.rig.now(), [MINUTE * minute for minute in minutes]
        self.rig.__dict__["sleep"] = self.sleep

    def sleep(self, seconds: float) -> None:
        """Let time pass, in which people complain who were written to."""
        Rig.sleep(self.rig, seconds)
        while self.due and self.rig.now() - self.began >= self.due[0]:
            number = len(self.due)
            self.rig.sandbox.receive(PHONES[number % 4], "СТОП", self.rig.channel["channel_uuid"])
            del self.due[0]


@pytest.fixture
def crowd(rig: Rig) -> Callable[..., Crowd]:
    return lambda **given: Crowd(rig, **given)


def test_three_in_an_hour_hold_a_mailing_and_a_clear_goes_on(
    rig: Rig, crowd: Callable[..., Crowd], tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    people = crowd(report_path=str(path))
    people.complain(5, 12, 20)
    with pytest.raises(MailingHeldError) as caught:
        people.run()
    sent = got(rig).total()
    assert 17 <= sent <= 20 + EVERY / MINUTE + 1
    words = "3 people asked to stop within an hour (stop_after_complaints=3)"
    assert str(caught.value) == (
        f"The mailing holds: {words}; {COUNT - sent} people are not written to yet. "
        "Look at the text, and at who gets it. A cleared task goes on with them; nothing is sent twice."
    )
    assert isinstance(caught.value, AirflowFailException)  # no retry: somebody must look
    report = [json.loads(line) for line in path.read_text().splitlines()]
    assert Counter((line["outcome"], line["reason"]) for line in report) == {
        ("sent", ""): sent,
        ("deferred", f"held: {words}"): COUNT - sent,
    }
    with pytest.raises(MailingHeldError):  # a retry holds before its first message
        people.run()
    assert got(rig).total() == sent
    rig.sleep(MINUTE)
    people.mailing.task.clear()
    totals = people.run()
    assert totals
    assert totals["sent"] == COUNT
    assert got(rig) == Counter(f"Text {each}" for each in range(COUNT))


def test_three_in_more_than_an_hour_hold_nothing(rig: Rig, crowd: Callable[..., Crowd]) -> None:
    people = crowd(pace=0.4)  # an hour and a quarter
    people.complain(2, 30, 63)
    assert people.run()
    assert got(rig).total() == COUNT


def test_who_asked_before_the_mailing_began_does_not_count(rig: Rig, crowd: Callable[..., Crowd]) -> None:
    people = crowd()
    for number in range(4):
        rig.sandbox.receive(PHONES[number], "STOP", rig.channel["channel_uuid"])
    rig.sleep(MINUTE)
    people.complain(5, 6)
    assert people.run()
    assert got(rig).total() == COUNT


def test_it_costs_a_request_in_five_minutes(rig: Rig, crowd: Callable[..., Crowd]) -> None:
    rig.sandbox.clear_requests()
    crowd(stop_after_complaints=None, pace=2).run()
    alone = rig.requests.count("GET messages")
    rig.sandbox.clear_requests()
    crowd(pace=2).run()
    assert alone < rig.requests.count("GET messages") <= alone + 2 * COUNT / 2 * MINUTE / EVERY


def test_complaints_of_a_night_count_when_the_mailing_goes_on(rig: Rig, crowd: Callable[..., Crowd]) -> None:
    people = crowd(daily_cap=5, pace=2)
    assert people.mailing.attempt() is None
    sent = got(rig).total()
    people.complain(1, 2, 3)
    for _ in range(9):
        rig.sleep(3600)
    with pytest.raises(MailingHeldError):
        people.mailing.resume()
    assert got(rig).total() == sent


@pytest.mark.parametrize(("ledger", "steps"), [("store", 1), ("store", 2), ("store", 15), ("none", 3)])
def test_a_killed_worker_neither_forgets_complaints_nor_writes_twice(
    rig: Rig, crowd: Callable[..., Crowd], ledger: str, steps: int
) -> None:
    people = crowd(ledger=ledger)
    people.complain(2, 3, 4)
    with suppress(Killed, MailingHeldError):
        people.run(steps)
    rig.sleep(10 * MINUTE)
    with pytest.raises(MailingHeldError):
        people.run()
    assert max(got(rig).values(), default=1) == 1
    rig.sleep(MINUTE)
    people.mailing.task.clear()
    people.run()
    assert got(rig) == Counter(f"Text {each}" for each in range(COUNT))


def test_a_mailing_that_has_written_to_everybody_is_not_held(rig: Rig, crowd: Callable[..., Crowd]) -> None:
    rig.sandbox.configure(delivered_after=None)
    people = crowd(pace=None, wait_for="delivered", wait_timeout=900, max_failures=COUNT)
    people.complain(5, 6, 7)
    totals = people.run()
    assert totals
    assert (totals["sent"], totals["deferred"]) == (COUNT, 0)
    assert people.due == []


def test_the_author_is_told_on_the_phone_by_what_tells_of_failures(
    rig: Rig, crowd: Callable[..., Crowd]
) -> None:
    people = crowd()
    people.complain(1, 2, 3)
    with pytest.raises(MailingHeldError) as caught:
        people.run()
    notifier = WahelpNotifier(phone="+79163334455", **rig.channel, raise_on_error=True)
    notifier.notify({**people.mailing.task.context, "exception": caught.value})
    (alert,) = rig.sandbox.conversation("+79163334455")
    assert "3 people asked to stop within an hour" in alert["text"]
    assert "A cleared task goes on" in alert["text"]


def test_a_log_warns_where_nobody_would_be_told(
    rig: Rig, crowd: Callable[..., Crowd], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned = "nobody is told on the phone"
    with caplog.at_level(logging.WARNING):
        crowd(on_failure_callback=print).mailing.operator(None).pre_execute({})  # type: ignore[arg-type]
        assert warned not in caplog.text
        operator = crowd().mailing.operator(None)  # type: ignore[arg-type]
        operator.pre_execute({})  # type: ignore[typeddict-item]
        assert warned in caplog.text
        caplog.clear()
        monkeypatch.setenv("AIRFLOW__WAHELP__ALERT_TO", "+79163334455")
        operator.pre_execute({})  # type: ignore[typeddict-item]
        assert warned not in caplog.text


@pytest.mark.parametrize(
    ("times", "most"),
    [([], 0), ([5], 1), ([0, 3600], 2), ([0, 3601], 1), ([7200, 0, 3600, 7000, 3601], 4), ([1] * 3, 3)],
)
def test_the_fullest_hour(times: list[int], most: int) -> None:
    assert _most_within(times) == most


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "many"])
def test_a_number_that_is_none_is_refused(crowd: Callable[..., Crowd], value: Any) -> None:
    with pytest.raises(InputError) as caught:
        crowd(stop_after_complaints=value).mailing.operator(None)  # type: ignore[arg-type]
    assert caught.value.argument == "stop_after_complaints"


def test_it_needs_stop_words(crowd: Callable[..., Crowd]) -> None:
    with pytest.raises(InputError, match="needs stop_words"):
        crowd(stop_words=False).mailing.operator(None)  # type: ignore[arg-type]

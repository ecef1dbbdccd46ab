"""A mailing that holds itself asks its author on the phone, and goes on with a yes: a day passes at once."""

# ruff: noqa: RUF001 - what people are asked in Russian

from __future__ import annotations

import importlib
import json
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_wahelp.client.errors import InputError, ServerError
from airflow_provider_wahelp.delivery.mailing import assembly
from airflow_provider_wahelp.delivery.mailing.complaints import MailingHeldError
from tests import timelapse
from tests.delivery.asking_task import hurried
from tests.delivery.sending_task import KILLS, PHONES, Killed, Rig
from tests.delivery.test_complaints import COUNT, Crowd, got

AUTHOR, SECOND = "+79163334455", "+79163334466"
HOUR, DAY = 3600.0, 86_400.0
EACH_ONCE = Counter(f"Text {each}" for each in range(COUNT))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 3)


class Asking(Crowd):
    """A mailing about which people complain, and whose author is asked."""

    def __init__(self, rig: Rig, **given: Any) -> None:
        super().__init__(rig, **{"complaints_to": AUTHOR, "pace": 2, **given})

    def hear(self, steps: int | None = None) -> Any:
        """Run the trigger as it lies in the database, and go on with what it has found."""
        path, arguments = self.mailing.deferred.trigger.serialize()
        module, _, name = path.rpartition(".")
        kept = json.loads(json.dumps(arguments))
        assert not any(phone[1:] in json.dumps(kept) for phone in (AUTHOR, SECOND))

        async def found() -> Any:
            trigger = getattr(importlib.import_module(module), name)(**kept)
            return (await anext(aiter(trigger.run()))).payload

        return self.mailing.attempt(steps, resumed=True, event=timelapse.run(found()))

    def hold(self, *minutes: float) -> None:
        """Run it until it asks."""
        self.complain(*(minutes or (1, 2, 3)))
        assert self.mailing.attempt() is None
        assert self.mailing.deferred.method_name == "answered"

    def says(self, text: str, phone: str = AUTHOR) -> Any:
        self.rig.sandbox.receive(phone, text, self.rig.channel["channel_uuid"])

    def asked(self, phone: str = AUTHOR) -> list[str]:
        lines = self.rig.sandbox.conversation(phone)
        return [line["text"] for line in lines if line["direction"] == "outgoing"]


@pytest.fixture
def asking(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Asking]:
    hurried(monkeypatch, rig)
    return lambda **given: Asking(rig, **given)


@pytest.mark.parametrize("ledger", ["store", "none"])
@pytest.mark.parametrize(
    ("language", "question", "answer"),
    [
        ("en", "holds: 3 people asked to stop within an hour.\nSent: {} of 30.\nGo on? 1: yes, 2: no", "1"),
        ("ru", "остановлена: за час попросили не писать 3 человека.\nОтправлено: {} из 30.\n"
               "Продолжать? 1: да, 2: нет", "Да"),
    ],
    ids=["en", "ru"],
)  # fmt: skip
def test_a_yes_goes_on_with_the_others_and_counts_anew(
    rig: Rig, asking: Callable[..., Asking], ledger: str, language: str, question: str, answer: str
) -> None:
    people = asking(language=language, ledger=ledger)
    people.hold()
    sent = got(rig).total()
    [words] = people.asked()
    assert question.format(sent) in words
    assert f".{people.mailing.task.name} " in words
    people.says(answer)
    totals = people.hear()
    assert totals
    assert totals["sent"] == COUNT
    assert got(rig) == EACH_ONCE


@pytest.mark.parametrize("answer", ["2", "Нет", "Стоп", ""])
def test_a_no_and_no_answer_hold_it_until_it_is_cleared(
    rig: Rig, asking: Callable[..., Asking], answer: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    people = asking(report_path=str(path))
    people.hold()
    sent = got(rig).total()
    if answer:
        people.says(answer)
    else:
        rig.sleep(DAY + 1)
    with pytest.raises(MailingHeldError) as caught:
        people.hear()
    assert isinstance(caught.value, AirflowFailException)
    assert f"3 people asked to stop within an hour (stop_after_complaints=3); {COUNT - sent} people" in str(
        caught.value
    )
    report = [json.loads(line) for line in path.read_text().splitlines()]
    assert Counter(line["reason"] for line in report) == {
        "": sent,
        "held: 3 people asked to stop within an hour (stop_after_complaints=3)": COUNT - sent,
    }
    with pytest.raises(MailingHeldError):  # what was said stands
        people.mailing.attempt()
    rig.sleep(60)
    people.mailing.task.clear()
    totals = people.run()
    assert totals
    assert got(rig) == EACH_ONCE
    assert len(people.asked()) == 1


def test_only_who_was_asked_decides_and_unclear_words_are_asked_about_again(
    rig: Rig, asking: Callable[..., Asking]
) -> None:
    people = asking(complaints_to=f"{AUTHOR}, {SECOND}")
    people.says("1")  # before the question
    people.hold()
    people.says("1", PHONES[1])
    people.says("да, но позже")
    assert people.hear() is None
    assert len(people.asked()) == 2
    assert "could not understand" in people.asked()[1]
    people.says("2", SECOND)
    rig.sleep(5)
    people.says("1")  # too late: the first answer decides
    with pytest.raises(MailingHeldError):
        people.hear()


def test_a_yes_that_was_taken_back_before_it_was_heeded_is_none(
    rig: Rig, asking: Callable[..., Asking], monkeypatch: pytest.MonkeyPatch
) -> None:
    people = asking()
    people.hold()
    people.says("1")
    sent, wait = got(rig).total(), timelapse.run

    def run_and_take_back(work: Any) -> Any:
        event = wait(work)
        [reply] = event["result"]["replies"]
        registry = rig.sandbox._state._core.registry
        registry.messages[reply["message_id"]].text = "_Message deleted_"
        return event

    monkeypatch.setattr(timelapse, "run", run_and_take_back)
    with pytest.raises(MailingHeldError):
        people.hear()
    assert got(rig).total() == sent


def test_a_yes_that_cannot_be_read_once_more_for_now_is_heeded_by_a_retry(
    rig: Rig, asking: Callable[..., Asking]
) -> None:
    people = asking()
    people.hold()
    people.says("1")
    rig.sandbox.inject("error_before", operation="message", status=503)
    with pytest.raises(ServerError) as caught:
        people.hear()
    assert not isinstance(caught.value, AirflowFailException)
    rig.sandbox.clear_faults()
    totals = people.run()
    assert totals
    assert got(rig) == EACH_ONCE
    assert len(people.asked()) == 1


@pytest.mark.parametrize("kill", KILLS)
def test_a_killed_worker_asks_once_and_forgets_no_answer(
    rig: Rig, asking: Callable[..., Asking], kill: str
) -> None:
    people = asking()
    author = rig.hook().create_user("Author", AUTHOR, **rig.channel)
    make = people.mailing.operator

    def doomed(reaper: Any) -> Any:
        operator = make(reaper)
        operator.kill = kill
        operator.__dict__["hook"] = rig.hook(kill, where=f"/send_message/{author.id}")
        return operator

    people.mailing.operator = doomed  # type: ignore[method-assign]
    people.complain(1, 2, 3)
    with pytest.raises(Killed):
        people.mailing.attempt()
    people.mailing.operator = make  # type: ignore[method-assign]
    assert people.mailing.attempt() is None
    assert len(people.asked()) == 1
    people.says("1")
    with suppress(Killed):
        people.hear(2)
    totals = people.run()
    assert totals
    assert got(rig) == EACH_ONCE
    assert len(people.asked()) == 1


def test_a_week_of_a_mailing_asks_each_time_and_ends_with_the_no(
    rig: Rig, asking: Callable[..., Asking], tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    people = asking(daily_cap=4, pace=60, report_path=str(path))
    answers, days = ["1", "да", "2"], 0
    totals = people.mailing.attempt()
    while totals is None and days < 8:
        days += 1
        assert got(rig).total() <= 4 * days
        if days % 2 == 0:  # on the second, the fourth and the sixth night
            people.complain(60, 70, 80)
            for _ in range(3):
                people.sleep(HOUR)
        totals = people.mailing.resume()
        if people.mailing.deferred.method_name == "answered" and len(answers) > 0:
            people.says(answers.pop(0))
            try:
                totals = people.hear()
            except MailingHeldError:
                break
    assert (days, len(people.asked()), answers) == (6, 3, [])
    assert got(rig).total() == 24
    report = [json.loads(line) for line in path.read_text().splitlines()]
    assert Counter(line["outcome"] for line in report) == {"sent": 24, "deferred": 6}


def test_an_author_who_cannot_be_reached_holds_it(
    rig: Rig, asking: Callable[..., Asking], caplog: pytest.LogCaptureFixture
) -> None:
    people = asking()
    people.complain(1, 2, 3)
    rig.sandbox.inject("error_before", operation="create_user", status=500)
    rows = [{"user_id": user, "text": f"Text {user} {each}"} for user in rig.users for each in range(8)]
    people.mailing.rows = rows
    with pytest.raises(MailingHeldError):
        people.run()
    assert "It could not be asked whether the mailing goes on" in caplog.text


def test_a_dry_run_says_what_would_hold_it_and_what_there_was_lately(
    rig: Rig, asking: Callable[..., Asking], caplog: pytest.LogCaptureFixture
) -> None:
    for day in range(9):
        for number in range(3 if day == 0 else day % 3):
            rig.sandbox.receive(PHONES[number], "STOP", rig.channel["channel_uuid"])
        rig.sleep(DAY)
    with caplog.at_level(logging.INFO):
        assert asking(dry_run=True).mailing.attempt()
    uuid = rig.channel["channel_uuid"]
    words = f"It would hold if 3 people asked channel {uuid} to stop within an hour"
    assert f"{words}. The most in the last 7 days were 2" in caplog.messages


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({"complaints_to": "nobody"}, "complaints_to"),
        ({"complaints_to": 7}, "complaints_to"),
        ({"complaints_to": []}, "complaints_to"),
        ({"stop_after_complaints": None}, "complaints_to"),
        ({"language": "de"}, "language"),
    ],
)
def test_what_cannot_be_is_refused_when_the_dag_is_parsed(
    asking: Callable[..., Asking], given: dict[str, Any], argument: str
) -> None:
    with pytest.raises(InputError) as caught:
        asking(**given).mailing.operator(None)  # type: ignore[arg-type]
    assert caught.value.argument == argument


def test_a_phone_without_its_country_is_refused_before_the_first_message(
    rig: Rig, asking: Callable[..., Asking]
) -> None:
    with pytest.raises(InputError, match=r"^complaints_to: "):
        asking(complaints_to="9163334455").mailing.attempt()
    assert rig.sends() == 0

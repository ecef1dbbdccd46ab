"""A question, in the worker and in the triggerer: the same answer, and each message once whoever dies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_wahelp.client.errors import (
    NoAgreementError,
    NoAnswerError,
    RecipientRefusedError,
    UnclearAnswerError,
    WahelpError,
)
from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.storage.state.shared import host_state
from tests.combinations import pairwise
from tests.delivery.asking_task import QUESTION, AskingTask, Talk, hurried
from tests.delivery.habits import CLOCKS, ENDS, HISTORY, LATE, TIMES
from tests.delivery.sending_task import KILLS, KILLS_WITHOUT_LEDGER, PHONES, Killed, Rig, Task
from tests.delivery.waiting_task import INTERVAL, MODES, TIMEOUT

AGAIN = "Простите, ответ непонятен.\n\n" + QUESTION
ALL = list(PHONES[:3])
LEDGERS = ("store", "file", "none")


@pytest.fixture(params=MODES)
def talk(request: pytest.FixtureRequest, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Talk:
    hurried(monkeypatch, rig)
    return Talk(rig, request.param)


@pytest.fixture(params=LEDGERS)
def any_ledger(request: pytest.FixtureRequest, talk: Talk) -> Talk:
    talk.ledger = request.param
    return talk


def failure(task: AskingTask, *how: str) -> WahelpError:
    """Return what an attempt fails with, for good."""
    with pytest.raises(WahelpError) as caught:
        task.finish(*how)
    assert isinstance(caught.value, AirflowFailException)
    return caught.value


# One person


def test_a_question_counts_with_what_follows_it_and_nothing_holds_it_back(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__PER_PERSON", "2 per day")
    rig = talk.rig
    for _ in range(2):
        assert Task(rig, given={"user_id": rig.users[0]}).attempt()
    talk.writes("да, но позже", after=20)
    talk.writes("да", after=60)
    assert talk.task().finish()["answer"] == "yes"
    channel = f"{rig.hook().get_conn().settings.base_url}/{rig.project_id}/{rig.channel['channel_uuid']}"
    assert len(talk.got()) == 4
    assert Pace(host_state(), channel, daily_cap=10).room(rig.now()) == 6
    monkeypatch.setenv("AIRFLOW__WAHELP__PER_PERSON", "4 per day")
    assert Task(rig, given={"user_id": rig.users[0]}).attempt()
    with pytest.raises(AirflowSkipException):
        Task(rig, given={"user_id": rig.users[0]}).attempt()


def test_it_ends_with_the_answer_who_gave_it_and_when(talk: Talk) -> None:
    talk.writes("Да, конечно!", after=50)
    task = talk.task()
    result = task.finish()
    user = str(talk.rig.users[0])
    (reply,) = [line for line in talk.rig.sandbox.conversation(PHONES[0]) if line["direction"] == "incoming"]
    assert {**result, "at": "..."} == {
        "answer": "yes",
        "answers": {user: "yes"},
        "user_id": talk.rig.users[0],
        "at": "...",
        "message_id": reply["id"],
    }
    assert result["at"].endswith("+00:00")
    assert json.loads(json.dumps(result)) == result
    assert task.pushed == {"answer": "yes"}
    assert talk.got() == [QUESTION]


def test_noise_is_no_answer(talk: Talk) -> None:
    channel = talk.rig.channel["channel_uuid"]
    talk.writes("да")  # before the question
    talk.after(25, lambda: talk.rig.sandbox.call(PHONES[0], channel))
    talk.after(45, lambda: talk.rig.sandbox.call(PHONES[0], channel, kind="outgoing"))
    talk.writes("", after=50, message_type="sticker", file_url="https://files.example/1")
    talk.writes("да", after=55, person=1)
    talk.writes("нет", after=95)
    talk.writes("да", after=96)
    assert talk.task().finish()["answer"] == "no"
    assert talk.got() == [QUESTION]


def test_an_answer_in_the_second_of_the_question_counts_and_one_before_it_does_not(talk: Talk) -> None:
    talk.writes("нет")
    task = talk.task()
    with pytest.raises(Killed):
        task.finish("waiting")
    talk.writes("да")
    assert task.finish()["answer"] == "yes"


@pytest.mark.parametrize("words", ["Что?", "да нет"])
def test_an_unclear_answer_is_asked_about_again_so_often(talk: Talk, words: str) -> None:
    for number in range(5):
        talk.writes(words, after=25 + 40 * number)
    talk.writes("приду", after=265)
    assert talk.task(max_repeats=2).finish()["answer"] == "yes"
    assert talk.got() == [QUESTION, AGAIN, AGAIN]


def test_several_unclear_lines_within_an_interval_are_asked_about_once(talk: Talk) -> None:
    for text in ("Здравствуйте", "не знаю", "🤔"):
        talk.writes(text, after=25)
    talk.writes("да", after=85)
    task = talk.task(unclear_text="Да или нет?")
    assert task.finish()["answer"] == "yes"
    assert talk.got() == [QUESTION, "Да или нет?"]


def test_a_voice_note_is_told_to_be_unheard_once(talk: Talk) -> None:
    for after in (25, 65):
        talk.writes("", after=after, message_type="audio")
    talk.writes("1", after=125)
    assert talk.task(voice_text="Текстом, пожалуйста").finish()["answer"] == "yes"
    assert talk.got() == [QUESTION, "Текстом, пожалуйста", AGAIN]


def test_what_is_unclear_may_be_ignored(talk: Talk) -> None:
    talk.writes("не знаю", after=25)
    talk.writes("👎", after=65)
    assert talk.task(on_unclear="ignore").finish()["answer"] == "no"
    assert talk.got() == [QUESTION]


def test_what_is_unclear_may_fail(talk: Talk) -> None:
    talk.writes("не знаю, позвоните +79161234567", after=25)
    error = failure(talk.task(on_unclear="fail"))
    assert isinstance(error, UnclearAnswerError)
    assert "7916" not in str(error)
    assert talk.got() == [QUESTION]


def test_a_reminder_comes_once(talk: Talk) -> None:
    talk.writes("да", after=250)
    task = talk.task(reminder_after=100, reminder_text="Вы придёте?")
    assert task.finish()["answer"] == "yes"
    assert talk.got() == [QUESTION, "Вы придёте?"]


def test_no_reminder_comes_after_an_answer(talk: Talk) -> None:
    talk.writes("да", after=50)
    assert talk.task(reminder_after=100).finish()["answer"] == "yes"
    talk.rig.sleep(200)
    assert talk.got() == [QUESTION]


def test_without_an_answer_it_fails_in_time_and_for_good(talk: Talk) -> None:
    talk.writes("не знаю", after=25)
    began = talk.rig.now()
    error = failure(talk.task())
    assert isinstance(error, NoAnswerError)
    assert "0:05:00" in str(error)
    assert TIMEOUT - 2 <= talk.rig.now() - began < TIMEOUT + 2 * INTERVAL


def test_without_an_answer_the_default_counts(talk: Talk) -> None:
    result = talk.task(default="no").finish()
    assert (result["answer"], result["answers"], result["user_id"]) == ("no", {}, None)


def test_what_comes_between_the_last_poll_and_the_end_counts(talk: Talk) -> None:
    task = talk.task()
    with pytest.raises(Killed):
        task.finish("waiting")
    talk.rig.sleep(TIMEOUT + 1)
    talk.writes("да")
    assert task.finish()["answer"] == "yes"


def test_a_cleared_task_waits_as_long_again_and_asks_nothing(any_ledger: Talk) -> None:
    task = any_ledger.task()
    failure(task)
    task.clear()
    any_ledger.writes("да", after=200)
    assert task.finish()["answer"] == "yes"
    assert any_ledger.got() == [QUESTION]


def test_a_cleared_task_may_ask_anew_and_takes_no_answer_of_before(talk: Talk) -> None:
    talk.writes("не знаю", after=25)
    talk.writes("нет", after=26)
    task = talk.task(on_rerun="resend")
    assert task.finish()["answer"] == "no"
    talk.rig.sleep(60)
    task.clear()
    talk.writes("что?", after=25)
    talk.writes("да", after=65)
    assert task.finish()["answer"] == "yes"
    assert talk.got() == [QUESTION, QUESTION, AGAIN]


def test_a_branch_follows_the_answer(talk: Talk) -> None:
    talk.writes("нет", after=25)
    task = talk.task(branches={"yes": ["book", "tell"], "no": "cancel"})
    assert task.finish()["answer"] == "no"
    assert task.branched == [["cancel"]]
    assert task.pushed["return_value"]["answer"] == "no"


@pytest.mark.parametrize("text", ["СТОП", "Отпишите меня, пожалуйста"])
def test_who_wants_no_more_messages_gets_none_and_may_answer_all_the_same(talk: Talk, text: str) -> None:
    talk.writes("не знаю", after=24)
    talk.writes(text, after=25)
    talk.writes("кто это", after=65)
    talk.writes("нет", after=250)
    assert talk.task(reminder_after=100).finish()["answer"] == "no"
    assert talk.got() == [QUESTION]


# Several people


def test_the_first_answer_is_enough(talk: Talk) -> None:
    talk.writes("нет", after=45, person=1)
    talk.writes("да", after=46, person=2)
    result = talk.task(phones=ALL).finish()
    assert (result["answer"], result["user_id"]) == ("no", talk.rig.users[1])
    assert [talk.got(person) for person in range(4)] == [[QUESTION]] * 3 + [[]]


def test_all_must_answer_and_who_has_answered_is_left_alone(talk: Talk) -> None:
    talk.writes("да", after=25, person=0)
    talk.writes("что?", after=25, person=1)
    talk.writes("да", after=45, person=1)
    talk.writes("да", after=205, person=2)
    task = talk.task(phones=ALL, decide="all", reminder_after=100, reminder_text="Вы придёте?")
    result = task.finish()
    assert (result["answer"], result["user_id"]) == ("yes", talk.rig.users[2])
    assert result["answers"] == {str(user): "yes" for user in talk.rig.users[:3]}
    assert [talk.got(person) for person in range(3)] == [
        [QUESTION],
        [QUESTION, AGAIN],
        [QUESTION, "Вы придёте?"],
    ]


@pytest.mark.parametrize(("default", "expected"), [(None, None), ("no", "no")])
def test_people_who_do_not_agree(talk: Talk, default: str | None, expected: str | None) -> None:
    for person, text in enumerate(("да", "нет", "да")):
        talk.writes(text, after=25, person=person)
    result = talk.task(phones=ALL, decide="all", default=default).finish()
    assert (result["answer"], result["user_id"]) == (expected, None)
    assert sorted(result["answers"].values()) == ["no", "yes", "yes"]


def test_a_branch_needs_an_agreement(talk: Talk) -> None:
    for person, text in enumerate(("да", "нет", "да")):
        talk.writes(text, after=25, person=person)
    task = talk.task(phones=ALL, decide="all", branches={"yes": "book", "no": "cancel"})
    assert isinstance(failure(task), NoAgreementError)


def test_a_majority_is_enough(talk: Talk) -> None:
    talk.writes("да", after=25, person=0)
    talk.writes("да", after=45, person=2)
    assert talk.task(phones=ALL, decide="majority").finish()["answer"] == "yes"


@pytest.mark.parametrize("decide", ["first", "majority"])
def test_who_lacks_the_messenger_is_left_out(talk: Talk, decide: str) -> None:
    lacks(talk, 1)
    for person in (0, 2):
        talk.writes("да", after=25, person=person)
    assert talk.task(phones=ALL, decide=decide).finish()["answer"] == "yes"


def test_all_cannot_answer_where_one_is_not_reached(talk: Talk) -> None:
    lacks(talk, 1)
    assert isinstance(failure(talk.task(phones=ALL, decide="all")), RecipientRefusedError)


def lacks(talk: Talk, person: int) -> None:
    user = talk.rig.users[person]
    talk.rig.sandbox.inject("success_false", path=f"*/send_message/{user}", words="номер не зарегистрирован")


# Each message once


def may_die(_: str, ledger: str, kill: str, where: str) -> bool:
    if kill in {*KILLS_WITHOUT_LEDGER, "waiting"}:
        return not where  # which send it is cannot be told there
    return ledger != "none"


@pytest.mark.parametrize(
    ("talk", "any_ledger", "kill", "where"),
    pairwise(MODES, LEDGERS, [*KILLS, "waiting"], ["", "again/1", "reminder"], possible=may_die),
    indirect=["talk", "any_ledger"],
)
def test_a_worker_that_dies_sends_nothing_twice_and_loses_no_answer(
    any_ledger: Talk, kill: str, where: str
) -> None:
    any_ledger.writes("не знаю", after=105)  # where the question was not sent, it takes a proof to send it
    any_ledger.writes("да", after=600)
    task = any_ledger.task(reminder_after=110, reminder_text="Вы придёте?", wait_timeout=900)
    with pytest.raises(Killed):
        task.finish(kill, where)
    assert task.finish()["answer"] == "yes"
    assert any_ledger.got() == [QUESTION, AGAIN, "Вы придёте?"]


@pytest.mark.parametrize("fault", ["cut_after", "error_after", "html"])
def test_a_lost_answer_of_a_repeat_is_looked_up(talk: Talk, fault: str) -> None:
    talk.writes("не знаю", after=25)
    talk.writes("да", after=245)
    task = talk.task()
    with pytest.raises(Killed):
        task.finish("waiting")
    talk.rig.sandbox.inject(fault, operation="send_message", count=1)
    assert task.finish()["answer"] == "yes"
    assert talk.rig.calm() == 1
    assert talk.got() == [QUESTION, AGAIN]


@pytest.mark.parametrize("ledger", ["store", "file"])
def test_repeats_of_one_text_are_told_apart_after_a_kill(talk: Talk, ledger: str) -> None:
    """A worker that has asked twice in the same words, and dies, asks a third time where it must."""
    talk.ledger = ledger
    task = talk.task(unclear_text=QUESTION, max_repeats=3)
    talk.writes("что?", after=25)
    talk.writes("что?", after=65)
    with pytest.raises(NoAnswerError):
        task.finish()
    task.clear()
    talk.writes("что?", after=25)
    talk.writes("да", after=65)
    assert task.finish()["answer"] == "yes"
    assert talk.got() == [QUESTION] * 4


def test_a_fault_in_the_wait_is_waited_out(talk: Talk) -> None:
    talk.writes("да", after=50)
    task = talk.task()
    talk.rig.sandbox.inject("error_after", operation="messages", count=1)
    assert task.finish()["answer"] == "yes"
    assert talk.rig.calm() == 1


# Privacy


@pytest.mark.parametrize("talk", ["triggerer"], indirect=True)
def test_a_trigger_and_its_event_hold_nothing_personal_and_it_never_sends(talk: Talk) -> None:
    talk.writes("Это Прасковья, не знаю", after=25)
    talk.writes("да", after=65)
    task = talk.task(name="Praskovya")
    assert task.finish()["answer"] == "yes"
    kept = [json.dumps([waits.trigger.serialize() for waits in task.deferrals]), json.dumps(task.events)]
    for personal in ("Прасковья", "Praskovya", PHONES[0][1:], QUESTION):
        assert personal not in json.dumps(kept, ensure_ascii=False)
        assert json.dumps(personal) not in "".join(kept)
    assert all(asked.startswith("GET ") for asked in task.by_trigger)


# Several people, each message once


@pytest.mark.parametrize(
    ("talk", "kill", "person"), pairwise(MODES, [*KILLS, "waiting"], [1, 2]), indirect=["talk"]
)
def test_a_worker_that_dies_between_two_people_asks_each_once(talk: Talk, kill: str, person: int) -> None:
    task = talk.task(phones=ALL, decide="all")
    where = f"/{talk.rig.users[person]}"
    with pytest.raises(Killed):
        task.finish(kill, "" if kill == "waiting" else where)
    for each in range(3):
        talk.writes("да", after=125, person=each)
    assert task.finish()["answer"] == "yes"
    assert [talk.got(each) for each in range(3)] == [[QUESTION]] * 3


# Whatever the service's habits are


@pytest.mark.parametrize(
    "habits",
    [each for axis in (HISTORY, ENDS[::4], CLOCKS[1:], TIMES[1:], LATE[1:2]) for each in axis],
    ids=str,
)
def test_the_answer_is_found_whatever_the_history_looks_like(talk: Talk, habits: dict[str, Any]) -> None:
    talk.rig.sandbox.set_habits(**habits)
    talk.writes("нет")
    for number in range(3):
        talk.writes("да", person=1, after=30 + number)
    talk.writes("не знаю", after=45)
    talk.writes("да", after=105)
    talk.writes("нет", after=145)
    assert talk.task().finish()["answer"] == "yes"
    assert talk.got() == [QUESTION, AGAIN]

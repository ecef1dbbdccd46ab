"""A send that waits and falls back, in the worker and in the triggerer: the same decisions, the same outcome.

Whatever fails and whoever dies: through each channel goes one message at most, and no trigger sends any.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, Variable
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from airflow_provider_wahelp.client.errors import (
    ChannelNotActiveError,
    DeliveryFailedError,
    DeliveryTimeoutError,
    InputError,
    MessengerMissingError,
    NoChannelWorkedError,
    ServerError,
    UnknownOutcomeError,
    WahelpError,
)
from airflow_provider_wahelp.operators import SendMessageOperator
from tests.combinations import pairwise
from tests.delivery.sending_task import KILLS, KILLS_WITHOUT_LEDGER, PHONES, SLOW, Killed, Rig, outcome
from tests.delivery.waiting_task import FALLBACK_AFTER, INTERVAL, MODES, TIMEOUT, Case, WaitingTask, hurry

LEDGERS = ("store", "file", "none")
KEEPING = ("store", "file")
JOURNEYS = 12
LOST: list[tuple[str, dict[str, Any]]] = [
    ("cut_after", {}),
    ("error_after", {}),
    ("html", {}),
    ("truncated", {}),
    SLOW,
]


def deaths(*kills: str, ledgers: Sequence[str] = LEDGERS) -> pytest.MarkDecorator:
    """Let a worker die at each moment that there is with each ledger, here or there.

    :param kills: the moments.
    """

    def possible(_: str, ledger: str, kill: str) -> bool:
        return ledger != "none" or kill in {*KILLS_WITHOUT_LEDGER, "waiting"}

    rows = pairwise(MODES, ledgers, kills, possible=possible)
    return pytest.mark.parametrize(("case", "ledger", "kill"), rows, indirect=["case"])


@pytest.fixture(params=MODES)
def case(request: pytest.FixtureRequest, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Case:
    hurry(monkeypatch, rig)
    second = str(rig.hook().create_channel("Second", "telegram", rig.project_id).uuid)
    rig.sandbox.scan(second)
    rig.sandbox.clear_requests()
    return Case(rig, request.param, rig.channel["channel_uuid"], second)


def failure(task: WaitingTask, *how: str) -> WahelpError:
    """Return what an attempt fails with, for good."""
    with pytest.raises(WahelpError) as caught:
        task.finish(*how)
    assert isinstance(caught.value, AirflowFailException)
    return caught.value


def late_for_the_first(case: Case, task: WaitingTask) -> None:
    """Let the first channel's message never arrive, and the next one soon."""
    case.never_delivers()
    with pytest.raises(Killed):
        task.finish("waiting")
    case.delivers()


# Waiting


@pytest.mark.parametrize("wanted", ["delivered", "read"])
def test_it_waits_until_the_status_is_reached(case: Case, wanted: str) -> None:
    case.delivers(30, 50)
    task = case.task(fallback=None, wait_for=wanted)
    message = task.finish()
    assert (message["status"], message["text"]) == (wanted, task.text)
    assert message["channel_uuid"] == case.first
    assert task.pushed == {"id": message["id"], "channel_uuid": message["channel_uuid"]}
    assert task.waits >= 2
    assert task.arrived == {case.first: 1}


def test_without_wait_for_nothing_is_waited_for(case: Case) -> None:
    task = case.task(fallback=None)
    assert task.finish()["status"] == "sent"
    assert task.waits == 0


def test_the_message_is_the_one_that_was_sent_and_nothing_more(case: Case) -> None:
    case.delivers()
    plain, waiting = case.task(fallback=None), case.task(fallback=None, wait_for="delivered")
    # What no page of the API tells of is in the answer to the send alone.
    assert set(waiting.finish()) == {*plain.finish(), "channel_uuid"} - {"operator_id", "comment_user_id"}


def test_a_failed_delivery_fails(case: Case) -> None:
    case.never_delivers()
    task = case.task(fallback=None, wait_for="delivered")
    with pytest.raises(Killed):
        task.finish("waiting")
    case.set_status(case.rig.sandbox.conversation(PHONES[0])[-1]["id"], "undelivered")
    error = failure(task)
    assert isinstance(error, DeliveryFailedError)
    assert '"undelivered"' in str(error)


def test_what_stays_sent_fails_after_the_timeout_and_says_so(case: Case) -> None:
    case.never_delivers()
    task = case.task(fallback=None, wait_for="delivered")
    began = case.rig.now()
    error = failure(task)
    assert isinstance(error, DeliveryTimeoutError)
    # The server tells its time in whole seconds.
    assert re.search(r'its status is "sent", and it was sent 0:0(4:5[89]|5:\d\d) ago', str(error))
    assert TIMEOUT - 2 <= case.rig.now() - began < TIMEOUT + 2 * INTERVAL


@pytest.mark.parametrize(
    ("case", "ledger", "running"), pairwise(MODES, LEDGERS, [False, True]), indirect=["case"]
)
def test_a_cleared_task_goes_on_waiting_as_long_again(case: Case, ledger: str, running: bool) -> None:
    case.never_delivers()
    task = case.task(fallback=None, wait_for="delivered", ledger=ledger)
    failure(task)
    task.clear(running=running)
    failure(task)
    assert task.waits >= TIMEOUT // INTERVAL - 1
    task.clear()
    with pytest.raises(Killed):
        task.finish("waiting")
    case.set_status(case.rig.sandbox.conversation(PHONES[0])[-1]["id"], "delivered")
    assert task.finish()["status"] == "delivered"
    assert task.arrived == {case.first: 1}


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_cleared_task_waits_no_longer_as_the_delivery_is_late(case: Case, ledger: str) -> None:
    case.never_delivers()
    task = case.task(wait_for="read", ledger=ledger)
    failure(task)
    task.clear(running=True)
    last, core = case.rig.sandbox.conversation(PHONES[0])[-1]["id"], case.rig.sandbox._state._core
    core.at(core.clock.now() + TIMEOUT - INTERVAL, lambda: case.set_status(last, "delivered"))
    began = case.rig.now()
    assert isinstance(failure(task), DeliveryTimeoutError)
    assert case.rig.now() - began < TIMEOUT + 2 * INTERVAL


@pytest.mark.parametrize("ledger", ["store", "file"])
def test_a_cleared_task_that_had_arrived_asks_nothing(case: Case, ledger: str) -> None:
    case.delivers()
    task = case.task(wait_for="delivered", ledger=ledger)
    message = task.finish()
    task.clear()
    case.rig.sandbox.clear_requests()
    assert task.finish() == message
    assert case.rig.requests == []


def test_a_retry_does_not_wait_longer_than_was_said(case: Case) -> None:
    case.never_delivers()
    task = case.task(fallback=None, wait_for="delivered")
    with pytest.raises(Killed):
        task.finish("waiting")
    case.rig.sleep(TIMEOUT - INTERVAL)
    assert isinstance(failure(task), DeliveryTimeoutError)
    assert task.waits <= 2


@deaths(*KILLS, "waiting")
def test_a_worker_that_dies_before_or_in_the_wait(case: Case, ledger: str, kill: str) -> None:
    case.delivers(30)
    task = case.task(fallback=None, wait_for="delivered", ledger=ledger)
    with pytest.raises(Killed):
        task.finish(kill)
    assert task.finish()["status"] == "delivered"
    assert task.arrived == {case.first: 1}


@pytest.mark.parametrize("fault", ["rate_limit", "error_after", "cut_before", "dead_token", "html"])
def test_a_fault_in_the_wait_is_waited_out(case: Case, fault: str) -> None:
    case.delivers(50)
    task = case.task(fallback=None, wait_for="delivered")
    for operation in ("message", "messages"):
        case.rig.sandbox.inject(fault, operation=operation, count=1)
    assert task.finish()["status"] == "delivered"
    assert case.rig.calm() >= 1


@pytest.mark.parametrize("case", ["worker"], indirect=True)
def test_an_outage_in_which_the_token_is_lost_is_waited_out(case: Case) -> None:
    case.delivers(50)
    task = case.task(fallback=None, wait_for="delivered")
    case.rig.sandbox.inject("dead_token", operation="message", count=1)
    case.rig.sandbox.inject("unavailable", operation="login", count=12)
    assert task.finish()["status"] == "delivered"
    assert case.rig.calm() == 13


@pytest.mark.parametrize("case", ["worker"], indirect=True)
@pytest.mark.parametrize(("told", "seconds"), [(200, INTERVAL + 200), (7200, TIMEOUT)])
def test_a_worker_stays_away_as_long_as_it_is_told(case: Case, told: int, seconds: float) -> None:
    """But not beyond the moment in which it has waited long enough."""
    case.delivers(30)
    began = case.rig.now()
    case.rig.sandbox.inject("rate_limit", operation="message", count=1, retry_after=told)
    assert case.task(fallback=None, wait_for="delivered").finish()["status"] == "delivered"
    assert case.rig.now() - began == pytest.approx(seconds, abs=10)


def test_what_cannot_be_seen_at_the_end_is_seen_by_the_retry(case: Case) -> None:
    """Nobody is written to through another channel because a server does not answer."""
    case.never_delivers()
    task = case.task()
    case.rig.sandbox.inject("unavailable", operation="message")
    case.rig.sandbox.inject("unavailable", operation="messages")
    with pytest.raises(ServerError) as caught:
        task.finish()
    assert not isinstance(caught.value, AirflowFailException)
    case.rig.sandbox.clear_faults()
    case.delivers()
    assert task.finish()["channel_uuid"] == case.second
    assert task.arrived == {case.first: 1, case.second: 1}


# Falling back


def test_the_first_channel_is_enough_where_it_delivers(case: Case) -> None:
    case.delivers(30)
    task = case.task()
    message = task.finish()
    assert (message["channel_uuid"], message["status"]) == (case.first, "delivered")
    assert task.pushed == {"id": message["id"], "channel_uuid": case.first}
    assert task.arrived == {case.first: 1}


def test_a_missing_messenger_is_fallen_back_from_at_once(case: Case) -> None:
    case.delivers(5)
    case.lacks(case.first)
    task = case.task()
    began = case.rig.now()
    assert task.finish()["channel_uuid"] == case.second
    assert case.rig.now() - began < FALLBACK_AFTER
    assert task.arrived == {case.second: 1}


def test_a_messenger_that_is_missed_when_a_person_is_added_is_fallen_back_from(case: Case) -> None:
    case.delivers(5)
    case.rig.sandbox.inject(
        "success_false", operation="create_user", path=f"*/{case.first}/users", words="номер не подключен"
    )
    task = case.task(phone="+79990000001", name="Anna")
    assert task.finish()["channel_uuid"] == case.second
    (line,) = case.rig.sandbox.conversation("+79990000001")
    assert line["channel_uuid"] == case.second


def test_without_fallback_a_missing_messenger_is_what_it_is(case: Case) -> None:
    case.lacks(case.first)
    assert isinstance(failure(case.task(fallback=None, wait_for="read")), MessengerMissingError)


def test_a_failed_delivery_is_fallen_back_from(case: Case) -> None:
    task = case.task()
    late_for_the_first(case, task)
    case.set_status(case.rig.sandbox.conversation(PHONES[0])[-1]["id"], "failed")
    began = case.rig.now()
    assert task.finish()["channel_uuid"] == case.second
    assert case.rig.now() - began < FALLBACK_AFTER
    assert task.arrived == {case.first: 1, case.second: 1}


def test_no_delivery_in_time_is_fallen_back_from(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    delivers_through(case, monkeypatch, case.second)
    task = case.task()
    began = case.rig.now()
    message = task.finish()
    assert (message["channel_uuid"], message["status"]) == (case.second, "delivered")
    assert FALLBACK_AFTER <= case.rig.now() - began < FALLBACK_AFTER + 4 * INTERVAL
    assert task.pushed == {"id": message["id"], "channel_uuid": case.second}
    if AIRFLOW_V_3_1_PLUS:  # earlier ones have no pages
        assert task.linked.endswith(f"&channel_uuid={case.second}&user_id={message['user_id']}")
    assert task.arrived == {case.first: 1, case.second: 1}


def delivers_through(case: Case, monkeypatch: pytest.MonkeyPatch, *channels: str) -> None:
    """Let some channels deliver, and the others not."""
    messages = case.rig.sandbox._state.messages
    plan = messages._plan
    monkeypatch.setattr(messages, "_plan", lambda each: plan(each) if each.channel_uuid in channels else None)
    case.delivers(30, 50)


def test_to_be_read_is_waited_for_where_it_was_delivered(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has got it and not read it is not written to again."""
    case.delivers(10, 4 * FALLBACK_AFTER)
    task = case.task(wait_for="read")
    message = task.finish()
    assert (message["channel_uuid"], message["status"]) == (case.first, "read")
    assert task.arrived == {case.first: 1}
    case.delivers(10)
    unread = case.task(wait_for="read")
    assert isinstance(failure(unread), DeliveryTimeoutError)
    assert unread.arrived == {case.first: 1}


def test_after_the_last_channel_the_error_names_what_happened_in_each(case: Case) -> None:
    case.never_delivers()
    third = str(case.rig.hook().create_channel("Third", "viber", case.rig.project_id).uuid)
    case.rig.sandbox.scan(third)
    case.lacks(case.second)
    task = case.task(fallback=[case.second, third])
    error = failure(task)
    assert isinstance(error, NoChannelWorkedError)
    said = str(error)
    assert said.index(case.first) < said.index(case.second) < said.index(third)
    assert said.count('its status is "sent"') == 2
    assert said.count("the person does not have this messenger") == 1
    assert PHONES[0][1:] not in said
    task.clear()
    assert isinstance(failure(task), NoChannelWorkedError)
    assert task.arrived == {case.first: 1, third: 1}


@pytest.mark.parametrize("when", ["before the fallback", "at the end"])
def test_what_arrives_late_counts(case: Case, when: str) -> None:
    case.never_delivers()
    task = case.task()
    with pytest.raises(Killed):
        task.finish("waiting")
    (first,) = case.rig.sandbox.conversation(PHONES[0])
    case.rig.sleep(FALLBACK_AFTER + 1)
    if when == "at the end":
        with pytest.raises(Killed):
            task.finish("waiting")
        case.rig.sleep(TIMEOUT)
    case.set_status(first["id"], "delivered")
    message = task.finish()
    assert (message["id"], message["channel_uuid"]) == (first["id"], case.first)
    assert task.arrived == {case.first: 1} | ({case.second: 1} if when == "at the end" else {})


def test_a_channel_that_is_named_twice_is_tried_once(case: Case) -> None:
    case.never_delivers()
    task = case.task(fallback=[case.first, case.second, case.second])
    failure(task)
    assert task.arrived == {case.first: 1, case.second: 1}


def test_a_channel_that_is_logged_out_is_no_fault_of_the_person(case: Case) -> None:
    case.rig.sandbox.log_out(case.first)
    task = case.task()
    assert isinstance(failure(task), ChannelNotActiveError)
    assert not task.arrived


# Exactly once, through each channel


@deaths(*KILLS)
def test_a_worker_dies_in_the_middle_of_the_fallback(case: Case, ledger: str, kill: str) -> None:
    task = case.task(ledger=ledger)
    late_for_the_first(case, task)
    with pytest.raises(Killed):
        task.finish(kill, case.second)
    message = task.finish()
    assert (message["channel_uuid"], message["status"]) == (case.second, "delivered")
    assert task.arrived == {case.first: 1, case.second: 1}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(("case", "ledger", "fault"), pairwise(MODES, LEDGERS, LOST), indirect=["case"])
def test_a_lost_answer_of_the_fallback_is_looked_up(
    case: Case, ledger: str, fault: tuple[str, dict[str, Any]]
) -> None:
    name, given = fault
    task = case.task(ledger=ledger)
    late_for_the_first(case, task)
    case.rig.sandbox.inject(name, path=f"*/{case.second}/send_message/*", count=1, **given)
    assert task.finish()["channel_uuid"] == case.second
    assert case.rig.calm() == 1
    assert task.arrived == {case.first: 1, case.second: 1}


def test_a_history_that_cannot_be_read_stops_at_that_channel(case: Case) -> None:
    task = case.task()
    late_for_the_first(case, task)
    case.rig.sandbox.inject("cut_after", path=f"*/{case.second}/send_message/*", count=1)
    case.rig.sandbox.inject("unavailable", path=f"*/{case.second}/messages")
    with pytest.raises(UnknownOutcomeError) as caught:
        task.finish()
    assert not isinstance(caught.value, AirflowFailException)
    case.rig.sandbox.clear_faults()
    assert task.finish()["channel_uuid"] == case.second
    assert task.arrived == {case.first: 1, case.second: 1}


@pytest.mark.parametrize("kill", ["after_begun", "after_post", "waiting"])
def test_who_falls_back_does_not_go_back(case: Case, kill: str) -> None:
    """The first channel's messenger was missing, and is there when the task is tried again."""
    case.lacks(case.first)
    case.delivers()
    task = case.task()
    with pytest.raises(Killed):
        task.finish(kill, case.second if kill != "waiting" else "")
    case.rig.sandbox.clear_faults()
    assert task.finish()["channel_uuid"] == case.second
    assert task.arrived == {case.second: 1}


def test_a_fallback_that_is_added_later_does_not_send_again(case: Case) -> None:
    case.never_delivers()
    task = case.task(fallback=None)
    task.finish()
    task.given |= {"fallback": [case.second], "fallback_after": FALLBACK_AFTER}
    case.delivers()
    task.clear()
    assert task.finish()["channel_uuid"] == case.second
    assert task.arrived == {case.first: 1, case.second: 1}


# The channels change between two attempts


@pytest.mark.parametrize("ledger", ["store", "file"])
def test_a_message_is_waited_for_in_the_channel_that_it_was_sent_through(case: Case, ledger: str) -> None:
    case.delivers(30)
    task = case.task(fallback=None, wait_for="delivered", ledger=ledger)
    with pytest.raises(Killed):
        task.finish("waiting")
    task.given["channel_uuid"] = case.second
    message = task.finish()
    assert (message["channel_uuid"], message["status"]) == (case.first, "delivered")
    case.rig.sandbox.clear_requests()
    assert task.finish() == message
    assert case.rig.requests == []
    assert task.arrived == {case.first: 1}


@deaths("after_begun", "after_post", "before_done", "waiting", ledgers=KEEPING)
def test_channels_that_change_their_places_are_each_taken_once(case: Case, ledger: str, kill: str) -> None:
    case.never_delivers()
    task = case.task(ledger=ledger)
    with pytest.raises(Killed):
        task.finish(kill)
    task.given |= {"channel_uuid": case.second, "fallback": [case.first]}
    task.clear()
    assert isinstance(failure(task), NoChannelWorkedError)
    task.given |= {"channel_uuid": case.first, "fallback": [case.second]}
    task.clear()
    assert isinstance(failure(task), NoChannelWorkedError)
    assert task.arrived == {case.first: 1, case.second: 1}


def test_a_user_is_found_in_channels_that_have_changed_their_places(case: Case) -> None:
    rig = case.rig
    user_id = rig.hook().create_user("Anna", PHONES[1], case.second, rig.project_id).id
    case.never_delivers()
    task = case.task(user_id=rig.users[1])
    with pytest.raises(Killed):
        task.finish("before_post")
    task.given |= {"channel_uuid": case.second, "fallback": [case.first], "user_id": user_id}
    assert isinstance(failure(task), NoChannelWorkedError)
    assert task.arrived == {case.first: 1, case.second: 1}
    assert len(rig.sandbox.conversation(PHONES[1])) == 2


@deaths("after_begun", "after_post", "waiting", "", ledgers=KEEPING)
def test_a_fallback_that_becomes_the_first_channel_does_not_send_again(
    case: Case, ledger: str, kill: str
) -> None:
    case.lacks(case.first)
    case.delivers(30)
    task = case.task(ledger=ledger)
    outcome(lambda: task.finish(kill, case.second if kill != "waiting" else ""))
    case.rig.sandbox.clear_faults()
    task.given |= {"channel_uuid": case.second, "fallback": [case.first]}
    task.clear()
    assert task.finish()["channel_uuid"] == case.second
    assert task.arrived == {case.second: 1}


def test_a_fallback_is_not_sent_through_again_where_the_channel_begun_last_is_given_up(
    case: Case,
) -> None:
    third = str(case.rig.hook().create_channel("Third", "viber", case.rig.project_id).uuid)
    case.rig.sandbox.scan(third)
    case.never_delivers()
    case.lacks(case.first)
    task = case.task()
    with pytest.raises(Killed):
        task.finish("waiting")
    case.rig.sandbox.clear_faults()
    with pytest.raises(Killed):
        task.finish("after_begun")  # of the first channel, which comes last now
    task.given |= {"channel_uuid": case.second, "fallback": [third]}
    assert isinstance(failure(task), NoChannelWorkedError)
    assert task.arrived == {case.second: 1, third: 1}


@deaths("after_begun", "after_post", "waiting", ledgers=KEEPING)
@pytest.mark.parametrize("late", [False, True])
def test_a_channel_that_is_given_up_between_two_attempts_is_not_sent_through(
    case: Case, ledger: str, kill: str, late: bool
) -> None:
    """What was sent through it counts all the same, and else the others are tried."""
    third = str(case.rig.hook().create_channel("Third", "viber", case.rig.project_id).uuid)
    case.rig.sandbox.scan(third)
    case.never_delivers()
    task = case.task(ledger=ledger)
    with pytest.raises(Killed):
        task.finish(kill)
    sent = {} if kill == "after_begun" else {case.first: 1}
    task.given |= {"channel_uuid": case.second, "fallback": [third]}
    if late and sent:
        case.set_status(case.rig.sandbox.conversation(PHONES[0])[-1]["id"], "delivered")
        message = task.finish()
        assert (message["channel_uuid"], message["text"]) == (case.first, task.text)
        assert task.finish() == message
        assert task.arrived == sent
    else:
        error = failure(task)
        assert isinstance(error, NoChannelWorkedError)
        assert all(channel in str(error) for channel in (*sent, case.second, third))
        task.clear()
        failure(task)
        assert task.arrived == {**sent, case.second: 1, third: 1}


def test_resend_sends_once_more_for_each_clear(case: Case) -> None:
    case.delivers()
    task = case.task(on_rerun="resend")
    ids = {task.finish()["id"]}
    task.clear()
    with pytest.raises(Killed):
        task.finish("after_post")
    ids.add(task.finish()["id"])
    task.finish()
    assert len(ids) == 2
    assert task.arrived == {case.first: 2}


@pytest.mark.parametrize("ledger", LEDGERS)
def test_whatever_goes_wrong_nothing_is_doubled_within_a_channel(
    case: Case, ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers get lost and workers die, at random, until a message has arrived or nothing is left to try."""
    dice = Random(f"{case.mode} {ledger}")
    ends: Counter[str] = Counter()
    for _ in range(JOURNEYS):
        task = case.task(ledger=ledger, retries=20)
        with monkeypatch.context() as patch:
            delivers_through(case, patch, *dice.choice([(), (case.first,), (case.second,)]))
            for fault in ("cut_before", "cut_after", "html", "rate_limit", "error_after"):
                seed = dice.randrange(1000)
                case.rig.sandbox.inject(fault, operation="send_message", probability=0.1, seed=seed)
            end = at_last(task, dice)
        assert set(task.arrived.values()) == {1}
        assert case.first in task.arrived
        assert isinstance(end, dict | NoChannelWorkedError), end
        if isinstance(end, NoChannelWorkedError):
            assert case.second in task.arrived
        ends["none" if isinstance(end, NoChannelWorkedError) else end["channel_uuid"]] += 1
        case.rig.calm()
    assert set(ends) == {case.first, case.second, "none"}


def at_last(task: WaitingTask, dice: Random) -> Any:
    """Try a task, whose worker dies again and again, until it has an end; return that."""
    kills = KILLS_WITHOUT_LEDGER if task.ledger == "none" else KILLS
    for _ in range(20):
        died_at, where = dice.choice(["", "waiting", *kills]), dice.choice(["", task.second])
        end = outcome(partial(task.finish, died_at, where))
        if isinstance(end, dict | AirflowFailException):
            break
    return end


# The triggerer


@pytest.fixture
def deferring(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Case:
    hurry(monkeypatch, rig)
    second = str(rig.hook().create_channel("Second", "telegram", rig.project_id).uuid)
    rig.sandbox.scan(second)
    return Case(rig, "triggerer", rig.channel["channel_uuid"], second)


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_trigger_never_sends(deferring: Case, ledger: str) -> None:
    deferring.never_delivers()
    task = deferring.task(ledger=ledger)
    failure(task)
    assert task.arrived == {deferring.first: 1, deferring.second: 1}
    assert len(task.deferrals) == 2
    assert len(task.by_trigger) > 5
    assert {request.split()[0] for request in task.by_trigger} == {"GET"}


def test_what_airflow_keeps_of_a_wait_is_not_personal(deferring: Case) -> None:
    deferring.never_delivers()
    task = deferring.task(text="Something private", name="Anna")
    failure(task)
    assert len(task.events) == 2
    kept = repr(([(waits.trigger.serialize(), waits.kwargs) for waits in task.deferrals], task.events))
    assert not [secret for secret in ("private", "Anna", PHONES[0][1:], "demo") if secret in kept]


def test_airflow_ends_no_wait_by_itself(deferring: Case) -> None:
    """What it ends has failed; a wait that is over has to fall back."""
    deferring.never_delivers()
    task = deferring.task()
    failure(task)
    assert [waits.timeout for waits in task.deferrals] == [None, None]
    deadlines = [waits.trigger.deadline for waits in task.deferrals]  # type: ignore[union-attr]
    assert deadlines[1] - deadlines[0] > FALLBACK_AFTER


def test_the_execution_timeout_holds_in_the_triggerer_too(deferring: Case) -> None:
    deferring.never_delivers()
    task = deferring.task(execution_timeout=timedelta(hours=1))
    failure(task)
    assert [waits.timeout for waits in task.deferrals] == [timedelta(hours=1)] * 2


# The person


def test_a_user_is_looked_up_for_the_phone(case: Case) -> None:
    case.lacks(case.first)
    case.delivers()
    task = case.task(user_id=case.rig.users[1])
    message = task.finish()
    assert message["channel_uuid"] == case.second
    assert [line["text"] for line in case.rig.sandbox.conversation(PHONES[1])] == [task.text]


@pytest.mark.parametrize("phone", ["", "no number"])
def test_a_user_without_a_phone_is_refused_before_anything_is_sent(case: Case, phone: str) -> None:
    registry = case.rig.sandbox._state.messages._core.registry
    registry.users[case.rig.users[1]].phone = phone
    error = failure(case.task(user_id=case.rig.users[1]))
    assert isinstance(error, InputError)
    assert str(error).startswith("fallback: needs the person's phone")
    assert not case.rig.sends()


def test_a_user_that_cannot_be_looked_up_is_refused_before_anything_is_sent(case: Case) -> None:
    error = failure(case.task(user_id=987654))
    assert isinstance(error, InputError)
    assert not case.rig.sends()


# What has worked before


@pytest.fixture(params=["variable", "path"])
def remembered(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Callable[[], str]]:
    """Return what ``remember_in`` names, and what returns all that is kept there."""
    if request.param == "path":
        place = tmp_path / "remembered"
        return f"file://{place}", lambda: "".join(
            file.name + file.read_text() for file in sorted(place.glob("*"))
        )
    kept: dict[str, str] = {}

    def keep(key: str, value: str, *_: Any, **__: Any) -> None:
        kept[key] = value

    monkeypatch.setattr(
        Variable, "get", staticmethod(lambda key, default=None, *_, **__: kept.get(key, default))
    )
    monkeypatch.setattr(Variable, "set", staticmethod(keep))
    return "wahelp_channels", lambda: "".join(kept.values())


def test_what_worked_is_tried_first_the_next_time(
    case: Case, remembered: tuple[str, Callable[[], str]]
) -> None:
    place, kept = remembered
    case.lacks(case.first)
    case.delivers()
    case.task(remember_in=place).finish()
    assert case.second in kept()
    assert PHONES[0][1:] not in kept()
    case.rig.sandbox.clear_faults()
    again = case.task(remember_in=place)
    assert again.finish()["channel_uuid"] == case.second
    assert again.arrived == {case.second: 1}
    stranger = case.task(remember_in=place, phone=PHONES[1])
    assert stranger.finish()["channel_uuid"] == case.first


def test_what_works_no_more_is_replaced(case: Case, remembered: tuple[str, Callable[[], str]]) -> None:
    place, kept = remembered
    case.delivers()
    case.lacks(case.first)
    case.task(remember_in=place).finish()
    case.rig.sandbox.clear_faults()
    case.lacks(case.second)
    task = case.task(remember_in=place)
    assert task.finish()["channel_uuid"] == case.first
    assert (case.first in kept(), case.second in kept()) == (True, False)


def test_a_retry_stays_on_the_way_that_it_has_begun(
    case: Case, remembered: tuple[str, Callable[[], str]]
) -> None:
    """Another task learns meanwhile that the second channel works."""
    place, _ = remembered
    case.delivers(30)
    task = case.task(remember_in=place)
    with pytest.raises(Killed):
        task.finish("waiting")
    case.lacks(case.first)
    case.task(remember_in=place).finish()
    case.rig.sandbox.clear_faults()
    assert task.finish()["channel_uuid"] == case.first
    assert task.arrived == {case.first: 1}


def test_what_the_first_channel_does_is_nothing_to_remember(
    case: Case, remembered: tuple[str, Callable[[], str]]
) -> None:
    place, kept = remembered
    case.delivers()
    case.task(remember_in=place).finish()
    assert kept() == ""


@pytest.mark.parametrize("broken", ["[1]", "no json"])
def test_a_memory_that_fails_fails_nothing(
    case: Case, broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task_log: Callable[[], str]
) -> None:
    case.lacks(case.first)
    case.delivers()
    set_to: list[str] = []
    monkeypatch.setattr(Variable, "get", staticmethod(lambda *_, **__: broken))
    monkeypatch.setattr(Variable, "set", staticmethod(lambda *_, **__: set_to.append("something")))
    assert case.task(remember_in="wahelp_channels").finish()["channel_uuid"] == case.second
    assert set_to == []  # it may be somebody else's
    said = task_log()
    assert ("cannot be looked up" in said, "cannot be kept" in said) == (True, True)
    (tmp_path / "taken").write_text("a file in its way")
    assert case.task(remember_in=f"file://{tmp_path}/taken").finish()["channel_uuid"] == case.second
    assert "cannot be kept" in task_log()


def test_a_variable_that_somebody_has_made_keeps_what_it_holds(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"place": json.dumps({"other": "word"})}
    monkeypatch.setattr(Variable, "get", staticmethod(lambda key, default=None: kept.get(key, default)))
    monkeypatch.setattr(Variable, "set", staticmethod(kept.__setitem__))
    case.lacks(case.first)
    case.delivers()
    case.task(remember_in="place").finish()
    held = json.loads(kept["place"])
    assert held.pop("other") == "word"
    assert list(held.values()) == [case.second]


# Arguments


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"wait_for": "sent"}, "wait_for"),
        ({"wait_for": "delivered", "wait_timeout": 0}, "wait_timeout"),
        ({"wait_for": "delivered", "wait_timeout": "soon"}, "wait_timeout"),
        ({"wait_for": "delivered", "poll_interval": -1}, "poll_interval"),
        ({"fallback": []}, "fallback"),
        ({"fallback": ["a/b"]}, "fallback"),
        ({"fallback": ["b"], "fallback_after": "later"}, "fallback_after"),
        ({"fallback_after": 60}, "fallback_after"),
        ({"remember_in": "place"}, "remember_in"),
        ({"fallback": ["b"], "remember_in": " "}, "remember_in"),
    ],
)
def test_a_bad_literal_is_refused_when_the_dag_is_parsed(given: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=rf"^{named}: "):
        SendMessageOperator(task_id="send", text="Hello", user_id=1, **given)


def test_templates_are_rendered(case: Case) -> None:
    given = {
        "wait_for": "{{ params.wait_for }}",
        "wait_timeout": "{{ params.seconds }}",
        "poll_interval": "{{ params.seconds }}",
        "fallback": ["{{ params.channel }}"],
        "fallback_after": "{{ params.seconds }}",
        "remember_in": "{{ params.place }}",
    }
    task = SendMessageOperator(task_id="send", text="Hello", user_id=1, **given)
    params = {"wait_for": "read", "seconds": 60, "channel": case.second, "place": "s3://bucket/known"}
    task.render_template_fields({"params": params})
    assert {name: getattr(task, name) for name in given} == {
        "wait_for": "read",
        "wait_timeout": "60",
        "poll_interval": "60",
        "fallback": [case.second],
        "fallback_after": "60",
        "remember_in": "s3://bucket/known",
    }
    assert task._wait_options().fallback_after == 60


def test_a_phone_is_in_no_log(case: Case, task_log: Callable[[], str]) -> None:
    logging.getLogger("airflow_provider_wahelp").setLevel("INFO")
    case.never_delivers()
    failure(case.task(text="Something private", name="Anna"))
    said = task_log()
    assert case.second in said
    assert not [secret for secret in ("private", "Anna", PHONES[0][1:]) if secret in said]

"""A send that waits and falls back, in the worker and in the triggerer: the same decisions, the same outcome.

Whatever fails and whoever dies: through each channel goes one message at most, and no trigger sends any.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, Variable

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
from tests.delivery.traveller import FALLBACK_AFTER, INTERVAL, MODES, TIMEOUT, Traveller, Voyage, hurry
from tests.delivery.world import KILLS, KILLS_WITHOUT_LEDGER, PHONES, SLOW, Killed, World, outcome

LEDGERS = ("store", "file", "none")
JOURNEYS = 12


@pytest.fixture(params=MODES)
def voyage(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> Voyage:
    hurry(monkeypatch, world)
    second = str(world.hook().create_channel("Second", "telegram", world.project_id).uuid)
    world.sandbox.scan(second)
    world.sandbox.clear_requests()
    return Voyage(world, request.param, world.channel["channel_uuid"], second)


def failure(task: Traveller, *how: str) -> WahelpError:
    """Return what an attempt fails with, for good."""
    with pytest.raises(WahelpError) as caught:
        task.travel(*how)
    assert isinstance(caught.value, AirflowFailException)
    return caught.value


def late_for_the_first(voyage: Voyage, task: Traveller) -> None:
    """Let the first channel's message never arrive, and the next one soon."""
    voyage.never_delivers()
    with pytest.raises(Killed):
        task.travel("waiting")
    voyage.delivers()


# Waiting


@pytest.mark.parametrize("wanted", ["delivered", "read"])
def test_it_waits_until_the_status_is_reached(voyage: Voyage, wanted: str) -> None:
    voyage.delivers(30, 50)
    task = voyage.task(fallback=None, wait_for=wanted)
    message = task.travel()
    assert (message["status"], message["text"]) == (wanted, task.text)
    assert message["channel_uuid"] == voyage.first
    assert task.pushed == {"id": message["id"], "channel_uuid": message["channel_uuid"]}
    assert task.waits >= 2
    assert task.arrived == {voyage.first: 1}


def test_without_wait_for_nothing_is_waited_for(voyage: Voyage) -> None:
    task = voyage.task(fallback=None)
    assert task.travel()["status"] == "sent"
    assert task.waits == 0


def test_the_message_is_the_one_that_was_sent_and_nothing_more(voyage: Voyage) -> None:
    voyage.delivers()
    plain, waiting = voyage.task(fallback=None), voyage.task(fallback=None, wait_for="delivered")
    # What no page of the API tells of is in the answer to the send alone.
    assert set(waiting.travel()) == {*plain.travel(), "channel_uuid"} - {"operator_id", "comment_user_id"}


def test_a_failed_delivery_fails(voyage: Voyage) -> None:
    voyage.never_delivers()
    task = voyage.task(fallback=None, wait_for="delivered")
    with pytest.raises(Killed):
        task.travel("waiting")
    voyage.set_status(voyage.world.sandbox.conversation(PHONES[0])[-1]["id"], "undelivered")
    error = failure(task)
    assert isinstance(error, DeliveryFailedError)
    assert '"undelivered"' in str(error)


def test_what_stays_sent_fails_after_the_timeout_and_says_so(voyage: Voyage) -> None:
    voyage.never_delivers()
    task = voyage.task(fallback=None, wait_for="delivered")
    began = voyage.world.now()
    error = failure(task)
    assert isinstance(error, DeliveryTimeoutError)
    # The server tells its time in whole seconds.
    assert re.search(r'its status is "sent", and it was sent 0:0(4:5[89]|5:\d\d) ago', str(error))
    assert TIMEOUT - 2 <= voyage.world.now() - began < TIMEOUT + 2 * INTERVAL


@pytest.mark.parametrize("running", [False, True], ids=["a run anew", "a running run"])
@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_cleared_task_goes_on_waiting_as_long_again(voyage: Voyage, ledger: str, running: bool) -> None:
    voyage.never_delivers()
    task = voyage.task(fallback=None, wait_for="delivered", ledger=ledger)
    failure(task)
    task.clear(running=running)
    failure(task)
    assert task.waits >= TIMEOUT // INTERVAL - 1
    task.clear()
    with pytest.raises(Killed):
        task.travel("waiting")
    voyage.set_status(voyage.world.sandbox.conversation(PHONES[0])[-1]["id"], "delivered")
    assert task.travel()["status"] == "delivered"
    assert task.arrived == {voyage.first: 1}


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_cleared_task_waits_no_longer_as_the_delivery_is_late(voyage: Voyage, ledger: str) -> None:
    voyage.never_delivers()
    task = voyage.task(wait_for="read", ledger=ledger)
    failure(task)
    task.clear(running=True)
    last, core = voyage.world.sandbox.conversation(PHONES[0])[-1]["id"], voyage.world.sandbox._state._core
    core.at(core.clock.now() + TIMEOUT - INTERVAL, lambda: voyage.set_status(last, "delivered"))
    began = voyage.world.now()
    assert isinstance(failure(task), DeliveryTimeoutError)
    assert voyage.world.now() - began < TIMEOUT + 2 * INTERVAL


@pytest.mark.parametrize("ledger", ["store", "file"])
def test_a_cleared_task_that_had_arrived_asks_nothing(voyage: Voyage, ledger: str) -> None:
    voyage.delivers()
    task = voyage.task(wait_for="delivered", ledger=ledger)
    message = task.travel()
    task.clear()
    voyage.world.sandbox.clear_requests()
    assert task.travel() == message
    assert voyage.world.requests == []


def test_a_retry_does_not_wait_longer_than_was_said(voyage: Voyage) -> None:
    voyage.never_delivers()
    task = voyage.task(fallback=None, wait_for="delivered")
    with pytest.raises(Killed):
        task.travel("waiting")
    voyage.world.sleep(TIMEOUT - INTERVAL)
    assert isinstance(failure(task), DeliveryTimeoutError)
    assert task.waits <= 2


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("kill", [*KILLS, "waiting"])
def test_a_worker_that_dies_before_or_in_the_wait(voyage: Voyage, ledger: str, kill: str) -> None:
    if ledger == "none" and kill not in {*KILLS_WITHOUT_LEDGER, "waiting"}:
        pytest.skip("there is no ledger to die at")
    voyage.delivers(30)
    task = voyage.task(fallback=None, wait_for="delivered", ledger=ledger)
    with pytest.raises(Killed):
        task.travel(kill)
    assert task.travel()["status"] == "delivered"
    assert task.arrived == {voyage.first: 1}


@pytest.mark.parametrize("fault", ["rate_limit", "error_after", "cut_before", "dead_token", "html"])
def test_a_fault_in_the_wait_is_waited_out(voyage: Voyage, fault: str) -> None:
    voyage.delivers(50)
    task = voyage.task(fallback=None, wait_for="delivered")
    for operation in ("message", "messages"):
        voyage.world.sandbox.inject(fault, operation=operation, count=1)
    assert task.travel()["status"] == "delivered"
    assert voyage.world.calm() >= 1


@pytest.mark.parametrize("voyage", ["worker"], indirect=True)
def test_an_outage_in_which_the_token_is_lost_is_waited_out(voyage: Voyage) -> None:
    voyage.delivers(50)
    task = voyage.task(fallback=None, wait_for="delivered")
    voyage.world.sandbox.inject("dead_token", operation="message", count=1)
    voyage.world.sandbox.inject("unavailable", operation="login", count=12)
    assert task.travel()["status"] == "delivered"
    assert voyage.world.calm() == 13


@pytest.mark.parametrize("voyage", ["worker"], indirect=True)
@pytest.mark.parametrize(("told", "seconds"), [(200, INTERVAL + 200), (7200, TIMEOUT)])
def test_a_worker_stays_away_as_long_as_it_is_told(voyage: Voyage, told: int, seconds: float) -> None:
    """But not beyond the moment in which it has waited long enough."""
    voyage.delivers(30)
    began = voyage.world.now()
    voyage.world.sandbox.inject("rate_limit", operation="message", count=1, retry_after=told)
    assert voyage.task(fallback=None, wait_for="delivered").travel()["status"] == "delivered"
    assert voyage.world.now() - began == pytest.approx(seconds, abs=10)


def test_what_cannot_be_seen_at_the_end_is_seen_by_the_retry(voyage: Voyage) -> None:
    """Nobody is written to through another channel because a server does not answer."""
    voyage.never_delivers()
    task = voyage.task()
    voyage.world.sandbox.inject("unavailable", operation="message")
    voyage.world.sandbox.inject("unavailable", operation="messages")
    with pytest.raises(ServerError) as caught:
        task.travel()
    assert not isinstance(caught.value, AirflowFailException)
    voyage.world.sandbox.clear_faults()
    voyage.delivers()
    assert task.travel()["channel_uuid"] == voyage.second
    assert task.arrived == {voyage.first: 1, voyage.second: 1}


# Falling back


def test_the_first_channel_is_enough_where_it_delivers(voyage: Voyage) -> None:
    voyage.delivers(30)
    task = voyage.task()
    message = task.travel()
    assert (message["channel_uuid"], message["status"]) == (voyage.first, "delivered")
    assert task.pushed == {"id": message["id"], "channel_uuid": voyage.first}
    assert task.arrived == {voyage.first: 1}


def test_a_missing_messenger_is_fallen_back_from_at_once(voyage: Voyage) -> None:
    voyage.delivers(5)
    voyage.lacks(voyage.first)
    task = voyage.task()
    began = voyage.world.now()
    assert task.travel()["channel_uuid"] == voyage.second
    assert voyage.world.now() - began < FALLBACK_AFTER
    assert task.arrived == {voyage.second: 1}


def test_a_messenger_that_is_missed_when_a_person_is_added_is_fallen_back_from(voyage: Voyage) -> None:
    voyage.delivers(5)
    voyage.world.sandbox.inject(
        "success_false", operation="create_user", path=f"*/{voyage.first}/users", words="номер не подключен"
    )
    task = voyage.task(phone="+79990000001", name="Anna")
    assert task.travel()["channel_uuid"] == voyage.second
    (line,) = voyage.world.sandbox.conversation("+79990000001")
    assert line["channel_uuid"] == voyage.second


def test_without_fallback_a_missing_messenger_is_what_it_is(voyage: Voyage) -> None:
    voyage.lacks(voyage.first)
    assert isinstance(failure(voyage.task(fallback=None, wait_for="read")), MessengerMissingError)


def test_a_failed_delivery_is_fallen_back_from(voyage: Voyage) -> None:
    task = voyage.task()
    late_for_the_first(voyage, task)
    voyage.set_status(voyage.world.sandbox.conversation(PHONES[0])[-1]["id"], "failed")
    began = voyage.world.now()
    assert task.travel()["channel_uuid"] == voyage.second
    assert voyage.world.now() - began < FALLBACK_AFTER
    assert task.arrived == {voyage.first: 1, voyage.second: 1}


def test_no_delivery_in_time_is_fallen_back_from(voyage: Voyage, monkeypatch: pytest.MonkeyPatch) -> None:
    delivers_through(voyage, monkeypatch, voyage.second)
    task = voyage.task()
    began = voyage.world.now()
    message = task.travel()
    assert (message["channel_uuid"], message["status"]) == (voyage.second, "delivered")
    assert FALLBACK_AFTER <= voyage.world.now() - began < FALLBACK_AFTER + 4 * INTERVAL
    assert task.pushed == {"id": message["id"], "channel_uuid": voyage.second}
    assert task.arrived == {voyage.first: 1, voyage.second: 1}


def delivers_through(voyage: Voyage, monkeypatch: pytest.MonkeyPatch, *channels: str) -> None:
    """Let some channels deliver, and the others not."""
    messages = voyage.world.sandbox._state.messages
    plan = messages._plan
    monkeypatch.setattr(messages, "_plan", lambda each: plan(each) if each.channel_uuid in channels else None)
    voyage.delivers(30, 50)


def test_to_be_read_is_waited_for_where_it_was_delivered(
    voyage: Voyage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has got it and not read it is not written to again."""
    voyage.delivers(10, 4 * FALLBACK_AFTER)
    task = voyage.task(wait_for="read")
    message = task.travel()
    assert (message["channel_uuid"], message["status"]) == (voyage.first, "read")
    assert task.arrived == {voyage.first: 1}
    voyage.delivers(10)
    unread = voyage.task(wait_for="read")
    assert isinstance(failure(unread), DeliveryTimeoutError)
    assert unread.arrived == {voyage.first: 1}


def test_after_the_last_channel_the_error_names_what_happened_in_each(voyage: Voyage) -> None:
    voyage.never_delivers()
    third = str(voyage.world.hook().create_channel("Third", "viber", voyage.world.project_id).uuid)
    voyage.world.sandbox.scan(third)
    voyage.lacks(voyage.second)
    task = voyage.task(fallback=[voyage.second, third])
    error = failure(task)
    assert isinstance(error, NoChannelWorkedError)
    said = str(error)
    assert said.index(voyage.first) < said.index(voyage.second) < said.index(third)
    assert said.count('its status is "sent"') == 2
    assert said.count("the person does not have this messenger") == 1
    assert PHONES[0][1:] not in said
    task.clear()
    assert isinstance(failure(task), NoChannelWorkedError)
    assert task.arrived == {voyage.first: 1, third: 1}


@pytest.mark.parametrize("when", ["before the fallback", "at the end"])
def test_what_arrives_late_counts(voyage: Voyage, when: str) -> None:
    voyage.never_delivers()
    task = voyage.task()
    with pytest.raises(Killed):
        task.travel("waiting")
    (first,) = voyage.world.sandbox.conversation(PHONES[0])
    voyage.world.sleep(FALLBACK_AFTER + 1)
    if when == "at the end":
        with pytest.raises(Killed):
            task.travel("waiting")
        voyage.world.sleep(TIMEOUT)
    voyage.set_status(first["id"], "delivered")
    message = task.travel()
    assert (message["id"], message["channel_uuid"]) == (first["id"], voyage.first)
    assert task.arrived == {voyage.first: 1} | ({voyage.second: 1} if when == "at the end" else {})


def test_a_channel_that_is_named_twice_is_tried_once(voyage: Voyage) -> None:
    voyage.never_delivers()
    task = voyage.task(fallback=[voyage.first, voyage.second, voyage.second])
    failure(task)
    assert task.arrived == {voyage.first: 1, voyage.second: 1}


def test_a_channel_that_is_logged_out_is_no_fault_of_the_person(voyage: Voyage) -> None:
    voyage.world.sandbox.log_out(voyage.first)
    task = voyage.task()
    assert isinstance(failure(task), ChannelNotActiveError)
    assert not task.arrived


# Exactly once, through each channel


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("kill", KILLS)
def test_a_worker_dies_in_the_middle_of_the_fallback(voyage: Voyage, ledger: str, kill: str) -> None:
    if ledger == "none" and kill not in KILLS_WITHOUT_LEDGER:
        pytest.skip("there is no ledger to die at")
    task = voyage.task(ledger=ledger)
    late_for_the_first(voyage, task)
    with pytest.raises(Killed):
        task.travel(kill, voyage.second)
    message = task.travel()
    assert (message["channel_uuid"], message["status"]) == (voyage.second, "delivered")
    assert task.arrived == {voyage.first: 1, voyage.second: 1}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize(
    ("fault", "given"), [("cut_after", {}), ("error_after", {}), ("html", {}), ("truncated", {}), SLOW]
)
def test_a_lost_answer_of_the_fallback_is_looked_up(
    voyage: Voyage, ledger: str, fault: str, given: dict[str, Any]
) -> None:
    task = voyage.task(ledger=ledger)
    late_for_the_first(voyage, task)
    voyage.world.sandbox.inject(fault, path=f"*/{voyage.second}/send_message/*", count=1, **given)
    assert task.travel()["channel_uuid"] == voyage.second
    assert voyage.world.calm() == 1
    assert task.arrived == {voyage.first: 1, voyage.second: 1}


def test_a_history_that_cannot_be_read_stops_at_that_channel(voyage: Voyage) -> None:
    task = voyage.task()
    late_for_the_first(voyage, task)
    voyage.world.sandbox.inject("cut_after", path=f"*/{voyage.second}/send_message/*", count=1)
    voyage.world.sandbox.inject("unavailable", path=f"*/{voyage.second}/messages")
    with pytest.raises(UnknownOutcomeError) as caught:
        task.travel()
    assert not isinstance(caught.value, AirflowFailException)
    voyage.world.sandbox.clear_faults()
    assert task.travel()["channel_uuid"] == voyage.second
    assert task.arrived == {voyage.first: 1, voyage.second: 1}


@pytest.mark.parametrize("kill", ["after_begun", "after_post", "waiting"])
def test_who_falls_back_does_not_go_back(voyage: Voyage, kill: str) -> None:
    """The first channel's messenger was missing, and is there when the task is tried again."""
    voyage.lacks(voyage.first)
    voyage.delivers()
    task = voyage.task()
    with pytest.raises(Killed):
        task.travel(kill, voyage.second if kill != "waiting" else "")
    voyage.world.sandbox.clear_faults()
    assert task.travel()["channel_uuid"] == voyage.second
    assert task.arrived == {voyage.second: 1}


def test_a_fallback_that_is_added_later_does_not_send_again(voyage: Voyage) -> None:
    voyage.never_delivers()
    task = voyage.task(fallback=None)
    task.travel()
    task.given |= {"fallback": [voyage.second], "fallback_after": FALLBACK_AFTER}
    voyage.delivers()
    task.clear()
    assert task.travel()["channel_uuid"] == voyage.second
    assert task.arrived == {voyage.first: 1, voyage.second: 1}


# The channels change between two attempts


@pytest.mark.parametrize("ledger", ["store", "file"])
def test_a_message_is_waited_for_in_the_channel_that_it_was_sent_through(voyage: Voyage, ledger: str) -> None:
    voyage.delivers(30)
    task = voyage.task(fallback=None, wait_for="delivered", ledger=ledger)
    with pytest.raises(Killed):
        task.travel("waiting")
    task.given["channel_uuid"] = voyage.second
    message = task.travel()
    assert (message["channel_uuid"], message["status"]) == (voyage.first, "delivered")
    voyage.world.sandbox.clear_requests()
    assert task.travel() == message
    assert voyage.world.requests == []
    assert task.arrived == {voyage.first: 1}


@pytest.mark.parametrize("ledger", ["store", "file"])
@pytest.mark.parametrize("kill", ["after_begun", "after_post", "before_done", "waiting"])
def test_channels_that_change_their_places_are_each_taken_once(
    voyage: Voyage, ledger: str, kill: str
) -> None:
    voyage.never_delivers()
    task = voyage.task(ledger=ledger)
    with pytest.raises(Killed):
        task.travel(kill)
    task.given |= {"channel_uuid": voyage.second, "fallback": [voyage.first]}
    task.clear()
    assert isinstance(failure(task), NoChannelWorkedError)
    task.given |= {"channel_uuid": voyage.first, "fallback": [voyage.second]}
    task.clear()
    assert isinstance(failure(task), NoChannelWorkedError)
    assert task.arrived == {voyage.first: 1, voyage.second: 1}


def test_a_user_is_found_in_channels_that_have_changed_their_places(voyage: Voyage) -> None:
    world = voyage.world
    user_id = world.hook().create_user("Anna", PHONES[1], voyage.second, world.project_id).id
    voyage.never_delivers()
    task = voyage.task(user_id=world.users[1])
    with pytest.raises(Killed):
        task.travel("before_post")
    task.given |= {"channel_uuid": voyage.second, "fallback": [voyage.first], "user_id": user_id}
    assert isinstance(failure(task), NoChannelWorkedError)
    assert task.arrived == {voyage.first: 1, voyage.second: 1}
    assert len(world.sandbox.conversation(PHONES[1])) == 2


@pytest.mark.parametrize("ledger", ["store", "file"])
@pytest.mark.parametrize("kill", ["after_begun", "after_post", "waiting", ""])
def test_a_fallback_that_becomes_the_first_channel_does_not_send_again(
    voyage: Voyage, ledger: str, kill: str
) -> None:
    voyage.lacks(voyage.first)
    voyage.delivers(30)
    task = voyage.task(ledger=ledger)
    outcome(lambda: task.travel(kill, voyage.second if kill != "waiting" else ""))
    voyage.world.sandbox.clear_faults()
    task.given |= {"channel_uuid": voyage.second, "fallback": [voyage.first]}
    task.clear()
    assert task.travel()["channel_uuid"] == voyage.second
    assert task.arrived == {voyage.second: 1}


def test_a_fallback_is_not_sent_through_again_where_the_channel_begun_last_is_given_up(
    voyage: Voyage,
) -> None:
    third = str(voyage.world.hook().create_channel("Third", "viber", voyage.world.project_id).uuid)
    voyage.world.sandbox.scan(third)
    voyage.never_delivers()
    voyage.lacks(voyage.first)
    task = voyage.task()
    with pytest.raises(Killed):
        task.travel("waiting")
    voyage.world.sandbox.clear_faults()
    with pytest.raises(Killed):
        task.travel("after_begun")  # of the first channel, which comes last now
    task.given |= {"channel_uuid": voyage.second, "fallback": [third]}
    assert isinstance(failure(task), NoChannelWorkedError)
    assert task.arrived == {voyage.second: 1, third: 1}


@pytest.mark.parametrize("ledger", ["store", "file"])
@pytest.mark.parametrize("kill", ["after_begun", "after_post", "waiting"])
@pytest.mark.parametrize("late", [False, True])
def test_a_channel_that_is_given_up_between_two_attempts_is_not_sent_through(
    voyage: Voyage, ledger: str, kill: str, late: bool
) -> None:
    """What was sent through it counts all the same, and else the others are tried."""
    third = str(voyage.world.hook().create_channel("Third", "viber", voyage.world.project_id).uuid)
    voyage.world.sandbox.scan(third)
    voyage.never_delivers()
    task = voyage.task(ledger=ledger)
    with pytest.raises(Killed):
        task.travel(kill)
    sent = {} if kill == "after_begun" else {voyage.first: 1}
    task.given |= {"channel_uuid": voyage.second, "fallback": [third]}
    if late and sent:
        voyage.set_status(voyage.world.sandbox.conversation(PHONES[0])[-1]["id"], "delivered")
        message = task.travel()
        assert (message["channel_uuid"], message["text"]) == (voyage.first, task.text)
        assert task.travel() == message
        assert task.arrived == sent
    else:
        error = failure(task)
        assert isinstance(error, NoChannelWorkedError)
        assert all(channel in str(error) for channel in (*sent, voyage.second, third))
        task.clear()
        failure(task)
        assert task.arrived == {**sent, voyage.second: 1, third: 1}


def test_resend_sends_once_more_for_each_clear(voyage: Voyage) -> None:
    voyage.delivers()
    task = voyage.task(on_rerun="resend")
    ids = {task.travel()["id"]}
    task.clear()
    with pytest.raises(Killed):
        task.travel("after_post")
    ids.add(task.travel()["id"])
    task.travel()
    assert len(ids) == 2
    assert task.arrived == {voyage.first: 2}


@pytest.mark.parametrize("ledger", LEDGERS)
def test_whatever_goes_wrong_nothing_is_doubled_within_a_channel(
    voyage: Voyage, ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers get lost and workers die, at random, until a message has arrived or nothing is left to try."""
    dice = Random(f"{voyage.mode} {ledger}")
    ends: Counter[str] = Counter()
    for _ in range(JOURNEYS):
        task = voyage.task(ledger=ledger, retries=20)
        with monkeypatch.context() as patch:
            delivers_through(voyage, patch, *dice.choice([(), (voyage.first,), (voyage.second,)]))
            for fault in ("cut_before", "cut_after", "html", "rate_limit", "error_after"):
                seed = dice.randrange(1000)
                voyage.world.sandbox.inject(fault, operation="send_message", probability=0.1, seed=seed)
            end = at_last(task, dice)
        assert set(task.arrived.values()) == {1}
        assert voyage.first in task.arrived
        assert isinstance(end, dict | NoChannelWorkedError), end
        if isinstance(end, NoChannelWorkedError):
            assert voyage.second in task.arrived
        ends["none" if isinstance(end, NoChannelWorkedError) else end["channel_uuid"]] += 1
        voyage.world.calm()
    assert set(ends) == {voyage.first, voyage.second, "none"}


def at_last(task: Traveller, dice: Random) -> Any:
    """Try a task, whose worker dies again and again, until it has an end; return that."""
    kills = KILLS_WITHOUT_LEDGER if task.ledger == "none" else KILLS
    for _ in range(20):
        died_at, where = dice.choice(["", "waiting", *kills]), dice.choice(["", task.second])
        end = outcome(partial(task.travel, died_at, where))
        if isinstance(end, dict | AirflowFailException):
            break
    return end


# The triggerer


@pytest.fixture
def deferring(world: World, monkeypatch: pytest.MonkeyPatch) -> Voyage:
    hurry(monkeypatch, world)
    second = str(world.hook().create_channel("Second", "telegram", world.project_id).uuid)
    world.sandbox.scan(second)
    return Voyage(world, "triggerer", world.channel["channel_uuid"], second)


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_trigger_never_sends(deferring: Voyage, ledger: str) -> None:
    deferring.never_delivers()
    task = deferring.task(ledger=ledger)
    failure(task)
    assert task.arrived == {deferring.first: 1, deferring.second: 1}
    assert len(task.deferrals) == 2
    assert len(task.by_trigger) > 5
    assert {request.split()[0] for request in task.by_trigger} == {"GET"}


def test_what_airflow_keeps_of_a_wait_is_not_personal(deferring: Voyage) -> None:
    deferring.never_delivers()
    task = deferring.task(text="Something private", name="Anna")
    failure(task)
    assert len(task.events) == 2
    kept = repr(([(waits.trigger.serialize(), waits.kwargs) for waits in task.deferrals], task.events))
    assert not [secret for secret in ("private", "Anna", PHONES[0][1:], "demo") if secret in kept]


def test_airflow_ends_no_wait_by_itself(deferring: Voyage) -> None:
    """What it ends has failed; a wait that is over has to fall back."""
    deferring.never_delivers()
    task = deferring.task()
    failure(task)
    assert [waits.timeout for waits in task.deferrals] == [None, None]
    deadlines = [waits.trigger.deadline for waits in task.deferrals]  # type: ignore[union-attr]
    assert deadlines[1] - deadlines[0] > FALLBACK_AFTER


def test_the_execution_timeout_holds_in_the_triggerer_too(deferring: Voyage) -> None:
    deferring.never_delivers()
    task = deferring.task(execution_timeout=timedelta(hours=1))
    failure(task)
    assert [waits.timeout for waits in task.deferrals] == [timedelta(hours=1)] * 2


# The person


def test_a_user_is_looked_up_for_the_phone(voyage: Voyage) -> None:
    voyage.lacks(voyage.first)
    voyage.delivers()
    task = voyage.task(user_id=voyage.world.users[1])
    message = task.travel()
    assert message["channel_uuid"] == voyage.second
    assert [line["text"] for line in voyage.world.sandbox.conversation(PHONES[1])] == [task.text]


@pytest.mark.parametrize("phone", ["", "no number"])
def test_a_user_without_a_phone_is_refused_before_anything_is_sent(voyage: Voyage, phone: str) -> None:
    registry = voyage.world.sandbox._state.messages._core.registry
    registry.users[voyage.world.users[1]].phone = phone
    error = failure(voyage.task(user_id=voyage.world.users[1]))
    assert isinstance(error, InputError)
    assert str(error).startswith("fallback: needs the person's phone")
    assert not voyage.world.sends()


def test_a_user_that_cannot_be_looked_up_is_refused_before_anything_is_sent(voyage: Voyage) -> None:
    error = failure(voyage.task(user_id=987654))
    assert isinstance(error, InputError)
    assert not voyage.world.sends()


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
    voyage: Voyage, remembered: tuple[str, Callable[[], str]]
) -> None:
    place, kept = remembered
    voyage.lacks(voyage.first)
    voyage.delivers()
    voyage.task(remember_in=place).travel()
    assert voyage.second in kept()
    assert PHONES[0][1:] not in kept()
    voyage.world.sandbox.clear_faults()
    again = voyage.task(remember_in=place)
    assert again.travel()["channel_uuid"] == voyage.second
    assert again.arrived == {voyage.second: 1}
    stranger = voyage.task(remember_in=place, phone=PHONES[1])
    assert stranger.travel()["channel_uuid"] == voyage.first


def test_what_works_no_more_is_replaced(voyage: Voyage, remembered: tuple[str, Callable[[], str]]) -> None:
    place, kept = remembered
    voyage.delivers()
    voyage.lacks(voyage.first)
    voyage.task(remember_in=place).travel()
    voyage.world.sandbox.clear_faults()
    voyage.lacks(voyage.second)
    task = voyage.task(remember_in=place)
    assert task.travel()["channel_uuid"] == voyage.first
    assert (voyage.first in kept(), voyage.second in kept()) == (True, False)


def test_a_retry_stays_on_the_way_that_it_has_begun(
    voyage: Voyage, remembered: tuple[str, Callable[[], str]]
) -> None:
    """Another task learns meanwhile that the second channel works."""
    place, _ = remembered
    voyage.delivers(30)
    task = voyage.task(remember_in=place)
    with pytest.raises(Killed):
        task.travel("waiting")
    voyage.lacks(voyage.first)
    voyage.task(remember_in=place).travel()
    voyage.world.sandbox.clear_faults()
    assert task.travel()["channel_uuid"] == voyage.first
    assert task.arrived == {voyage.first: 1}


def test_what_the_first_channel_does_is_nothing_to_remember(
    voyage: Voyage, remembered: tuple[str, Callable[[], str]]
) -> None:
    place, kept = remembered
    voyage.delivers()
    voyage.task(remember_in=place).travel()
    assert kept() == ""


@pytest.mark.parametrize("broken", ["[1]", "no json"])
def test_a_memory_that_fails_fails_nothing(
    voyage: Voyage, broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task_log: Callable[[], str]
) -> None:
    voyage.lacks(voyage.first)
    voyage.delivers()
    set_to: list[str] = []
    monkeypatch.setattr(Variable, "get", staticmethod(lambda *_, **__: broken))
    monkeypatch.setattr(Variable, "set", staticmethod(lambda *_, **__: set_to.append("something")))
    assert voyage.task(remember_in="wahelp_channels").travel()["channel_uuid"] == voyage.second
    assert set_to == []  # it may be somebody else's
    said = task_log()
    assert ("cannot be looked up" in said, "cannot be kept" in said) == (True, True)
    (tmp_path / "taken").write_text("a file in its way")
    assert voyage.task(remember_in=f"file://{tmp_path}/taken").travel()["channel_uuid"] == voyage.second
    assert "cannot be kept" in task_log()


def test_a_variable_that_somebody_has_made_keeps_what_it_holds(
    voyage: Voyage, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"place": json.dumps({"other": "word"})}
    monkeypatch.setattr(Variable, "get", staticmethod(lambda key, default=None: kept.get(key, default)))
    monkeypatch.setattr(Variable, "set", staticmethod(kept.__setitem__))
    voyage.lacks(voyage.first)
    voyage.delivers()
    voyage.task(remember_in="place").travel()
    held = json.loads(kept["place"])
    assert held.pop("other") == "word"
    assert list(held.values()) == [voyage.second]


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


def test_templates_are_rendered(voyage: Voyage) -> None:
    given = {
        "wait_for": "{{ params.wait_for }}",
        "wait_timeout": "{{ params.seconds }}",
        "poll_interval": "{{ params.seconds }}",
        "fallback": ["{{ params.channel }}"],
        "fallback_after": "{{ params.seconds }}",
        "remember_in": "{{ params.place }}",
    }
    task = SendMessageOperator(task_id="send", text="Hello", user_id=1, **given)
    params = {"wait_for": "read", "seconds": 60, "channel": voyage.second, "place": "s3://bucket/known"}
    task.render_template_fields({"params": params})
    assert {name: getattr(task, name) for name in given} == {
        "wait_for": "read",
        "wait_timeout": "60",
        "poll_interval": "60",
        "fallback": [voyage.second],
        "fallback_after": "60",
        "remember_in": "s3://bucket/known",
    }
    assert task._wait_options().fallback_after == 60


def test_a_phone_is_in_no_log(voyage: Voyage, task_log: Callable[[], str]) -> None:
    logging.getLogger("airflow_provider_wahelp").setLevel("INFO")
    voyage.never_delivers()
    failure(voyage.task(text="Something private", name="Anna"))
    said = task_log()
    assert voyage.second in said
    assert not [secret for secret in ("private", "Anna", PHONES[0][1:]) if secret in said]

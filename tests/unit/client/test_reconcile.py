"""Whether a call of unknown outcome was carried out."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors, messages, operations

from .script import (
    ADD,
    CONTACT,
    GET_CHANNEL,
    HISTORY,
    IN_C,
    LOOKS,
    LOST,
    NOW,
    SEND,
    SHOPS,
    THE_CHANNEL,
    contact,
    data,
    ensure,
    fails,
    outcome,
    past,
    play,
    send,
)
from .wire import TEXT

BEFORE = {**past("an earlier one", NOW - 60), "id": 1}
"""With it, the history reaches back to when the send was begun."""


@pytest.mark.parametrize(
    "there",
    [past(), past(f"  {TEXT}\r\n"), past(at=NOW + 1)],
    ids=["itself", "trimmed", "later"],
)
def test_a_lost_answer_is_looked_up_and_the_message_not_sent_again(there: Any) -> None:
    script = [(SEND, LOST), (HISTORY, data([])), (HISTORY, data([there], has_more=True))]
    assert play(send(), *script).id == 7


@pytest.mark.parametrize(
    "there",
    [past("another"), past(at=NOW - 60), past(user_id=6), past(destination="from")],
    ids=["text", "time", "person", "direction"],
)
def test_a_message_that_is_another_is_not_taken_for_it(there: Any) -> None:
    looks = [(HISTORY, data([there, BEFORE], has_more=False))] * LOOKS
    assert play(send(), (SEND, LOST), *looks, (SEND, data({"id": 8}))).id == 8


@pytest.mark.parametrize("words", ["_Message deleted_", "_Сообщение удалено_", "Это сообщение удалено."])
def test_a_message_that_was_deleted_leaves_it_unclear(words: str) -> None:
    looks = [(HISTORY, data([past(words)], has_more=False))] * LOOKS
    error = outcome(send(), (SEND, LOST), *looks)
    assert type(error) is errors.UnknownOutcomeError
    assert error.may_have_happened


def test_a_message_that_shows_up_behind_a_deleted_one_is_found() -> None:
    deleted = {**past("_Message deleted_"), "id": 8}
    script = [(HISTORY, data([deleted], has_more=False)), (HISTORY, data([deleted, past()], has_more=False))]
    assert play(send(), (SEND, LOST), *script).id == 7


def test_a_message_that_is_known_to_be_another_is_not_taken_for_it() -> None:
    sending = messages.send_to(messages.Recipient(1, "c", 5), TEXT, others={7})
    looks = [(HISTORY, data([past(), BEFORE], has_more=False))] * LOOKS
    assert play(sending, (SEND, LOST), *looks, (SEND, data({"id": 8}))).id == 8


def test_what_never_arrives_may_still_show_up_after_the_last_attempt() -> None:
    looks = [(HISTORY, data([], has_more=False))] * LOOKS
    error = outcome(send(), *[(SEND, LOST), *looks] * 3)
    assert type(error) is errors.ServerError
    assert error.may_have_happened


def test_a_history_that_cannot_be_read_leaves_it_unclear() -> None:
    error = outcome(send(), (SEND, LOST), (HISTORY, fails(403)))
    assert type(error) is errors.UnknownOutcomeError
    assert not error.temporary
    assert "user 5 through channel c" in str(error)


def test_the_history_is_read_back_to_when_it_was_begun_by_a_clock_that_may_have_been_set_back() -> None:
    recent = [past("another", NOW + 5), past("another", NOW - 9)]
    older = [past("another", NOW - 290), past("another", NOW - 310)]
    pages = [(HISTORY, data([{**entry, "id": number} for number, entry in enumerate(recent)], has_more=True))]
    pages.append((HISTORY, data([{**entry, "id": 9 + n} for n, entry in enumerate(older)], has_more=True)))
    assert play(send(), (SEND, LOST), *pages * LOOKS, (SEND, data({"id": 8}))).id == 8


def test_what_was_created_before_its_answer_was_lost_is_found() -> None:
    empty, there = ("GET projects", data([])), ("GET projects", SHOPS)
    script = [("POST projects", LOST), empty, there]
    assert play(operations.ensure_project("Shop"), empty, *script).id == 2


def test_another_of_the_same_name_is_told_from_the_one_just_created() -> None:
    before, after = data([{"id": 2, "name": "Shop"}]), SHOPS
    script = [("GET projects", before), ("POST projects", LOST), ("GET projects", after)]
    assert play(operations.ensure_project("Shop", "create"), *script).id == 3


def test_what_was_not_created_is_created_again() -> None:
    empty = ("GET projects", data([]))
    script = [empty, ("POST projects", LOST), empty, empty, ("POST projects", data({"id": 9}))]
    assert play(operations.ensure_project("Shop"), *script).id == 9


def test_without_a_list_there_is_no_telling_what_was_created() -> None:
    gone = ("GET projects", fails(404))
    error = outcome(operations.ensure_project("Shop"), gone, ("POST projects", LOST), gone)
    assert type(error) is errors.UnknownOutcomeError


def test_a_person_whose_addition_was_lost_is_found() -> None:
    script = [(CONTACT, contact()), (ADD, LOST), (CONTACT, contact(IN_C)), (GET_CHANNEL, THE_CHANNEL)]
    assert play(ensure(), *script).id == 5

"""Finding a person in a channel, or adding them to it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors, users
from airflow_provider_wahelp.client.answers import Answer
from airflow_provider_wahelp.client.models import User

from .script import (
    ADD,
    ANNA,
    BORIS,
    CHANNEL,
    CHANNELS,
    CONTACT,
    GET_CHANNEL,
    IN_C,
    IN_D,
    NO_MESSENGER,
    NOT_THERE,
    SEND,
    THE_CHANNEL,
    USERS,
    contact,
    data,
    ensure,
    fails,
    outcome,
    play,
    send,
)
from .wire import PHONE


def find() -> Any:
    return users.find_user(1, "c", PHONE)


def test_a_person_is_found_by_the_contact_and_the_channel() -> None:
    found = play(find(), (CONTACT, contact(IN_D, IN_C)), (GET_CHANNEL, THE_CHANNEL))
    assert found == User(id=5, channel_id=20, contact_id=7, name="Анна", phone="79161234567")


@pytest.mark.parametrize(
    "answered", [data(None), data({}), data([]), contact()], ids=["null", "empty", "list", "no-users"]
)
def test_a_contact_without_users_is_nobody(answered: Answer) -> None:
    assert play(find(), (CONTACT, answered)) is None


def test_a_contact_of_other_channels_is_nobody_here() -> None:
    assert play(find(), (CONTACT, contact(IN_D)), (GET_CHANNEL, THE_CHANNEL)) is None


@pytest.mark.parametrize("user", [{"id": 6}, IN_D], ids=["user-without-channel", "user-of-another"])
def test_a_channel_without_a_number_is_not_taken_for_every_channel(user: dict[str, Any]) -> None:
    nameless = (GET_CHANNEL, data({"uuid": "c"}))
    assert play(find(), (CONTACT, contact(user)), nameless, (USERS, data([ANNA]))).id == 5


def test_a_channel_that_cannot_be_read_is_searched_through() -> None:
    script = [(CONTACT, contact(IN_C)), (GET_CHANNEL, fails()), (CHANNELS, fails()), (USERS, data([ANNA]))]
    assert play(find(), *script).id == 5


@pytest.mark.parametrize("status", [404, 405, 422, 501])
def test_a_server_without_the_look_up_has_its_whole_list_read(status: int) -> None:
    pages = [(USERS, data([BORIS], has_more=True)), (USERS, data([ANNA], has_more=True))]
    assert play(find(), (CONTACT, fails(status)), *pages).id == 5


@pytest.mark.parametrize(("page", "found"), [([BORIS], None), ([BORIS, ANNA], 5)], ids=["absent", "present"])
def test_an_answer_that_there_is_no_contact_is_checked_on_one_page(page: Any, found: int | None) -> None:
    user = play(find(), (CONTACT, NOT_THERE), (USERS, data(page, has_more=True)))
    assert (user and user.id) == found


def test_without_look_up_and_list_there_is_nobody() -> None:
    assert play(find(), (CONTACT, fails()), (USERS, fails())) is None


@pytest.mark.parametrize("phone", ["79161234567", "+79161234567", "+7 (916) 123-45-67", 79161234567])
def test_phones_are_compared_by_digits(phone: Any) -> None:
    assert play(find(), (CONTACT, fails()), (USERS, data([{"id": 1}, {"id": 5, "phone": phone}]))).id == 5


@pytest.mark.parametrize("failure", [fails(403), fails(429), fails(500)], ids=["403", "429", "500"])
def test_a_look_up_that_failed_is_not_taken_for_nobody(failure: Answer) -> None:
    outcome(find(), (CONTACT, failure))


def test_a_person_who_is_there_is_reused_with_all_fields() -> None:
    nameless = data({"id": 7, "users": [IN_C]})
    script = [(CONTACT, nameless), (GET_CHANNEL, THE_CHANNEL)]
    full = (f"GET {CHANNEL}/users/5", data({"id": 5, "name": "Анна"}))
    assert play(ensure(), *script, full).name == "Анна"
    assert play(ensure(), *script, (full[0], fails())).id == 5
    assert play(ensure(complete=False), *script).id == 5


def test_a_person_who_is_there_fails_when_asked_to() -> None:
    error = outcome(ensure("fail"), (CONTACT, contact(IN_C)), (GET_CHANNEL, THE_CHANNEL))
    assert type(error) is errors.ExistsError
    assert "9161234567" not in str(error)


@pytest.mark.parametrize("if_exists", ["reuse", "fail"])
def test_a_person_who_is_not_there_is_added(if_exists: str) -> None:
    assert play(ensure(if_exists), (CONTACT, contact()), (ADD, data({"id": 9}))).id == 9


def test_a_person_is_added_without_a_look_when_asked_to() -> None:
    assert play(ensure("create"), (ADD, data({"id": 9}))).id == 9


EXISTS = fails(422, {"success": False, "message": f"{PHONE} already exists"})


def test_a_person_whom_the_server_says_to_have_is_searched_for() -> None:
    script = [(CONTACT, contact()), (ADD, EXISTS), (GET_CHANNEL, THE_CHANNEL)]
    assert play(ensure(), *script, (USERS, data([ANNA]))).id == 5
    error = outcome(ensure(), *script, (USERS, data([])))
    assert error.words == "*** already exists"


@pytest.mark.parametrize(
    "named",
    [
        {"data": {"id": 5}},
        {"errors": {"phone": ["taken"], "user_id": ["5"]}},
        {"error": [{"existing_id": 5}]},
    ],
    ids=["data", "errors", "nested"],
)
def test_a_person_whom_the_server_names_is_asked_for_alone(named: Any) -> None:
    exists = fails(422, {"success": False, "message": "exists", **named})
    script = [(CONTACT, contact()), (ADD, exists)]
    assert play(ensure(), *script, (f"{USERS}/5", data(ANNA))).id == 5


@pytest.mark.parametrize("answered", [fails(), data({**ANNA, "phone": "79990000000"}), data({"id": 5})])
def test_who_is_named_and_is_another_is_searched_for(answered: Answer) -> None:
    exists = fails(422, {"success": False, "data": {"id": 5}})
    script = [(CONTACT, contact()), (ADD, exists), (f"{USERS}/5", answered), (GET_CHANNEL, THE_CHANNEL)]
    assert play(ensure(), *script, (USERS, data([{**ANNA, "id": 6}]))).id == 6


def test_a_person_whom_the_server_names_fails_when_asked_to() -> None:
    exists = fails(422, {"success": False, "data": {"id": 5}})
    script = [(CONTACT, contact()), (ADD, exists), (f"{USERS}/5", data(ANNA))]
    assert type(outcome(ensure("fail"), *script)) is errors.ExistsError


def test_a_refused_addition_is_final_where_reuse_is_not_wanted() -> None:
    assert type(outcome(ensure("create"), (ADD, EXISTS), (GET_CHANNEL, THE_CHANNEL))) is errors.RejectedError


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ([(GET_CHANNEL, THE_CHANNEL)], errors.MessengerMissingError),
        ([(GET_CHANNEL, data({"id": 20, "active": False}))], errors.ChannelNotActiveError),
        ([(GET_CHANNEL, fails(500))], errors.MessengerMissingError),
        ([(GET_CHANNEL, fails()), (CHANNELS, data([]))], errors.MessengerMissingError),
        (
            [(GET_CHANNEL, fails()), (CHANNELS, data([{"uuid": "c", "active": 0}]))],
            errors.ChannelNotActiveError,
        ),
    ],
    ids=["active", "inactive", "unreadable", "nowhere", "inactive-in-the-list"],
)
@pytest.mark.parametrize(
    "body", [{"success": False, "message": NO_MESSENGER}, {"error": {"phone": [NO_MESSENGER]}}]
)
def test_the_channel_is_looked_at_before_the_person_is_blamed(channel: Any, kind: Any, body: Any) -> None:
    for conversation, made in [
        (ensure("create"), ADD),
        (send(), SEND),
    ]:
        error = outcome(conversation, (made, fails(422, body)), *channel)
        assert (type(error), error.words, error.status, error.payload) == (kind, NO_MESSENGER, 422, body)

# ruff: noqa: RUF001 - the API speaks Russian
"""What takes more than one call, played against scripted answers: no client, no wire."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from typing import Any

import pytest

from airflow_provider_wahelp.client import calls, errors, messages, operations
from airflow_provider_wahelp.client.answers import Answer
from airflow_provider_wahelp.client.flow import Pause, ServerTime
from airflow_provider_wahelp.client.models import MOSCOW, User
from airflow_provider_wahelp.client.server_clock import Moment

from .wire import PHONE, TEXT, Blocking, Wire, answer, ok, says

NOW = 1_800_000_000.0
CHANNEL = "projects/1/channels/c"
CONTACT, USERS, SEND = "POST contact_by_phone", f"GET {CHANNEL}/users", f"POST {CHANNEL}/send_message/5"
GET_CHANNEL, CHANNELS, ADD = f"GET {CHANNEL}", "GET projects/1/channels", f"POST {CHANNEL}/users"
NO_MESSENGER = "У номера нет нужного мессенджера"


def data(value: Any, **beside: Any) -> Answer:
    return answer({"success": True, "data": value, **beside})


def fails(status: int = 404, body: Any = b"<html>") -> Answer:
    return answer(body, status)


NOT_THERE = fails(404, {"success": False, "message": "Not found"})


def play(conversation: Generator[Any, Any, Any], *script: tuple[str, Answer]) -> Any:
    """Insist on these calls in this order, and return the outcome."""
    left = list(script)

    def reply(call: Any) -> Any:
        if isinstance(call, Pause):
            return None
        if isinstance(call, ServerTime):
            return Moment(NOW)
        made = f"{call.method} {call.path}".replace("projects/1/contacts/", "")
        assert left, f"one call too many: {made}"
        expected, scripted = left.pop(0)
        assert made == expected
        return call.result(scripted)

    try:
        call = next(conversation)
        while True:
            try:
                result = reply(call)
            except errors.WahelpError as error:
                call = conversation.throw(error)
            else:
                call = conversation.send(result)
    except StopIteration as stop:
        assert not left, f"calls not made: {left}"
        return stop.value


def send() -> Any:
    return messages.send_to(messages.Recipient(1, "c", 5), TEXT)


def outcome(conversation: Generator[Any, Any, Any], *script: tuple[str, Answer]) -> errors.WahelpError:
    with pytest.raises(errors.WahelpError) as caught:
        play(conversation, *script)
    return caught.value


# Projects and channels.

SHOPS = data([{"id": 1, "name": "shop"}, {"id": 2, "name": "Shop"}, {"id": 3, "name": "Shop"}])


def test_a_project_of_the_same_name_is_reused() -> None:
    assert play(operations.ensure_project("Shop"), ("GET projects", SHOPS)).id == 2


@pytest.mark.parametrize(
    "listed", [data([]), data(None), fails(404), fails(405)], ids=["none", "null", "404", "405"]
)
def test_a_project_that_is_not_there_is_created(listed: Answer) -> None:
    made = play(
        operations.ensure_project("Shop"), ("GET projects", listed), ("POST projects", data({"id": 9}))
    )
    assert made.id == 9


def test_every_page_is_looked_through_before_a_project_is_created() -> None:
    script = [("GET projects", data([{"id": 1, "name": "a"}], has_more=True)), ("GET projects", SHOPS)]
    assert play(operations.ensure_project("Shop"), *script).id == 2


def test_a_project_is_created_beside_another_of_its_name_when_asked_to() -> None:
    script = (("GET projects", SHOPS), ("POST projects", data({"id": 9})))
    assert play(operations.ensure_project("Shop", "create"), *script).id == 9


def test_a_project_that_exists_fails_when_asked_to() -> None:
    assert (
        type(outcome(operations.ensure_project("Shop", "fail"), ("GET projects", SHOPS)))
        is errors.ExistsError
    )
    empty = (("GET projects", data([])), ("POST projects", data({"id": 9})))
    assert play(operations.ensure_project("Shop", "fail"), *empty).id == 9


def test_a_list_that_cannot_be_read_is_no_reason_to_create() -> None:
    error = outcome(operations.ensure_project("Shop"), ("GET projects", fails(403)))
    assert type(error) is errors.ForbiddenError


@pytest.mark.parametrize(
    ("listed", "uuid"),
    [
        ([{"uuid": "a"}, {"uuid": "b", "active": True}], "b"),
        ([{"id": 1, "active": True}, {"uuid": "b"}], "b"),
        ([{"uuid": "a", "type": "telegram"}, {"uuid": "b", "type": "WhatsApp"}], "b"),
        ([{"uuid": "a", "name": "M"}, {"uuid": "b"}], "b"),
    ],
    ids=["active-first", "without-uuid-last", "type-in-any-case", "name"],
)
def test_the_best_channel_of_a_name_is_reused(listed: list[dict[str, Any]], uuid: str) -> None:
    entries = [{"name": "N", "type": "whatsapp", **entry} for entry in listed]
    assert play(operations.ensure_channel(1, "N", "whatsapp"), (CHANNELS, data(entries))).uuid == uuid


def test_a_channel_without_a_uuid_cannot_be_reused_and_is_not_doubled() -> None:
    listed = data([{"id": 1, "name": "N", "type": "whatsapp"}])
    error = outcome(operations.ensure_channel(1, "N", "whatsapp"), (CHANNELS, listed))
    assert isinstance(error, errors.InputError)


@pytest.mark.parametrize("if_exists", ["reuse", "fail", "create"])
def test_a_channel_that_is_not_there_is_created(if_exists: Any) -> None:
    script = [(CHANNELS, data([])), ("POST projects/1/channels", data({"id": 2, "uuid": "u"}))]
    assert play(operations.ensure_channel(1, "N", "whatsapp", if_exists), *script).uuid == "u"


def test_a_channel_that_exists_fails_when_asked_to() -> None:
    listed = data([{"uuid": "a", "name": "N", "type": "whatsapp"}])
    error = outcome(operations.ensure_channel(1, "N", "whatsapp", "fail"), (CHANNELS, listed))
    assert type(error) is errors.ExistsError


def test_a_channel_is_found_in_the_list_where_it_cannot_be_read_alone() -> None:
    listed = data([{"id": 1}, {"id": 2, "uuid": "c"}])
    assert play(operations.get_channel(1, "c"), (GET_CHANNEL, fails(405)), (CHANNELS, listed)).id == 2


@pytest.mark.parametrize("listed", [data([]), data([{"id": 1, "uuid": "d"}]), fails(404)])
def test_a_channel_that_is_nowhere_does_not_exist(listed: Answer) -> None:
    error = outcome(operations.get_channel(1, "c"), (GET_CHANNEL, NOT_THERE), (CHANNELS, listed))
    assert (type(error), error.words) == (errors.NotFoundError, "Not found")


# People.


def contact(*users: dict[str, Any]) -> Answer:
    return data({"id": 7, "name": "Анна", "users": list(users)})


IN_C, IN_D = {"id": 5, "channel_id": 20}, {"id": 6, "channel_id": 30}
THE_CHANNEL = data({"id": 20, "uuid": "c", "active": True})
ANNA, BORIS = {"id": 5, "phone": "79161234567"}, {"id": 8, "phone": "79031112233"}


def find() -> Any:
    return operations.find_user(1, "c", PHONE)


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


def ensure(if_exists: Any = "reuse", **options: Any) -> Any:
    return operations.ensure_user(1, "c", "Анна", PHONE, if_exists, **options)


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


@pytest.mark.parametrize("status", [401, 403, 404, 429])
def test_nothing_but_a_refusal_makes_one_look_at_the_channel(status: int) -> None:
    outcome(send(), (SEND, fails(status)))


# Sending.


@pytest.mark.parametrize(
    ("answered", "text", "user_id"),
    [
        ({"id": 1, "status": "sent"}, TEXT, 5),
        ({"id": 1, "text": "as sent", "user_id": 6}, "as sent", 6),
        ({"id": 1, "message": "as sent", "destination": "from_whatsapp"}, "as sent", 5),
    ],
)
def test_what_was_sent_is_known_whatever_is_answered(answered: Any, text: str, user_id: int) -> None:
    sent = play(send(), (SEND, data(answered)))
    assert (sent.id, sent.text, sent.user_id, sent.direction) == (1, text, user_id, "outgoing")


def test_a_phone_is_written_to_through_the_user_found_or_added() -> None:
    def send_to_phone() -> Any:
        return messages.send_to(messages.Recipient(1, "c", phone=PHONE, name="Анна"), TEXT)

    sent = (SEND, data({"id": 1}))
    assert play(send_to_phone(), (CONTACT, contact(IN_C)), (GET_CHANNEL, THE_CHANNEL), sent).user_id == 5
    assert play(send_to_phone(), (CONTACT, contact()), (ADD, data({"id": 5})), sent).user_id == 5
    nobody = {"channel_id": 20}
    error = outcome(send_to_phone(), (CONTACT, contact(nobody)), (GET_CHANNEL, THE_CHANNEL))
    assert "9161234567" not in str(error)


# Outcomes that are not known.

HISTORY = f"GET {CHANNEL}/messages"


def past(text: str = TEXT, at: float = NOW, user_id: int = 5, destination: str = "from_operator") -> Any:
    time = datetime.fromtimestamp(at, MOSCOW).strftime("%Y-%m-%d %H:%M:%S")
    return {"id": 7, "message": text, "created_at": time, "user_id": user_id, "destination": destination}


LOST = fails(502)
LOOKS = 4


@pytest.mark.parametrize(
    "there", [past(), past(f"  {TEXT}\r\n"), past(at=NOW + 60)], ids=["itself", "trimmed", "later"]
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
    looks = [(HISTORY, data([there], has_more=False))] * LOOKS
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
    looks = [(HISTORY, data([past()], has_more=False))] * LOOKS
    assert play(sending, (SEND, LOST), *looks, (SEND, data({"id": 8}))).id == 8


def test_what_never_arrives_is_given_up_as_not_sent() -> None:
    looks = [(HISTORY, data([], has_more=False))] * LOOKS
    error = outcome(send(), *[(SEND, LOST), *looks] * 3)
    assert type(error) is errors.ServerError
    assert error.may_have_happened is False


def test_a_history_that_cannot_be_read_leaves_it_unclear() -> None:
    error = outcome(send(), (SEND, LOST), (HISTORY, fails(403)))
    assert type(error) is errors.UnknownOutcomeError
    assert not error.temporary
    assert "user 5 through channel c" in str(error)


def test_the_history_is_read_back_to_when_it_was_begun() -> None:
    recent = [past("another", NOW + 5), past("another", NOW)]
    older = [past("another", NOW - 1), past("another", NOW - 9)]
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


# Webhooks.

HOOKS, URL = "projects/1/webhooks/", "https://example.com/in?token=s3cret"


@pytest.mark.parametrize("listed", [data([]), fails(404), data([{"uuid": "w", "url": "https://b.test"}])])
def test_a_webhook_that_is_not_there_is_added(listed: Answer) -> None:
    made = play(
        operations.ensure_webhook(1, URL, ["channel"]), (f"GET {HOOKS}", listed), (f"POST {HOOKS}", data({}))
    )
    assert made.url == URL


def test_a_webhook_of_the_same_address_is_not_added_again() -> None:
    listed = data([{"url": "https://b.test"}, {"url": URL}])
    assert play(operations.ensure_webhook(1, URL, ["channel"]), (f"GET {HOOKS}", listed)).url == URL


# Both clients hold the conversation.


def test_a_client_performs_a_conversation_and_hands_errors_into_it(client: Blocking, wire: Wire) -> None:
    wire.will(says(status=404), ok([ANNA]))
    found = client.run(operations.find_user(1, "c", PHONE))
    assert (found.id, len(wire.calls)) == (5, 2)
    wire.will(says(status=403))
    with pytest.raises(errors.ForbiddenError):
        client.run(operations.once(calls.get_account()))
    assert client.run(operations.once(calls.get_account())).id == 1

"""Changing and removing what there is: what is sent, and when something counts as gone."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.models import Message, User
from airflow_provider_wahelp.client.platform import people
from airflow_provider_wahelp.client.platform import people_flows as flows
from tests.unit.client.script import CHANNEL, NOT_THERE, data, fails, outcome, play
from tests.unit.client.wire import PHONE, TEXT, answer

P = "projects/1"
CASCADE = f"POST {P}/send_message_cascade/"


@pytest.mark.parametrize(
    ("call", "line", "json", "repeatable"),
    [
        (people.edit_message(1, "c", 9, TEXT), f"PUT {CHANNEL}/messages/9", {"text": TEXT}, True),
        (people.delete_message(1, "c", "../9"), f"DELETE {CHANNEL}/messages/..%2F9", None, True),
        (people.update_user(1, "c", 5, {"name": "Anna"}), f"PUT {CHANNEL}/users/5", {"name": "Anna"}, True),
        (people.delete_user(1, "c", 5), f"DELETE {CHANNEL}/users/5", None, True),
        (people.update_channel(1, "c", {"name": "Support"}), f"PUT {CHANNEL}", {"name": "Support"}, True),
        (people.delete_channel(1, "c"), f"DELETE {CHANNEL}", None, True),
        (people.block_contact(1, 8, blocked=True), f"POST {P}/contacts/8/block", None, True),
        (people.block_contact(1, 8, blocked=False), f"POST {P}/contacts/8/unblock", None, True),
        (people.import_contacts(1, "c"), f"POST {CHANNEL}/import_contacts", None, False),
        (people.list_lost_messages(1, 2), f"GET {P}/lost_messages", None, True),
        (people.get_cascade(1), f"GET {P}/config/cascade", None, True),
        (people.set_cascade(1, ["c"]), f"PUT {P}/config/cascade", ["c"], True),
        (people.send_cascade(1, PHONE, TEXT, {}), CASCADE, {"phone": PHONE, "text": TEXT}, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_call_is_what_the_list_says(call: Call[Any], line: str, json: Any, repeatable: bool) -> None:
    assert (f"{call.method} {call.path}", call.json, call.repeatable) == (line, json, repeatable)
    assert call.project_id == 1
    sent = [value for value in (json if isinstance(json, dict) else {}).values() if isinstance(value, str)]
    with pytest.raises(errors.RejectedError) as caught:
        call.result(answer({"success": False, "message": f"bad: {' '.join(sent)}"}, 422))
    for private in sent:
        assert private.lstrip("+") not in f"{call!r} {call.what} {caught.value}"


@pytest.mark.parametrize("told", [None, [], "ok", {"id": 9}, {"message": TEXT}, {"text": TEXT, "id": "9"}])
def test_what_was_changed_is_what_was_asked_for_whatever_is_answered(told: Any) -> None:
    changed = people.edit_message(1, "c", 9, TEXT).result(data(told))
    assert (changed.id, changed.text) == (9, TEXT)
    if not isinstance(told, dict):
        assert people.update_user(1, "c", 5, {"name": "A"}).result(data(told)) == User(id=5, name="A")
        assert people.send_cascade(1, PHONE, TEXT, {}).result(data(told)) == Message()


GONE = f"DELETE {CHANNEL}/users/5", f"GET {CHANNEL}/users/5", f"GET {CHANNEL}"


def test_what_is_deleted_is_gone() -> None:
    assert play(flows.delete_user(1, "c", 5), (GONE[0], data([]))) is True


def test_what_is_not_there_is_no_error_where_the_rest_can_be_read() -> None:
    script = (GONE[0], NOT_THERE), (GONE[1], NOT_THERE), (GONE[2], data({"uuid": "c"}))
    assert play(flows.delete_user(1, "c", 5), *script) is False


@pytest.mark.parametrize("missing", [fails(404), fails(405), fails(501)])
def test_an_operation_that_there_is_not_deletes_nothing(missing: Any) -> None:
    error = outcome(flows.delete_user(1, "c", 5), (GONE[0], missing), (GONE[1], data({"id": 5})))
    assert type(error) is errors.NotFoundError
    assert "delete user 5" in str(error)


def test_a_channel_that_there_is_not_has_lost_nobody() -> None:
    script = [(line, NOT_THERE) for line in GONE]
    assert "read channel c" in str(outcome(flows.delete_user(1, "c", 5), *script))


def test_a_channel_is_deleted_by_uuid_and_name() -> None:
    there = (f"GET {CHANNEL}", data({"uuid": "c", "name": "Support"}))
    assert play(flows.delete_channel(1, "c", "Support "), there, (f"DELETE {CHANNEL}", data([]))) is True
    error = outcome(flows.delete_channel(1, "c", "Sales"), there)
    assert str(error) == "name: must be the name of channel c: what is deleted is gone"


def test_a_lost_answer_of_the_cascade_leaves_it_open() -> None:
    def send() -> Any:
        return flows.send_cascade(1, PHONE, TEXT, {})

    lost = outcome(send(), (CASCADE, fails(502)))
    assert type(lost) is errors.UnknownOutcomeError
    assert lost.temporary is False  # no task repeats it
    refused = outcome(send(), (CASCADE, fails(422)))
    assert type(refused) is errors.RejectedError

"""Changing and removing messages, users, contacts and channels, through both hooks, against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.sandbox import Sandbox

PHONE = "+71234567890"
DIGITS = PHONE[1:]


@pytest.fixture
def anna(hook: Any, channel: dict[str, Any]) -> Any:
    return hook.create_user("Anna", PHONE, **channel)


def test_a_message_is_edited_and_taken_back(
    hook: Any, channel: dict[str, Any], anna: Any, wahelp_sandbox: Sandbox
) -> None:
    sent = hook.send_message("At nine", anna.id, **channel)
    assert hook.edit_message(sent.id, "At ten", **channel).text == "At ten"
    assert [line["text"] for line in wahelp_sandbox.conversation(DIGITS)] == ["At ten"]
    assert hook.delete_message(sent.id, **channel) is True
    assert wahelp_sandbox.conversation(DIGITS)[0]["text"] == "_Message deleted_"
    assert hook.delete_message(999, **channel) is False
    with pytest.raises(errors.InputError, match=r"^text: must be a text"):
        hook.edit_message(sent.id, " ", **channel)


def test_a_user_is_renamed_and_removed(hook: Any, channel: dict[str, Any], anna: Any) -> None:
    assert hook.update_user(anna.id, "Анна", **channel).name == "Анна"
    assert [user.name for user in hook.list_users(**channel)] == ["Анна"]
    with pytest.raises(errors.InputError, match=r"^name, fields: one of the two must be given"):
        hook.update_user(anna.id, **channel)
    assert hook.delete_user(anna.id, **channel) is True
    assert hook.delete_user(anna.id, **channel) is False
    assert hook.find_user(PHONE, **channel) is None
    again = hook.create_user("Anna", PHONE, **channel)
    assert again.id != anna.id
    assert hook.delete_user(phone="7 123 456-78-90", **channel) is True
    assert hook.delete_user(phone=PHONE, **channel) is False
    with pytest.raises(errors.InputError, match=r"^user_id, phone: exactly one"):
        hook.delete_user(anna.id, PHONE, **channel)


def test_a_lost_answer_to_a_delete_is_repeated(
    hook: Any, channel: dict[str, Any], anna: Any, wahelp_sandbox: Sandbox
) -> None:
    wahelp_sandbox.inject("cut_after", operation="delete_user", count=1)
    assert hook.delete_user(anna.id, **channel) is False  # the first request has removed them
    assert list(hook.list_users(**channel)) == []


def test_a_channel_is_renamed_and_removed_by_its_name(hook: Any, channel: dict[str, Any]) -> None:
    uuid, project = channel["channel_uuid"], channel["project_id"]
    assert hook.update_channel("Sales", **channel).name == "Sales"
    with pytest.raises(errors.InputError, match=r"^name: must be the name of channel"):
        hook.delete_channel(uuid, "Support", project)
    assert hook.delete_channel(uuid, "Sales", project) is True
    assert hook.delete_channel(uuid, "Sales", project) is False
    assert list(hook.list_channels(project)) == []
    with pytest.raises(errors.NotFoundError):
        hook.delete_channel(uuid, "Sales", 999)


def test_nobody_writes_to_a_blocked_contact(hook: Any, channel: dict[str, Any], anna: Any) -> None:
    project = channel["project_id"]
    assert hook.block_contact(phone=PHONE, project_id=project) == anna.contact_id
    assert hook.find_user(PHONE, **channel).blocked is True
    with pytest.raises(errors.RejectedError):
        hook.send_message("Hello", anna.id, **channel)
    assert hook.unblock_contact(anna.contact_id, project_id=project) == anna.contact_id
    assert hook.send_message("Hello", anna.id, **channel).id
    with pytest.raises(errors.NotFoundError, match=r"look .* up in project"):
        hook.block_contact(phone="+79990000000", project_id=project)
    with pytest.raises(errors.InputError, match=r"^contact_id, phone: exactly one"):
        hook.block_contact(project_id=project)


def test_contacts_are_imported_and_lost_messages_listed(
    hook: Any, channel: dict[str, Any], anna: Any, wahelp_sandbox: Sandbox
) -> None:
    assert hook.import_contacts(**channel) == {"imported": 0, "total": 1}
    sent = hook.send_message("Hello", anna.id, **channel)
    assert list(hook.list_lost_messages(channel["project_id"])) == []
    wahelp_sandbox.set_messenger(DIGITS, present=False)
    assert [each.id for each in hook.list_lost_messages(channel["project_id"])] == [sent.id]


def test_a_cascade_has_an_order(
    hook: Any, channel: dict[str, Any], project: int, wahelp_sandbox: Sandbox
) -> None:
    other = hook.create_channel("Second", "telegram", project).uuid
    wahelp_sandbox.scan(other)
    assert hook.get_cascade(project)["channels"][0] == channel["channel_uuid"]
    assert hook.set_cascade({"channels": [other]}, project)["channels"][0] == other
    sent = hook.send_message_cascade(PHONE, "Hello", project_id=project)
    line = wahelp_sandbox.conversation(DIGITS)[0]
    assert (line["id"], line["channel_uuid"], line["text"]) == (sent.id, other, "Hello")
    wahelp_sandbox.inject("cut_after", operation="send_cascade", count=1)
    with pytest.raises(errors.UnknownOutcomeError, match=r"Unknown whether the message through the cascade"):
        hook.send_message_cascade(PHONE, "Hello", project_id=project)
    assert len(wahelp_sandbox.conversation(DIGITS)) == 2
    with pytest.raises(errors.InputError, match=r"^config: must be what get_cascade"):
        hook.set_cascade("first", project)

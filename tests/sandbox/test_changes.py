"""Changing and removing what there is, as the sandbox guesses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp.sandbox import Sandbox

from .support import ANNA, Api, ChannelCaller, Receiver

if TYPE_CHECKING:
    from pathlib import Path


def test_a_message_of_ones_own_is_edited_and_deleted(
    channel: ChannelCaller, receiver: Receiver, wahelp_sandbox: Sandbox
) -> None:
    sent = channel.send(channel.user())
    channel.api.data("PUT", f"{channel.project_path}/hook", json={"url": receiver.url})
    path = f"/messages/{sent['id']}"
    assert channel.data("PUT", path, json={"text": "Bye"})["message"] == "Bye"
    assert receiver.next_of("channel.message.updated")["message"] == "Bye"
    channel.ask("DELETE", path)
    assert channel.data("GET", path)["message"] == "_Message deleted_"
    wahelp_sandbox.receive(ANNA, "Hello")
    incoming = channel.data("GET", "/messages")[0]
    channel.ask("PUT", f"/messages/{incoming['id']}", 422, json={"text": "No"})
    channel.ask("DELETE", f"/messages/{incoming['id']}", 422)
    channel.ask("DELETE", "/messages/999", 404)


def test_a_user_who_is_removed_is_gone_and_the_messages_stay(channel: ChannelCaller) -> None:
    user = channel.user()
    sent = channel.send(user)
    assert channel.data("PUT", f"/users/{user['id']}", json={"name": "Ann"})["name"] == "Ann"
    channel.ask("DELETE", f"/users/{user['id']}")
    channel.ask("GET", f"/users/{user['id']}", 404)
    channel.ask("DELETE", f"/users/{user['id']}", 404)
    assert channel.data("GET", "/users") == []
    assert [each["id"] for each in channel.data("GET", "/messages")] == [sent["id"]]
    assert channel.user()["id"] != user["id"]


def test_a_duplicate_takes_the_place_of_a_removed_user(
    channel: ChannelCaller, wahelp_sandbox: Sandbox
) -> None:
    wahelp_sandbox.configure(duplicate_users="new")
    first, second = channel.user(), channel.user()
    channel.ask("DELETE", f"/users/{first['id']}")
    wahelp_sandbox.configure(duplicate_users="existing")
    assert channel.user()["id"] == second["id"]


def test_a_channel_is_renamed_and_removed(channel: ChannelCaller) -> None:
    assert channel.data("PUT", "", json={"name": "Other"})["name"] == "Other"
    channel.ask("DELETE", "")
    channel.ask("GET", "", 404)
    assert channel.api.data("GET", f"{channel.project_path}/channels") == []


def test_a_blocked_contact_gets_nothing(channel: ChannelCaller) -> None:
    user = channel.user()
    path = f"{channel.project_path}/contacts/{user['contact_id']}"
    channel.api.ask("POST", f"{path}/block")
    assert channel.data("GET", f"/users/{user['id']}")["blocked"] is True
    channel.ask("POST", f"/send_message/{user['id']}", 422, json={"text": "Hello"})
    channel.api.ask("POST", f"{path}/unblock")
    channel.send(user)
    channel.api.ask("POST", f"{channel.project_path}/contacts/999/block", 404)


def test_a_cascade_takes_the_first_active_channel(
    channel: ChannelCaller, api: Api, wahelp_sandbox: Sandbox
) -> None:
    cascade, send = f"{channel.project_path}/config/cascade", f"{channel.project_path}/send_message_cascade/"
    body = {"phone": ANNA, "text": "Hello"}
    assert api.data("GET", cascade) == {"channels": [channel.uuid]}
    api.ask("PUT", cascade, 404, json={"channels": ["no-such"]})
    api.data("POST", send, json=body)
    wahelp_sandbox.log_out(channel.uuid)
    api.ask("POST", send, 422, json=body)
    assert len(wahelp_sandbox.conversation(ANNA)) == 1


def test_contacts_are_imported_for_whatsapp_only(channel: ChannelCaller, api: Api) -> None:
    channel.user()
    assert channel.data("POST", "/import_contacts") == {"imported": 0, "total": 1}
    api.channel(type="telegram").ask("POST", "/import_contacts", 422)


def test_what_was_removed_stays_so_over_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Sandbox(state_file=file) as sandbox:
        caller = Api(sandbox)
        caller.log_in()
        channel, gone = caller.channel(), caller.channel()
        user = channel.user()
        channel.ask("DELETE", f"/users/{user['id']}")
        gone.ask("DELETE", "")
    with Sandbox(state_file=file) as again:
        channel.api = gone.api = Api(again)
        channel.api.log_in()
        assert channel.data("GET", "/users") == []
        gone.ask("GET", "", 404)
        assert channel.user()["id"] != user["id"]

"""The mailings that the platform itself sends, as the sandbox guesses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp.sandbox import Sandbox

from .support import ANNA, BORIS, Api, ChannelCaller

if TYPE_CHECKING:
    from pathlib import Path

MAILINGS = "/mass_mailings/whatsapp"


def new(channel: ChannelCaller) -> str:
    channel.user()
    channel.user(BORIS, "Boris")
    made = channel.data("POST", f"{MAILINGS}/", json={"name": "News", "text": "Spring!"})
    assert made["status"] == "draft"
    return f"{MAILINGS}/{made['id']}"


def status(channel: ChannelCaller) -> str:
    listed = channel.data("GET", f"{MAILINGS}/")
    assert len(listed) == 1
    return str(listed[0]["status"])


def test_everybody_in_the_channel_gets_a_mailing(channel: ChannelCaller, wahelp_sandbox: Sandbox) -> None:
    path = new(channel)
    assert wahelp_sandbox.conversation(ANNA) == []
    channel.ask("POST", f"{path}/send")
    assert status(channel) == "sending"
    assert [line["text"] for line in wahelp_sandbox.conversation(BORIS)] == ["Spring!"]
    wahelp_sandbox.advance(100)
    assert status(channel) == "finished"
    assert channel.data("GET", f"{path}/stats") == {"total": 2, "sent": 2, "delivered": 2, "read": 0}
    channel.ask("POST", f"{path}/send")  # a second start is a second mailing
    assert len(wahelp_sandbox.conversation(ANNA)) == 2


def test_a_stop_is_for_good(channel: ChannelCaller, wahelp_sandbox: Sandbox) -> None:
    path = new(channel)
    channel.ask("POST", f"{path}/send")
    channel.ask("POST", f"{path}/stop")
    wahelp_sandbox.advance(1000)
    assert status(channel) == "stopped"


def test_what_is_not_there_is_refused(channel: ChannelCaller, api: Api, wahelp_sandbox: Sandbox) -> None:
    path = new(channel)
    channel.ask("POST", f"{MAILINGS}/", 422, json={"name": "News"})
    channel.ask("POST", f"{MAILINGS}/999/send", 404)
    channel.ask("POST", path.replace("whatsapp", "waba") + "/send", 404)
    channel.ask("GET", "/mass_mailings/user_list", 501)
    channel.ask("POST", f"{path}/copy", 501)
    other = api.channel()
    other.ask("POST", f"{path}/send", 404)
    wahelp_sandbox.log_out(channel.uuid)
    channel.ask("POST", f"{path}/send", 422)
    assert wahelp_sandbox.conversation(ANNA) == []


def test_a_mailing_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Sandbox(state_file=file) as sandbox:
        caller = Api(sandbox)
        caller.log_in()
        channel = caller.channel()
        path = new(channel)
        channel.ask("POST", f"{path}/send")
    with Sandbox(state_file=file) as again:
        channel.api = Api(again)
        channel.api.log_in()
        again.advance(1)
        assert status(channel) == "finished"

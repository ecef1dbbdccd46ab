"""What people do in a messenger beside writing: they speak, call, and delete messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox.errors import SandboxError

from .support import ANNA, Api, ChannelCaller, Receiver, fetch

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox import Sandbox


@pytest.fixture
def heard(api: Api, channel: ChannelCaller, receiver: Receiver) -> Receiver:
    """Return an address that hears of the channel's messages."""
    body = {"url": receiver.url, "entities": ["channel.message"]}
    api.data("POST", f"{channel.project_path}/webhooks/", json=body)
    return receiver


@pytest.mark.parametrize("text", ["", "Listen"], ids=["without words", "with a caption"])
@pytest.mark.parametrize("way", ["route", "method"])
def test_a_voice_note_has_a_link_that_needs_no_token(
    wahelp_sandbox: Sandbox, channel: ChannelCaller, heard: Receiver, way: str, text: str
) -> None:
    if way == "route":
        body = {"message_type": "audio", "text": text}
        received = fetch("POST", f"{wahelp_sandbox.url}/sandbox/phones/{ANNA}/messages", json=body).json()
    else:
        received = wahelp_sandbox.receive(ANNA, text, message_type="audio")

    assert (received["message_type"], received["message"], received["destination"]) == ("audio", text, "from")
    assert channel.data("GET", "/messages") == [received]
    assert heard.next_of("channel.message.created") == received
    (line,) = wahelp_sandbox.conversation(ANNA)
    assert (line["message_type"], line["file_url"]) == ("audio", received["file_url"])
    file = fetch("GET", received["file_url"])
    assert (file.status_code, file.headers["content-type"]) == (200, "audio/ogg")
    assert file.content.startswith(b"OggS")
    assert b"OpusHead" in file.content
    assert received["file_url"].endswith(".oga")


def test_a_link_tells_nobody_who_shows_a_token(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    link = wahelp_sandbox.receive(ANNA, message_type="audio")["file_url"]

    assert fetch("GET", link, headers={"Authorization": "Bearer secret"}).status_code == 400
    assert fetch("GET", link.replace(".oga", "0.oga")).status_code == 404
    text = wahelp_sandbox.receive(ANNA, "Hello")
    assert fetch("GET", f"{wahelp_sandbox.url}/sandbox/files/{text['id']}.oga").status_code == 404


def test_a_link_of_ones_own_is_shown_as_it_is(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    received = wahelp_sandbox.receive(ANNA, message_type="image", file_url="https://example.com/1.jpg")

    assert (received["message_type"], received["file_url"]) == ("image", "https://example.com/1.jpg")
    assert channel.data("GET", "/messages") == [received]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message_type": "text"}, "text"),
        ({"message_type": ""}, "message_type"),
        ({"message_type": 7}, "message_type"),
        ({"message_type": "audio", "file_url": "no link"}, "file_url"),
        ({"message_type": "audio", "text": 7}, "text"),
    ],
)
def test_nonsense_is_not_received(
    wahelp_sandbox: Sandbox, channel: ChannelCaller, body: dict[str, Any], field: str
) -> None:
    answer = fetch("POST", f"{wahelp_sandbox.url}/sandbox/phones/{ANNA}/messages", json=body)

    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert channel.data("GET", "/messages") == []


@pytest.mark.parametrize(
    ("kind", "text", "destination"),
    [
        ("incoming", "_Incoming call_", "from"),
        ("missed", "_Missed call_", "from"),
        ("outgoing", "_Outgoing call_", "from_whatsapp"),
    ],
)
@pytest.mark.parametrize("way", ["route", "method"])
def test_a_call_comes_as_a_message(
    wahelp_sandbox: Sandbox,
    channel: ChannelCaller,
    heard: Receiver,
    way: str,
    kind: Any,
    text: str,
    destination: str,
) -> None:
    if way == "route":
        made = fetch(
            "POST",
            f"{wahelp_sandbox.url}/sandbox/phones/+{ANNA}/calls",
            json={"kind": kind, "channel_uuid": channel.uuid},
        ).json()
    else:
        made = wahelp_sandbox.call(ANNA, kind=kind)

    assert (made["message"], made["destination"], made["message_type"]) == (text, destination, "text")
    assert heard.next_of("channel.message.created") == made
    assert channel.data("GET", "/messages") == [made]
    wahelp_sandbox.advance(1000)
    assert channel.data("GET", f"/messages/{made['id']}") == made


@pytest.mark.parametrize(
    ("language", "words"),
    [(None, "_Message deleted_"), ("en", "_Message deleted_"), ("ru", "_сообщение удалено_")],
)
@pytest.mark.parametrize("way", ["route", "method"])
@pytest.mark.parametrize("incoming", [True, False])
def test_a_deleted_message_says_so(
    wahelp_sandbox: Sandbox,
    channel: ChannelCaller,
    heard: Receiver,
    way: str,
    incoming: bool,
    language: Any,
    words: str,
) -> None:
    written = wahelp_sandbox.receive(ANNA, "Hello") if incoming else channel.send(channel.user())
    heard.next_of("channel.message.created")
    before = channel.data("GET", f"/messages/{written['id']}")
    chosen = {"language": language} if language else {}
    if way == "route":
        url = f"{wahelp_sandbox.url}/sandbox/messages/{written['id']}"
        deleted = fetch("DELETE", url, params=chosen).json()
    else:
        deleted = wahelp_sandbox.delete_message(written["id"], **chosen)

    assert deleted == {**before, "message": words}
    assert heard.next_of("channel.message.updated") == deleted
    assert channel.data("GET", "/messages") == [deleted]
    assert [line["text"] for line in wahelp_sandbox.conversation(ANNA)] == [words]


def test_what_cannot_be_is_refused(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    url = f"{wahelp_sandbox.url}/sandbox"
    message = wahelp_sandbox.receive(ANNA, "Hello")

    assert fetch("POST", f"{url}/phones/{ANNA}/calls", json={"kind": "secret"}).status_code == 422
    assert fetch("POST", f"{url}/phones/{ANNA}/calls", json={"channel_uuid": "no-such"}).status_code == 404
    assert fetch("DELETE", f"{url}/messages/999").status_code == 404
    assert fetch("DELETE", f"{url}/messages/{message['id']}?language=fr").status_code == 422
    wahelp_sandbox.log_out(channel.uuid)
    with pytest.raises(SandboxError, match="Канал не активен"):
        wahelp_sandbox.call(ANNA)
    assert channel.data("GET", "/messages") == [message]


def test_nobody_has_a_phone_on_instagram(wahelp_sandbox: Sandbox, api: Api) -> None:
    channel = api.channel(type="instagram")

    received = wahelp_sandbox.receive(ANNA, "Hello", channel.uuid)

    assert (received["user"]["phone"], received["user"]["uid"]) == (None, ANNA)


def test_a_restart_keeps_voice_notes_and_what_was_deleted(tmp_path: Any) -> None:
    from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions

    def shown(sandbox: Sandbox) -> Any:
        return sandbox.conversation(ANNA)

    options = SandboxOptions(activation_delay=0)
    with Sandbox(options, state_file=tmp_path / "state.json") as sandbox:
        api = Api(sandbox)
        with api.http:
            api.log_in()
            api.channel()
        sandbox.receive(ANNA, message_type="audio")
        sandbox.delete_message(sandbox.receive(ANNA, "Hello")["id"])
        before = shown(sandbox)
    with Sandbox(options, state_file=tmp_path / "state.json") as sandbox:
        assert shown(sandbox) == before

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox.errors import SandboxError

from .support import ANNA, BORIS, Api, ChannelCaller

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox import Sandbox


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"text": "Привет, *Anna*!\n<b>"}},
        {"json": {"type": "text", "text": "Привет, *Anna*!\n<b>"}},
        {"data": {"text": "Привет, *Anna*!\n<b>"}},
        {"files": {"text": (None, "Привет, *Anna*!\n<b>"), "destination": (None, "from_operator")}},
    ],
    ids=["json", "json with a type", "form", "multipart"],
)
def test_a_text_arrives_literally(
    wahelp_sandbox: Sandbox, channel: ChannelCaller, body: dict[str, Any]
) -> None:
    user = channel.user()

    sent = channel.data("POST", f"/send_message/{user['id']}", **body)

    assert (sent["text"], sent["status"]) == ("Привет, *Anna*!\n<b>", "sent")
    assert (sent["user_id"], sent["channel_id"]) == (user["id"], channel.made["id"])
    received = [(line["direction"], line["text"]) for line in wahelp_sandbox.conversation("+" + ANNA)]
    assert received == [("outgoing", "Привет, *Anna*!\n<b>")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"json": {}}, "text"),
        ({"json": {"text": ""}}, "text"),
        ({"json": {"text": "Hello", "type": "image"}}, "type"),
        ({"json": {"text": "Hello", "destination": "from"}}, "destination"),
        ({"files": {"text": (None, "Hello"), "attachment": ("a.txt", b"a")}}, "attachment"),
        ({"files": {"file": ("a.txt", b"")}}, "file"),
    ],
)
def test_a_send_that_is_not_imitated_is_refused(
    wahelp_sandbox: Sandbox, channel: ChannelCaller, body: dict[str, Any], field: str
) -> None:
    user = channel.user()

    answer = channel.ask("POST", f"/send_message/{user['id']}", 422, **body)

    assert list(answer["errors"]) == [field]
    assert wahelp_sandbox.conversation(ANNA) == []


def test_an_inactive_channel_sends_nothing(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    user = channel.user()
    wahelp_sandbox.log_out(channel.uuid)

    answer = channel.ask("POST", f"/send_message/{user['id']}", 422, json={"text": "Hello"})

    assert answer == {"success": False, "message": "Канал не активен"}
    assert channel.data("GET", "/messages") == []


def test_a_user_who_lost_the_messenger_cannot_be_written_to(
    wahelp_sandbox: Sandbox, channel: ChannelCaller
) -> None:
    user = channel.user()
    wahelp_sandbox.set_messenger(ANNA, False)

    answer = channel.ask("POST", f"/send_message/{user['id']}", 200, json={"text": "Hello"})

    assert answer == {"success": False, "message": "номер не зарегистрирован"}
    assert wahelp_sandbox.conversation(ANNA) == []


def test_a_user_of_another_channel_cannot_be_written_to(api: Api, channel: ChannelCaller) -> None:
    user = channel.user()

    api.channel().ask("POST", f"/send_message/{user['id']}", 404, json={"text": "Hello"})


def test_history_has_the_messages_of_all_users_newest_first(channel: ChannelCaller) -> None:
    anna, boris = channel.user(ANNA, "Anna"), channel.user(BORIS, "Boris")
    ids = [channel.send(user, str(n))["id"] for n, user in enumerate((anna, boris, anna, boris, anna))]
    ids.reverse()

    def page(**query: int) -> list[int]:
        return [message["id"] for message in channel.data("GET", "/messages", params=query)]

    assert page() == ids
    assert page(limit=2) == ids[:2]
    assert page(limit=2, page=2) == ids[2:4]
    assert page(limit=2, page=3) == ids[4:]
    assert page(limit=2, page=4) == []


def test_history_spells_a_message_unlike_a_send(channel: ChannelCaller) -> None:
    user = channel.user()
    sent = channel.send(user)

    (shown,) = channel.data("GET", "/messages")

    assert "message" not in sent
    assert "text" not in shown
    assert shown["message"] == "Hello"
    assert shown["user"] == {
        "id": user["id"],
        "name": "Anna",
        "phone": ANNA,
        "uid": ANNA,
        "uid2": None,
        "contact_id": user["contact_id"],
        "channel_id": channel.made["id"],
        "created_at": shown["user"]["created_at"],
        "blocked": False,
    }
    assert shown["user"]["created_at"] <= shown["created_at"]
    assert (shown["message_type"], shown["destination"]) == ("text", "from_operator")
    assert [shown[name] for name in ("file_url", "operator_id", "comment_user_id")] == [None, None, None]
    assert {name: shown[name] for name in ("id", "created_at", "user_id", "channel_id", "status")} == {
        name: sent[name] for name in ("id", "created_at", "user_id", "channel_id", "status")
    }
    assert channel.data("GET", f"/messages/{sent['id']}") == shown


def test_times_are_moscow_time_by_the_clock_that_dates_the_answers(
    wahelp_sandbox: Sandbox, api: Api, channel: ChannelCaller
) -> None:
    wahelp_sandbox.advance(86_400 * 400)
    api.log_in()
    user = channel.user()

    response = api.http.post(f"{channel.path}/send_message/{user['id']}", json={"text": "Hello"})

    written = datetime.strptime(response.json()["data"]["created_at"], "%Y-%m-%d %H:%M:%S")
    created = written.replace(tzinfo=UTC) - timedelta(hours=3)
    dated = parsedate_to_datetime(response.headers["date"])
    assert abs(dated - created) <= timedelta(seconds=5)
    assert abs(dated - datetime.now(UTC) - timedelta(days=400)) < timedelta(minutes=1)
    assert response.headers.get_list("date") == [response.headers["date"]]


def test_a_message_is_sent_then_delivered_then_read(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    message = channel.send(channel.user())

    wahelp_sandbox.advance(90)
    assert channel.status_of(message) == "sent"
    wahelp_sandbox.advance(11)
    assert channel.status_of(message) == "delivered"
    wahelp_sandbox.advance(180)
    assert channel.status_of(message) == "delivered"
    wahelp_sandbox.advance(20)
    assert channel.status_of(message) == "read"


@pytest.mark.parametrize(
    ("changes", "final"),
    [
        ({"delivered_after": None}, "sent"),
        ({"read_after": None}, "delivered"),
        ({"delivered_after": 100, "read_after": 50}, "read"),
    ],
)
def test_a_status_stops_where_it_is_told_to_and_never_goes_back(
    wahelp_sandbox: Sandbox, channel: ChannelCaller, changes: dict[str, Any], final: str
) -> None:
    wahelp_sandbox.configure(**changes)
    message = channel.send(channel.user())

    wahelp_sandbox.advance(3000)

    assert channel.status_of(message) == final


def test_a_message_to_a_phone_that_lost_the_messenger_stays_sent(
    wahelp_sandbox: Sandbox, channel: ChannelCaller
) -> None:
    message = channel.send(channel.user())
    wahelp_sandbox.set_messenger(ANNA, False)

    wahelp_sandbox.advance(1000)

    assert channel.status_of(message) == "sent"


def test_an_incoming_message_is_in_the_history(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    user = channel.user()
    channel.send(user, "Question?")

    received = wahelp_sandbox.receive("+" + ANNA, "Answer!")

    shown = channel.data("GET", "/messages")[0]
    assert received == shown
    assert (shown["message"], shown["destination"], shown["user_id"]) == ("Answer!", "from", user["id"])
    lines = [(line["direction"], line["text"]) for line in wahelp_sandbox.conversation(ANNA)]
    assert lines == [("outgoing", "Question?"), ("incoming", "Answer!")]


def test_a_stranger_becomes_a_user_of_the_first_active_channel(wahelp_sandbox: Sandbox, api: Api) -> None:
    _inactive, active = api.channel(active=False), api.channel()

    received = wahelp_sandbox.receive(BORIS, "Hello?")

    (user,) = active.data("GET", "/users")
    assert (user["phone"], user["id"]) == (BORIS, received["user_id"])


def test_a_phone_writes_where_it_is_told_to_or_where_it_talked_last(
    wahelp_sandbox: Sandbox, api: Api
) -> None:
    first, second = api.channel(), api.channel()
    first.send(first.user())

    assert wahelp_sandbox.receive(ANNA, "here")["channel_id"] == first.made["id"]
    assert wahelp_sandbox.receive(ANNA, "there", second.uuid)["channel_id"] == second.made["id"]
    assert wahelp_sandbox.receive(ANNA, "there again")["channel_id"] == second.made["id"]


def test_nothing_comes_in_through_an_inactive_channel(wahelp_sandbox: Sandbox, api: Api) -> None:
    channel = api.channel(active=False)

    with pytest.raises(SandboxError, match="Канал не активен"):
        wahelp_sandbox.receive(ANNA, "Hello?", channel.uuid)
    assert channel.data("GET", "/messages") == []

"""The page of conversations: whom it is for, what is told without a click, and what a click leaves behind."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.pages import conversations
from airflow_provider_wahelp.sandbox import Sandbox, SandboxConnection
from tests.pages.conftest import Rights

PHONE, NAME = "+79261234567", "Anna Smirnova"
QUESTION, ANSWER = "Your order is ready", "I come at six"
OTHER = "+79169876543"


@pytest.fixture
def user_id(
    wahelp_connection: SandboxConnection, wahelp_sandbox: Sandbox, rights: Rights, caplog: Any
) -> int | str:
    """Return a person with whom something was said, as another was."""
    caplog.set_level(logging.DEBUG)
    rights.connections = True
    with WahelpHook() as hook:
        user = hook.create_user(NAME, PHONE)
        hook.send_message(QUESTION, phone=PHONE)
        wahelp_sandbox.receive(PHONE, ANSWER)
        hook.send_message("To somebody else", phone=OTHER)
    assert user.id is not None
    caplog.clear()
    return user.id


def ask(reader: Any, **asked: Any) -> Any:
    return reader.post("data/conversation", json={"conn_id": "wahelp_default", **asked})


def logged() -> list[tuple[str, Any]]:
    from airflow.models.log import Log
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalars(select(Log).where(Log.event == "wahelp_conversation")).all()
        return [(str(each.owner), json.loads(str(each.extra))) for each in found]


@pytest.mark.parametrize("by", ["phone", "user_id"])
def test_without_a_click_neither_phone_nor_text_is_told(
    reader: Any, user_id: int, caplog: Any, by: str
) -> None:
    answer = ask(reader, **{by: PHONE if by == "phone" else user_id})
    found = answer.raise_for_status().json()
    assert (found["user_id"], found["phone"], found["name"]) == (user_id, "+7*****4567", "")
    assert [each["direction"] for each in found["messages"]] == ["outgoing", "incoming"]
    assert found["messages"][0]["status"] == "sent"
    assert found["whole"]
    for private in (PHONE[1:], NAME, QUESTION, ANSWER):
        assert private not in answer.text + str(answer.url) + caplog.text
    assert answer.headers["cache-control"] == "no-store"
    assert logged() == []


def test_a_click_tells_them_and_is_logged_without_them(
    reader: Any, user_id: int, wahelp_connection: SandboxConnection, caplog: Any
) -> None:
    found = ask(reader, user_id=user_id, reveal=True).raise_for_status().json()
    assert (found["phone"], found["name"]) == (PHONE, NAME)
    assert [each["text"] for each in found["messages"]] == [QUESTION, ANSWER]
    place = {"project_id": wahelp_connection.project_id, "channel_uuid": wahelp_connection.channel_uuid}
    assert logged() == [("anna", {"conn_id": "wahelp_default", **place, "user_id": user_id})]
    for private in (PHONE[1:], NAME, QUESTION, ANSWER):
        assert private not in caplog.text


def test_what_is_not_logged_is_not_told(reader: Any, user_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_wahelp.pages import conversation_routes

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(conversation_routes, "note", fail)
    with pytest.raises(ZeroDivisionError):
        ask(reader, user_id=user_id, reveal=True)


def test_it_is_for_readers_of_connections(
    reader: Any, user_id: int, rights: Rights, wahelp_sandbox: Sandbox
) -> None:
    assert reader.get("data/connections").status_code == 200
    rights.connections = False
    wahelp_sandbox.clear_requests()
    refused = [
        reader.get("data/connections"),
        ask(reader, phone=PHONE),
        ask(reader, user_id=user_id, reveal=True),
        ask(reader, conn_id="none", user_id=user_id),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert wahelp_sandbox.requests == []
    assert logged() == []
    reader.app.routes[-1].app.dependency_overrides.clear()
    assert ask(reader, phone=PHONE).status_code == 401


def test_no_other_site_can_ask_with_the_readers_cookie(reader: Any, user_id: int) -> None:
    """A page elsewhere may send a form, or text, without asking first: neither is taken."""
    body = json.dumps({"conn_id": "wahelp_default", "user_id": user_id, "reveal": True})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None):
        headers = {"Content-Type": kind} if kind else {}
        answer = reader.post("data/conversation", content=body.encode(), headers=headers)
        assert answer.status_code in {415, 422}
    assert reader.get("data/conversation", params={"user_id": user_id}).status_code in {404, 405}
    assert logged() == []


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"phone": "+79990001122"}, 404, "nobody with this phone"),
        ({"phone": "12"}, 422, "phone"),
        ({}, 422, "user_id, phone"),
        ({"user_id": "1/../2"}, 422, "user_id"),
        ({"conn_id": "none", "user_id": 1}, 422, "conn_id"),
        ({"conn_id": "a_database", "user_id": 1}, 422, "of type wahelp"),
        ({"user_id": 1, "channel_uuid": "other"}, 404, ""),
    ],
)
def test_what_cannot_be_shown_is_said_in_words(
    reader: Any, user_id: int, connect: Any, asked: dict[str, Any], status: int, words: str
) -> None:
    connect("http://127.0.0.1:1", "a_database", conn_type="postgres")
    answer = ask(reader, **asked)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]
    assert str(asked.get("phone", PHONE))[1:] not in answer.json()["detail"]


def test_a_channel_with_much_of_others_is_looked_through_so_far_and_no_farther(
    reader: Any, user_id: int, monkeypatch: pytest.MonkeyPatch, wahelp_sandbox: Sandbox
) -> None:
    monkeypatch.setattr(conversations, "MOST_READ", 30)
    for number in range(60):
        wahelp_sandbox.receive(OTHER, f"Message {number}")
    found = ask(reader, user_id=user_id).raise_for_status().json()
    assert (found["messages"], found["whole"]) == ([], False)
    assert found["read"] == 30


def test_of_a_long_conversation_the_latest_are_shown(
    reader: Any, user_id: int, monkeypatch: pytest.MonkeyPatch, wahelp_sandbox: Sandbox
) -> None:
    monkeypatch.setattr(conversations, "MOST_SHOWN", 3)
    for number in range(9):
        wahelp_sandbox.advance(60)
        wahelp_sandbox.receive(PHONE, f"Message {number}")
    found = ask(reader, user_id=user_id, reveal=True).raise_for_status().json()
    assert [each["text"] for each in found["messages"]] == ["Message 6", "Message 7", "Message 8"]


def test_a_wahelp_that_does_not_answer_is_given_up(
    reader: Any, user_id: int, monkeypatch: pytest.MonkeyPatch, wahelp_sandbox: Sandbox
) -> None:
    monkeypatch.setattr(conversations, "SECONDS", 0.5)
    wahelp_sandbox.inject("slow", operation="any", seconds=5)
    answer = ask(reader, user_id=user_id)
    assert answer.status_code == 502
    assert PHONE[1:] not in answer.text

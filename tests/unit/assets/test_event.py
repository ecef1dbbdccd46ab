"""What an asset's event tells of a message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_wahelp.assets import IncomingEvent
from airflow_provider_wahelp.assets.event import phone_digest, to_extra
from airflow_provider_wahelp.client.events import ChannelEvent, events_in

PHONE = "79161112233"


def event(change: str = "created", **changes: Any) -> ChannelEvent:
    payload = {
        "id": 501,
        "user_id": 301,
        "message": "Да, приду",
        "message_type": "text",
        "destination": "from",
        "status": "sent",
        "created_at": "2026-11-22 22:05:00",
        "user": {"id": 301, "name": "Anna", "phone": PHONE},
    }
    (read,), _ = events_in({"action": f"channel.message.{change}", "payload": {**payload, **changes}})
    return read


def test_nothing_personal_is_told_unless_asked_for() -> None:
    told = to_extra(event(), "c")
    assert told == {
        "key": "message:501",
        "id": 501,
        "kind": "message",
        "channel_uuid": "c",
        "user_id": 301,
        "phone_digest": phone_digest(PHONE),
        "message_type": "text",
        "at": "2026-11-22T19:05:00+00:00",
    }
    assert not any(secret in json.dumps(told, ensure_ascii=False) for secret in ("Да", "Anna", PHONE, "2233"))


def test_what_is_asked_for_is_told() -> None:
    told = to_extra(event(), "c", ["phone", "text"])
    assert (told["phone"], told["text"]) == (PHONE, "Да, приду")


@pytest.mark.parametrize("extra", [dict, lambda told: {"from_trigger": True, "payload": told}])
def test_it_is_read_as_it_was_written(extra: Any) -> None:
    read = IncomingEvent.from_extra(extra(to_extra(event(), "c", ["text"])))
    assert read
    assert (read.key, read.id, read.kind, read.user_id, read.text) == (
        "message:501",
        501,
        "message",
        301,
        "Да, приду",
    )
    assert read.at == datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
    assert read.phone is None
    assert "Да" not in repr(read)


def test_a_status_is_told_of_status_events_alone() -> None:
    assert to_extra(event("updated", status="read"), "c")["status"] == "read"
    assert "status" not in to_extra(event(), "c")


@pytest.mark.parametrize("phone", ["+79161112233", "7 916 111-22-33", PHONE])
def test_a_phone_has_one_digest(phone: str) -> None:
    assert phone_digest(phone) == phone_digest(PHONE) != phone_digest("79161112234")


@pytest.mark.parametrize("phone", [None, "", "-"])
def test_no_phone_has_none(phone: str | None) -> None:
    assert phone_digest(phone) is None


def test_what_no_database_takes_is_left_out() -> None:
    told = to_extra(event(message="a\x00b\ud83dc", message_type="te\x00xt"), "c", ["text"])
    assert (told["text"], told["message_type"]) == ("abc", "text")
    json.dumps(told, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "extra",
    [
        None,
        {},
        {"from_rest_api": True},
        {"from_trigger": True, "payload": "x"},
        {"kind": "message", "id": 1},
        "x",
    ],
)
def test_an_event_of_somebody_else(extra: Any) -> None:
    assert IncomingEvent.from_extra(extra) is None

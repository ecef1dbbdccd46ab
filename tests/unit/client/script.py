# ruff: noqa: RUF001 - the API speaks Russian
"""Operations played against scripted answers: no client, no wire."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from typing import Any

import pytest

from airflow_provider_wahelp.client import errors, messages, users
from airflow_provider_wahelp.client.answers import Answer
from airflow_provider_wahelp.client.flow import Facts, Pause, ServerTime, ServiceFacts, Stamped
from airflow_provider_wahelp.client.history_clock import Offset
from airflow_provider_wahelp.client.models import MOSCOW
from airflow_provider_wahelp.client.server_clock import Moment

from .wire import PHONE, TEXT, answer

NOW = 1_800_000_001.0
ONE_CLOCK = Offset(-1.0, 1.0)
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
        if isinstance(call, Facts):
            return ServiceFacts(ONE_CLOCK, arrives_within=0.0)
        if isinstance(call, Stamped):
            return None
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


SHOPS = data([{"id": 1, "name": "shop"}, {"id": 2, "name": "Shop"}, {"id": 3, "name": "Shop"}])


def contact(*users: dict[str, Any]) -> Answer:
    return data({"id": 7, "name": "Анна", "users": list(users)})


IN_C, IN_D = {"id": 5, "channel_id": 20}, {"id": 6, "channel_id": 30}
THE_CHANNEL = data({"id": 20, "uuid": "c", "active": True})
ANNA, BORIS = {"id": 5, "phone": "79161234567"}, {"id": 8, "phone": "79031112233"}


def ensure(if_exists: Any = "reuse", **options: Any) -> Any:
    return users.ensure_user(1, "c", "Анна", PHONE, if_exists, **options)


HISTORY = f"GET {CHANNEL}/messages"


def past(text: str = TEXT, at: float = NOW, user_id: int = 5, destination: str = "from_operator") -> Any:
    time = datetime.fromtimestamp(at, MOSCOW).strftime("%Y-%m-%d %H:%M:%S")
    return {"id": 7, "message": text, "created_at": time, "user_id": user_id, "destination": destination}


LOST = fails(502)
LOOKS = 4

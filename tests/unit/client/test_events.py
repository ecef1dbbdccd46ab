"""What a webhook's body and a line of the history mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_wahelp.client.events import KINDS, ChannelEvent, event_of, events_in
from airflow_provider_wahelp.client.models import Message

INCOMING = {"id": 501, "user_id": 301, "message": "Да", "destination": "from", "status": "sent"}


def told(change: str, /, key: str = "payload", **payload: Any) -> dict[str, Any]:
    return {"action": f"channel.message.{change}", key: {**INCOMING, **payload}}


@pytest.mark.parametrize(
    ("body", "kind", "key"),
    [
        (told("created"), "message", "message:501"),
        (told("created", "data"), "message", "message:501"),
        (told("created", id="wamid.1"), "message", "message:wamid.1"),
        (told("created", message="", message_type="audio", file_url="https://x.test/1.oga"), "message", None),
        (told("created", message="_Incoming call_"), "call", "call:501"),
        (told("created", message="_Outgoing call_", destination="from_operator"), "call", "call:501"),
        (told("created", destination="from_operator"), "echo", "echo:501"),
        (told("updated", status="delivered"), "status", "status:501:delivered"),
        (told("updated", status=None), "status", "status:501:None"),
        (told("updated", message="_Message deleted_"), "deleted", "deleted:501"),
        (told("updated", message="_сообщение удалено_"), "deleted", "deleted:501"),
        (told("deleted"), "deleted", "deleted:501"),
    ],
)
def test_an_event_of_a_message(body: Any, kind: str, key: str | None) -> None:
    (event,), ignored = events_in(body)
    assert (event.kind, event.message.id, dict(ignored)) == (
        kind,
        body.get("payload", body.get("data"))["id"],
        {},
    )
    assert key in (None, event.key)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (told("created", destination="contact_in_work"), "other"),
        (told("updated", destination="comment"), "other"),
        ({"action": "project.created", "payload": {}}, "other"),
        ({"action": "channel.updated", "payload": {"id": 1}}, "other"),
        ({"action": "channel.user.deleted", "payload": {"id": 1}}, "other"),
        (told("created", id=None), "unknown"),
        (told("sung"), "unknown"),
        ({"action": "channel.message.created", "payload": None}, "unknown"),
        ({"action": "channel.message.created", "payload": [INCOMING]}, "unknown"),
        ({"action": "channel.message.created"}, "unknown"),
        ({"action": ["channel.message.created"], "payload": INCOMING}, "unknown"),
        ({"action": "weather.changed"}, "unknown"),
        ({}, "unknown"),
        ("Да", "unknown"),
        (None, "unknown"),
        ([[told("created")]], "unknown"),
    ],
)
def test_what_is_no_event_of_a_message_is_counted(body: Any, why: str) -> None:
    assert events_in(body) == ([], {why: 1})


def test_a_list_is_read_in_its_order() -> None:
    body = [told("created", id=1), {"action": "project.created"}, told("created", id=2), 7]
    events, ignored = events_in(body)
    assert [event.message.id for event in events] == [1, 2]
    assert ignored == {"other": 1, "unknown": 1}


def test_a_long_list_is_cut_and_the_rest_is_counted() -> None:
    events, ignored = events_in([told("created", id=number) for number in range(1, 1501)])
    assert (len(events), ignored) == (1000, {"unknown": 500})


def test_a_poll_and_a_webhook_tell_of_the_same_event() -> None:
    (event,), _ = events_in(told("created"))
    assert event_of(Message.from_api(INCOMING)) == event


@pytest.mark.parametrize("changes", [{"destination": "notice_closed"}, {"id": None}])
def test_a_line_of_the_history_that_is_no_event(changes: dict[str, Any]) -> None:
    assert event_of(Message.from_api({**INCOMING, **changes})) is None


def test_nothing_personal_is_shown() -> None:
    (event,), _ = events_in(told("created", user={"phone": "79161112233", "name": "Anna"}))
    shown = repr(event)
    assert "501" in shown
    assert not any(secret in shown for secret in ("Да", "Anna", "2233"))


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["action", "payload", "data", "id", "message", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
ACTIONS = st.sampled_from([f"channel.message.{change}" for change in ("created", "updated", "deleted", "")])
BODIES = JSON | st.fixed_dictionaries({"action": ACTIONS, "payload": JSON | st.just(INCOMING)})


@given(BODIES)
def test_any_json_is_read(body: Any) -> None:
    events, ignored = events_in(body)
    assert len(events) + ignored.total() == (len(body) if isinstance(body, list) else 1)
    assert all(isinstance(event, ChannelEvent) and event.kind in KINDS for event in events)
    json.dumps([event.key for event in events])

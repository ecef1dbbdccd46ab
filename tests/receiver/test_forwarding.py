"""Replies that a poll has found come to the receiver as webhooks do, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_wahelp.assets.event import IncomingEvent
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.incoming.forwarding import ForwardingError, forward_replies
from airflow_provider_wahelp.receiver.app import Receiver, make_app
from airflow_provider_wahelp.receiver.consumers import Consumers
from airflow_provider_wahelp.receiver.received import Received
from airflow_provider_wahelp.receiver.register import register
from airflow_provider_wahelp.sandbox import Sandbox
from tests.conftest import Connect
from tests.guide_server import LOGIN
from tests.receiver.conftest import SECRET
from tests.receiver.test_app import _served, channel, sandbox

__all__ = ["channel", "sandbox"]  # fixtures

PHONE = "+79161112233"


def event(channel: dict[str, Any], message_id: Any, kind: Any = "message") -> IncomingEvent:
    return IncomingEvent(key=f"{kind}:{message_id}", id=message_id, kind=kind, channel_uuid=channel["uuid"])


def test_the_receiver_is_told_who_wrote_what_and_reads_the_rest_itself(
    sandbox: Sandbox,
    channel: dict[str, Any],
    connect: Connect,
    database: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox.scan(channel["uuid"])
    written = sandbox.receive(PHONE, "Да", channel["uuid"])
    heard: list[Received] = []

    async def hear(received: Sequence[Received]) -> None:
        heard.extend(received)

    extra = {"project_id": channel["project_id"], "webhook_token": SECRET}
    connect(sandbox.url, extra=extra, **LOGIN)
    with _served(make_app(Receiver(register, consumers=Consumers([hear])))) as url:
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", url)
        forward_replies(
            [event(channel, written["id"]), event(channel, 987654), event(channel, written["id"], "call")]
        )
        until = time.monotonic() + 10
        while not heard and time.monotonic() < until:
            time.sleep(0.01)
    [received] = heard
    message = received.event.message
    assert (message.id, message.user_id, message.text) == (written["id"], written["user_id"], "")
    assert message.phone
    assert received.channel.channel_uuid == channel["uuid"]
    assert SECRET not in caplog.text


def test_a_receiver_that_does_not_answer_is_an_error_without_its_address(
    sandbox: Sandbox, channel: dict[str, Any], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = sandbox.receive(PHONE, "Да", channel["uuid"])
    extra = {"project_id": channel["project_id"], "webhook_token": SECRET}
    connect(sandbox.url, extra=extra, **LOGIN)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(ForwardingError) as refused:
        forward_replies([event(channel, written["id"])])
    assert SECRET not in f"{refused.value!r} {refused.value}"
    connect(sandbox.url, extra={"project_id": channel["project_id"]}, **LOGIN)
    with pytest.raises(InputError, match="webhook_token"):
        forward_replies([event(channel, written["id"])])

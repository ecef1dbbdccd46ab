"""Triggers with a receiver: its hints cause looks, and the poll is a net. Over real HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("airflow.sdk", reason="before Airflow 3 there is no receiver")

from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.incoming.hearing import (
    DOUBT_SECONDS,
    HEARING_SECONDS,
    SETTLING_SECONDS,
    net_interval,
)
from airflow_provider_wahelp.incoming.hints import Hint
from airflow_provider_wahelp.incoming.question import Asked, Question, Rules
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.triggers import AnswersTrigger, MessageStatusTrigger
from tests import timelapse
from tests.heard import RECEIVER, Heard

INTERVAL = 20.0
SOON = HEARING_SECONDS + SETTLING_SECONDS
Place = dict[str, Any]


class Channel:
    """A channel of the sandbox, and what its receiver has heard."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = sandbox
        with WahelpHook() as hook:
            project = hook.create_project("Shop").id
            self.uuid = hook.create_channel("Support", project_id=project).uuid
        self.place = {"project_id": project, "channel_uuid": self.uuid, "poke_interval": INTERVAL}
        sandbox.scan(self.uuid)
        self.hear = Heard(monkeypatch, sandbox.url, project).tell

    def send(self, text: str = "Hello") -> Any:
        with WahelpHook() as hook:
            place = {name: self.place[name] for name in ("project_id", "channel_uuid")}
            message = hook.send_message(text, phone="+79161234567", **place)
        self.sandbox.clear_requests()
        return message

    @property
    def looks(self) -> int:
        """How many requests there were since the last message."""
        return sum(request["method"] == "GET" for request in self.sandbox.requests)


@pytest.fixture
def channel(wahelp_sandbox: Sandbox, connect: Any, monkeypatch: pytest.MonkeyPatch) -> Channel:
    connect(wahelp_sandbox.url, extra=RECEIVER)
    wahelp_sandbox.configure(activation_delay=None, delivered_after=10, read_after=9999)
    return Channel(wahelp_sandbox, monkeypatch)


async def outcome(trigger: Any) -> Any:
    return (await anext(trigger.run())).payload


def status_of(channel: Channel, message: Any) -> MessageStatusTrigger:
    return MessageStatusTrigger(message_id=message.id, **channel.place)


def test_a_report_ends_a_wait_at_once_without_a_poll(channel: Channel) -> None:
    message = channel.send()

    async def work() -> float:
        waiting = asyncio.create_task(outcome(status_of(channel, message)))
        await asyncio.sleep(net_interval(INTERVAL) * 0.9)
        assert channel.looks == 1
        channel.sandbox.advance(11)
        channel.hear(Hint(channel.uuid, "status", str(message.id), None))
        await asyncio.wait_for(waiting, SOON)
        return channel.looks

    assert timelapse.run(work()) == 2


def test_a_hint_alone_ends_nothing(channel: Channel) -> None:
    message = channel.send()

    async def work() -> None:
        waiting = asyncio.create_task(outcome(status_of(channel, message)))
        await asyncio.sleep(1)
        for _ in range(5):
            channel.hear(Hint(channel.uuid, "status", str(message.id), None))
            await asyncio.sleep(SOON)
        assert not waiting.done()
        waiting.cancel()

    timelapse.run(work())


def test_a_message_that_is_too_old_for_the_page_is_asked_for_by_its_id(channel: Channel) -> None:
    old = [channel.send("Old") for _ in range(3)]
    for number in range(100):
        channel.sandbox.receive("+79161234567", f"Hello {number}", channel.uuid)

    async def work() -> list[str]:
        waits = [asyncio.create_task(outcome(status_of(channel, message))) for message in old]
        await asyncio.sleep(1)
        channel.sandbox.clear_requests()
        channel.sandbox.advance(11)
        channel.hear(Hint(channel.uuid, "status", str(old[1].id), None))
        await asyncio.wait_for(waits[1], SOON)
        for wait in waits:
            wait.cancel()
        return [request["path"].rpartition("/")[2] for request in channel.sandbox.requests]

    assert timelapse.run(work()) == ["messages", str(old[1].id)]


def test_an_answer_ends_a_question_at_once_and_what_others_write_costs_nothing(channel: Channel) -> None:
    message = channel.send("Do you come?")
    asked = Asked(message.user_id, [message.id], message.created_at.timestamp(), None, 0.0)
    question = Question(Rules({"yes": [], "no": []}), channel.uuid, [asked], 1, 0.0)
    trigger = AnswersTrigger(question=_plain(question), **channel.place)

    async def work() -> Any:
        waiting = asyncio.create_task(outcome(trigger))
        await asyncio.sleep(1)
        looks = channel.looks
        channel.hear(Hint(channel.uuid, "message", "999", "another"))
        channel.hear(Hint(channel.uuid, "status", str(message.id), str(message.user_id)))
        await asyncio.sleep(net_interval(INTERVAL) * 0.9)
        assert channel.looks == looks
        answer = channel.sandbox.receive("+79161234567", "Да", channel.uuid)
        channel.hear(Hint(channel.uuid, "message", str(answer["id"]), str(message.user_id)))
        return await asyncio.wait_for(waiting, SOON)

    assert timelapse.run(work())["result"]["replies"][0]["answer"] == "yes"


def test_what_no_webhook_tells_of_is_found_by_the_net_and_then_by_each_poll(channel: Channel) -> None:
    async def wait() -> float:
        message, began = channel.send(), asyncio.get_running_loop().time()
        waiting = asyncio.create_task(outcome(status_of(channel, message)))
        await asyncio.sleep(1)
        channel.sandbox.advance(11)
        await waiting
        return asyncio.get_running_loop().time() - began

    async def work() -> list[float]:
        unread = MessageStatusTrigger(message_id=channel.send().id, status="read", **channel.place)
        other = asyncio.create_task(outcome(unread))
        found = [await wait()]
        await asyncio.sleep(2 * DOUBT_SECONDS)
        found.append(await wait())
        other.cancel()
        return found

    slow, fast = timelapse.run(work())
    assert slow > net_interval(INTERVAL) / 2
    assert fast <= INTERVAL


def _plain(question: Question) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(question)

"""Waiting for what people write: one reading of the history, whatever its order, over real HTTP."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.waiting import Result
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.triggers import MessageStatusTrigger
from airflow_provider_wahelp.triggers.poller import polled
from airflow_provider_wahelp.triggers.waiters import LATENESS, IncomingWaiter
from tests import timelapse
from tests.unit.triggers.test_triggers import INTERVAL, Place, asked, first, looks, new_channel, send

PHONE = "+79161234567"
HABITS: dict[str, dict[str, Any]] = {
    "as in production": {},
    "the oldest first": {"oldest_first": True, "page_cap": 7},
    "pages are ignored": {"page_ignored": True},
    "no end is told": {"has_more": "absent", "page_cap": 7},
    "more is always promised": {"has_more": "always", "page_cap": 7},
    "no times": {"times_format": None, "page_cap": 7},
}


@pytest.fixture
def place(wahelp_sandbox: Sandbox, connect: Any) -> Place:
    connect(wahelp_sandbox.url)
    wahelp_sandbox.configure(activation_delay=0, delivered_after=10, read_after=20)
    return new_channel("Support")


class Reader:
    """A task that waits for a text, and remembers what it was shown."""

    def __init__(self, place: Place, last: str, since: float | None = None) -> None:
        self.texts: list[str | None] = []
        self._last = last
        self._project = place["project_id"]
        self._waiter = IncomingWaiter(place["channel_uuid"], INTERVAL, since, self._take)

    async def run(self) -> None:
        with polled("wahelp_default", self._project, self._waiter):
            while isinstance(event := await self._waiter.next_event(), str):
                pass  # a line for the log
        assert event == {"result": {"last": self._last}}

    def _take(self, messages: Sequence[Message]) -> Result | None:
        assert messages
        self.texts += [message.text for message in messages]
        return {"last": self._last} if self._last in self.texts else None


def write(sandbox: Sandbox, place: Place, *texts: str) -> None:
    for text in texts:
        sandbox.receive(PHONE, text, place["channel_uuid"])


def read(readers: Sequence[Reader], meanwhile: Callable[[], Awaitable[None]]) -> list[list[str | None]]:
    async def work() -> None:
        waiting = [asyncio.create_task(reader.run()) for reader in readers]
        await meanwhile()
        await asyncio.wait_for(asyncio.gather(*waiting), 20 * INTERVAL)

    timelapse.run(work())
    return [reader.texts for reader in readers]


@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
def test_each_message_is_shown_once_and_in_order_whatever_the_history(
    place: Place, wahelp_sandbox: Sandbox, habits: dict[str, Any]
) -> None:
    wahelp_sandbox.set_habits(**habits)
    bursts = [[f"{burst}-{n}" for n in range(20)] for burst in range(2)]
    write(wahelp_sandbox, place, "before", "that")

    async def meanwhile() -> None:
        for count, burst in enumerate(bursts, 1):
            await looks(count)
            write(wahelp_sandbox, place, *burst)
        await looks(4)
        write(wahelp_sandbox, place, "last")

    expected = [*bursts[0], *bursts[1], "last"]
    assert read([Reader(place, "last") for _ in range(3)], meanwhile) == [expected] * 3


def test_a_burst_longer_than_a_page_is_shown_whole(place: Place, wahelp_sandbox: Sandbox) -> None:
    burst = [f"Hello {n}" for n in range(130)]
    write(wahelp_sandbox, place, "before")

    async def meanwhile() -> None:
        await looks(1)
        write(wahelp_sandbox, place, *burst)

    assert read([Reader(place, burst[-1])], meanwhile) == [burst]


@pytest.mark.parametrize("ignored", [True, False])
def test_it_is_said_once_that_messages_may_be_missing(
    place: Place, wahelp_sandbox: Sandbox, ignored: bool
) -> None:
    """Where pages are ignored, a burst longer than a page is lost: that must not go unsaid."""
    write(wahelp_sandbox, place, "long ago")
    wahelp_sandbox.advance(3600)
    write(wahelp_sandbox, place, "before")
    wahelp_sandbox.set_habits(page_ignored=ignored)
    waiter = IncomingWaiter(str(place["channel_uuid"]), INTERVAL, None, lambda _: None)

    async def work() -> list[Any]:
        with polled("wahelp_default", int(place["project_id"]), waiter):
            await looks(2)
            assert not waiter._events
            write(wahelp_sandbox, place, *(f"Hello {n}" for n in range(130)))
            await looks(5)
        return list(waiter._events)

    said = timelapse.run(work())
    assert [("messages may be missing" in each) for each in said] == [True] * ignored


def test_what_was_written_since_a_moment_is_shown_to_who_comes_later(
    place: Place, wahelp_sandbox: Sandbox
) -> None:
    write(wahelp_sandbox, place, "long ago")
    wahelp_sandbox.advance(3600)
    write(wahelp_sandbox, place, "one")
    began = message_time(place, "one")
    late = Reader(place, "three", began)

    async def meanwhile() -> None:
        await looks(2)
        write(wahelp_sandbox, place, "two")
        await looks(3)
        running = asyncio.create_task(late.run())
        await looks(4)
        write(wahelp_sandbox, place, "three")
        await running

    early = Reader(place, "three", began)
    assert read([early, Reader(place, "three")], meanwhile) == [["one", "two", "three"], ["two", "three"]]
    assert late.texts == ["one", "two", "three"]


def message_time(place: Place, text: str) -> float:
    with WahelpHook() as hook:
        found = next(each for each in hook.get_messages(**place) if each.text == text)
    assert found.created_at
    return found.created_at.timestamp()


def test_a_message_that_shows_up_late_is_not_missed(place: Place, wahelp_sandbox: Sandbox) -> None:
    write(wahelp_sandbox, place, "before")
    wahelp_sandbox.set_habits(late_incoming=LATENESS - 60)
    write(wahelp_sandbox, place, "late")
    wahelp_sandbox.advance(30)
    wahelp_sandbox.set_habits(late_incoming=0.0)
    write(wahelp_sandbox, place, "in time")

    async def meanwhile() -> None:
        await looks(2)
        wahelp_sandbox.advance(LATENESS)
        await looks(3)
        write(wahelp_sandbox, place, "last")

    since = message_time(place, "before")
    assert read([Reader(place, "last", since)], meanwhile) == [["before", "in time", "late", "last"]]


def test_readers_and_waits_for_messages_share_one_page(place: Place, wahelp_sandbox: Sandbox) -> None:
    write(wahelp_sandbox, place, "long ago")
    wahelp_sandbox.advance(2 * LATENESS)
    ids = send(place, 10)
    readers = [Reader(place, "last") for _ in range(50)]
    wahelp_sandbox.clear_requests()

    async def meanwhile() -> None:
        statuses = [MessageStatusTrigger(message_id=each, poke_interval=INTERVAL, **place) for each in ids]
        waiting = [asyncio.create_task(first(each)) for each in statuses]
        await looks(2)
        wahelp_sandbox.advance(11)
        await looks(3)
        assert [(await each)["result"]["id"] for each in waiting] == ids
        write(wahelp_sandbox, place, "last")

    assert read(readers, meanwhile) == [["last"]] * 50
    assert asked(wahelp_sandbox) == {f"/{place['channel_uuid']}/messages": 4}


def test_a_fault_in_the_middle_of_a_burst_loses_nothing(place: Place, wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.set_habits(page_cap=7)
    burst = [f"Hello {n}" for n in range(130)]
    write(wahelp_sandbox, place, "before")

    async def meanwhile() -> None:
        await looks(1)
        write(wahelp_sandbox, place, *burst)
        wahelp_sandbox.inject("error_after", path="*/messages", status=502, probability=0.1, seed=1)
        wahelp_sandbox.clear_requests()
        await looks(4)
        assert {200, 502} == {each["status"] for each in wahelp_sandbox.requests}
        wahelp_sandbox.clear_faults()
        write(wahelp_sandbox, place, "last")

    assert read([Reader(place, "last")], meanwhile) == [[*burst, "last"]]


def test_a_missing_channel_ends_the_wait_as_what_it_is(place: Place) -> None:
    waiter = IncomingWaiter("no-such", INTERVAL, None, lambda _: None)

    async def work() -> Any:
        with polled("wahelp_default", place["project_id"], waiter):
            return await waiter.next_event()

    assert timelapse.run(work())["error"]["kind"] == "NotFoundError"


def test_a_message_that_is_deleted_for_everyone_is_shown_again() -> None:
    shown: list[tuple[Any, str | None]] = []

    def take(messages: Sequence[Message]) -> None:
        shown.extend((message.id, message.text) for message in messages)

    waiter = IncomingWaiter("c-1", INTERVAL, 0.0, take)
    for text in ("Hello", "Hello", "_Message deleted_", "_Message deleted_"):
        message = Message.from_api({"id": 1, "message": text, "destination": "from"})
        waiter.show([message], -math.inf)
    assert shown == [(1, "Hello"), (1, "_Message deleted_")]

"""What a mailing remembers of a great many messages: little of it in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.flow import Flow, ServerTime
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.delivery.mailing.channel import MailingChannel
from airflow_provider_wahelp.delivery.mailing.chunks import Chunks, Done
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions, Suppression
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.tracking import Tracking
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.waiting import WaitOptions

COUNT = 10_000
LITTLE = 500_000  # bytes


class History:
    """A hook to a channel through which a message went each second, of which every other one has arrived."""

    def run(self, conversation: Flow[Any]) -> Any:
        step: Any = next(conversation)
        try:
            while True:
                step = conversation.send(self._answer(step))
        except StopIteration as stop:
            return stop.value

    def _answer(self, step: Any) -> Any:
        if isinstance(step, ServerTime):
            return Moment(float(COUNT))
        newest = COUNT - ((step.params or {}).get("page", 1) - 1) * 100
        return Page([_message(number) for number in range(newest, max(0, newest - 100), -1)])


class Ledger:
    """A ledger that counts."""

    def __init__(self) -> None:
        self.kept: list[int] = []

    def read(self, key: str) -> None:
        return None

    def write(self, key: str, record: Any) -> None:
        self.kept.append(len(record["done"]))

    def forget(self, key: str) -> None: ...


def _message(number: int) -> Message:
    status: Any = "delivered" if number % 2 else "sent"
    at = datetime.fromtimestamp(number, UTC)
    return Message(id=number, direction="outgoing", text="Hi", status=status, created_at=at)


@pytest.fixture
def leg_with() -> Iterator[Callable[..., MailingChannel]]:
    """Return what makes a channel through which the messages have gone."""
    worklists = []

    def make(ledger: Ledger, status: str = "sent") -> MailingChannel:
        worklist = Worklist()
        worklists.append(worklist)
        with worklist.filling():
            worklist.add(
                [QueuedMessage(number, f"key {number}", "Hi", number) for number in range(1, COUNT + 1)]
            )
        with worklist.at_once():
            for number in range(1, COUNT + 1):
                worklist.remember_done(Done(f"key {number}", "sent", number, number, number, status))
        recorder = SimpleNamespace(
            sender=SimpleNamespace(hook=History(), project_id=1, channel_uuid="c"),
            chunks=Chunks(ledger, "key", 0),
            clock=lambda: float(COUNT),
        )
        dispatcher: Any = SimpleNamespace(recorder=recorder, reconciler=SimpleNamespace(suspected_since=None))
        return MailingChannel(dispatcher, worklist)

    yield make
    for worklist in worklists:
        worklist.__exit__()


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < LITTLE
    finally:
        tracemalloc.stop()


def test_a_look_at_many_messages_takes_little_memory_and_few_writes(
    leg_with: Callable[..., MailingChannel],
) -> None:
    ledger = Ledger()
    leg = leg_with(ledger)
    with little_memory():
        leg.look(WaitOptions("delivered", timeout=10.0, fallback_after=5.0, interval=1.0))
    assert leg.worklist.awaited.summary().total == 5  # the others have arrived, or are waited for no more
    assert sum(ledger.kept) == COUNT - 5
    assert ledger.kept == [200] * 49 + [195]


def test_to_wait_no_more_for_many_messages_takes_little_memory(
    leg_with: Callable[..., MailingChannel],
) -> None:
    legs = [leg_with(Ledger()), leg_with(Ledger(), "delivered")]
    wait_options = WaitOptions("delivered", timeout=1e9, fallback_after=1e9, interval=1.0)
    following = Tracking(legs, wait_options, Exclusions(Suppression()))
    with little_memory():
        following._stop_waiting()
    assert legs[0].worklist.awaited.summary().total == 0

"""The people of a mailing on the disk, and the history beside them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.likeness import digest
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.delivery.mailing import worklist as worklists
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist


def went(number: Id | None, user_id: Id | None, text: str, at: int) -> Message:
    created_at = datetime.fromtimestamp(at, UTC)
    return Message(id=number, user_id=user_id, text=text, created_at=created_at, direction="outgoing")


@pytest.fixture
def worklist() -> Iterator[Worklist]:
    with Worklist() as made:
        with made.filling():
            made.add([QueuedMessage(1, "a", "Hello", 301), QueuedMessage(2, "b", "Hello", 302)])
        yield made


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ([], []),
        ([(1, 301, "x", 10)], [1]),
        ([("m-1", None, "x", 10)], ["m-1"]),
        ([(1, 301, "x", 12), (2, None, "x", 11)], [2, 1]),
        ([(1, 302, "x", 10)], []),
        ([(1, 301, "y", 10)], [1]),
        ([(1, None, "y", 10)], []),
        ([(1, None, "_Message deleted_", 10)], [1]),
        ([(7, 301, "x", 10)], []),
        ([(7, 301, "x", 10), (8, 301, "x", 11)], [8]),
        ([("7", 301, "x", 10)], ["7"]),
        ([(None, 301, "x", 10), (1, 301, "x", 11)], [None, 1]),
        ([(1, 301, "x", 10), (1, 301, "_Message deleted_", 10)], [1]),
    ],
)
def test_a_message_of_the_history_is_theirs_if_it_fits_and_is_nobody_elses(
    worklist: Worklist, history: list[tuple[Id | None, Id | None, str, int]], found: list[Id | None]
) -> None:
    worklist.settle(2, Outcome.SENT, message_id=7)
    for message in history:
        worklist.add_history(went(*message))
    assert [message.id for message in worklist.in_history(301, digest("x"))] == found


def test_somebody_without_an_id_has_the_messages_without_one(worklist: Worklist) -> None:
    worklist.add_history(went(1, 301, "x", 10))
    worklist.add_history(went(2, None, "x", 11))
    assert [message.id for message in worklist.in_history(None, digest("x"))] == [2]


def test_a_message_of_the_history_is_read_as_it_was(worklist: Worklist) -> None:
    messages = [went(1, 301, "x", 10), Message(id=2, user_id=301, direction="outgoing")]
    for message in messages:
        worklist.add_history(message)
    assert worklist.in_history(301, digest("x")) == messages[::-1]


def test_looking_for_a_message_reads_neither_all_people_nor_all_of_the_same_text(worklist: Worklist) -> None:
    wanted = {"digest": "x", "user_id": 301, "deleted": worklists.DELETED}
    plan = [row[3] for row in worklist._db.execute(f"EXPLAIN QUERY PLAN {worklists._FIND}", wanted)]
    assert any("texts (user_id=? AND digest=?)" in step for step in plan)
    assert any("sent (message_id=?)" in step for step in plan)
    assert not [step for step in plan if "SCAN people" in step or "SCAN history" in step or "TEMP" in step]


def test_each_with_the_key_of_an_earlier_row_is_left_out_and_named_with_that_row() -> None:
    with Worklist() as worklist:
        with worklist.filling():
            worklist.add([QueuedMessage(2, "a", "Hi", 301), QueuedMessage(3, "b", "Hi", 302)])
            worklist.reject(4, Outcome.SKIPPED, "bad")
            worklist.add(
                [QueuedMessage(5, "a", "Hi", 303), QueuedMessage(6, "a", "Hi", None, "+79161112233")]
            )
            worklist.reject(7, Outcome.SKIPPED, "bad")
        assert worklist.repeats == 2
        told = [
            (row.number, row.outcome, row.reason, row.user_id, row.phone) for row in worklist.results.report()
        ]
        assert told == [
            (2, Outcome.DEFERRED, "not sent yet", 301, None),
            (3, Outcome.DEFERRED, "not sent yet", 302, None),
            (4, Outcome.SKIPPED, "bad", None, None),
            (5, Outcome.SKIPPED, "the same key as row 2", 303, None),
            (6, Outcome.SKIPPED, "the same key as row 2", None, "+79161112233"),
            (7, Outcome.SKIPPED, "bad", None, None),
        ]
        assert [person.number for person in worklist.waiting(9)] == [2, 3]

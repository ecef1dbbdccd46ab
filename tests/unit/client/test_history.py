"""How far a reading of the history went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_wahelp.client.answers import Answer
from airflow_provider_wahelp.client.errors import NotFoundError
from airflow_provider_wahelp.client.history import Extent, read_history
from airflow_provider_wahelp.client.models import Message

from .script import HISTORY, NOW, data, fails, past, play

EARLIER = NOW - 100


def page(*ages: float | None, first: int = 1, **beside: Any) -> tuple[str, Answer]:
    entries = [
        past(at=NOW - (age or 0)) | {"id": first + place} | ({} if age is not None else {"created_at": None})
        for place, age in enumerate(ages)
    ]
    return HISTORY, data(entries, **beside)


def read(*script: tuple[str, Answer], take: Callable[[Message, Extent], bool] | None = None) -> Extent:
    reading = read_history(1, "c", lambda extent: EARLIER, take or (lambda message, extent: False))
    extent: Extent = play(reading, *script)
    return extent


FIRST = page(0, 10)
GONE = (HISTORY, fails(404))


@pytest.mark.parametrize(
    ("script", "covered"),
    [
        ([page()], True),
        ([page(0, 200)], True),
        ([FIRST, page(20, 200, first=3)], True),
        ([FIRST, FIRST], False),  # pages are ignored
        ([FIRST, page()], False),  # the newest alone may be kept
        ([FIRST, GONE], False),
        ([page(200, 0), page()], True),
        ([page(200, 0), GONE], True),
        ([page(200, 0), (HISTORY, fails(422))], True),
        ([page(200, 0), page(200, 0)], False),  # the oldest first, and pages are ignored
        ([page(200, 0), page(20, first=3), page(20, first=3)], True),  # the last page again and again
        ([page(200, 0, has_more=False)], True),
        ([page(200, 0, has_more=True), page(has_more=True)], False),  # more is promised, and nothing comes
        ([page(0, 10, has_more=False)], False),
        ([page(200, 200), page()], True),
        ([page(0, None, 200), page()], True),
        ([page(None), page()], False),
    ],
)
def test_a_missing_message_proves_something_where_the_history_reaches_back(
    script: list[tuple[str, Answer]], covered: bool
) -> None:
    assert read(*script).covers(EARLIER) is covered


def test_a_first_page_that_is_refused_is_an_error() -> None:
    with pytest.raises(NotFoundError):
        read(GONE)


def test_a_reading_stops_where_it_is_told_to() -> None:
    taken: list[Any] = []

    def take(message: Message, extent: Extent) -> bool:
        taken.append(message.id)
        assert extent.count == len(taken)
        return message.id == 3

    read(FIRST, page(20, 30, first=3), take=take)
    assert taken == [1, 2, 3]


def test_whole_minutes_are_told_from_exact_times() -> None:
    assert read(page(1, 61), page()).coarse
    assert not read(page(0, 61), page()).coarse

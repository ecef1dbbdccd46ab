"""Lists end, whatever the server says about their end."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from airflow_provider_wahelp.client import calls, errors
from airflow_provider_wahelp.client.models import Message, Model, User, Webhook
from airflow_provider_wahelp.client.paging import Page, Pager
from airflow_provider_wahelp.client.proof import outgoing_since
from airflow_provider_wahelp.client.server_clock import Moment

from .wire import Blocking, Wire, ok, says


def ids(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


@pytest.mark.parametrize(
    ("paged", "pages", "expected", "asked"),
    [
        (True, [(ids(1, 2), True), (ids(3), False)], [1, 2, 3], 2),
        (True, [(ids(1, 2), None), (ids(3), None), ([], None)], [1, 2, 3], 3),
        (True, [(ids(1, 2), None)] * 9, [1, 2], 2),
        (True, [(ids(1, 2), True)] * 9, [1, 2], 2),
        (True, [(ids(1, 2), True), (ids(2, 3), True), (ids(4), False)], [1, 2, 3, 4], 3),
        (True, [([], True)] * 9, [], 1),
        (True, [(ids(1, 1), False)], [1], 1),
        (False, [(ids(1), None)] * 9, [1], 1),
        (False, [(ids(1), True), (ids(2), None)], [1, 2], 2),
        (False, [([], None)], [], 1),
    ],
    ids=[
        "has_more-says-so",
        "has_more-missing",
        "page-ignored",
        "page-ignored-and-more-promised",
        "pages-overlap",
        "empty-and-more-promised",
        "twice-on-one-page",
        "not-paged",
        "not-paged-but-more-promised",
        "empty",
    ],
)
def test_every_object_is_brought_once_and_the_list_ends(
    client: Blocking, wire: Wire, paged: bool, pages: list[Any], expected: list[int], asked: int
) -> None:
    wire.will(*(ok(data, **({} if more is None else {"has_more": more})) for data, more in pages))
    found = client.items(lambda page: calls.list_users(1, "c", page), paged=paged)
    assert [user.id for user in found] == expected
    assert [seen.path.rpartition("page=")[2] for seen in wire.calls] == [str(n + 1) for n in range(asked)]


@pytest.mark.parametrize("paged", [True, False], ids=["paged", "not-paged"])
@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_page_past_the_end_may_be_refused(client: Blocking, wire: Wire, status: int, paged: bool) -> None:
    wire.will(ok(ids(1, 2)), says(status=status))
    assert [user.id for user in client.items(partial(calls.list_users, 1, "c"), paged=paged)] == [1, 2]
    assert len(wire.calls) == 1 + paged


@pytest.mark.parametrize("pages", [[], [ok(ids(1), has_more=True)]], ids=["first", "promised"])
@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_page_that_must_be_there_is_not_the_end(
    client: Blocking, wire: Wire, status: int, pages: list[Any]
) -> None:
    wire.will(*pages, says(status=status))
    with pytest.raises(errors.WahelpError):
        client.items(partial(calls.list_users, 1, "c"), paged=True)


def test_a_history_ends_where_a_page_is_refused(client: Blocking, wire: Wire) -> None:
    wire.will(ok([{"id": 1, "message": "x", "destination": "from_operator"}]), says(status=404))
    found: list[Message] = []
    client.run(outgoing_since(1, "c", Moment(0.0), lambda message: found.append(message) is not None))
    assert [message.id for message in found] == [1]


def test_nothing_is_asked_for_before_it_is_needed(wire: Wire) -> None:
    from airflow_provider_wahelp.client import Settings

    client = Blocking(Settings(base_url=wire.url, access_token="ready"))
    wire.will(ok(ids(1, 2), has_more=True))
    users = client.client.iterate(lambda page: calls.list_users(1, "c", page), paged=True)
    assert wire.calls == []
    assert [next(users).id, next(users).id] == [1, 2]
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (User, {"phone": "79161234567"}, {"phone": "79031112233"}),
        (Message, {"message": "one"}, {"message": "two"}),
        (Webhook, {"url": "https://a.test"}, {"url": "https://b.test"}),
        (Webhook, {"id": 1}, {"id": 2}),
    ],
    ids=["users", "messages", "webhooks", "unknown-ids"],
)
def test_objects_without_an_id_are_told_apart_by_what_they_hold(
    kind: type[Model], one: Any, other: Any
) -> None:
    first, second, again = (kind.from_api(data) for data in (one, other, one))
    pager: Pager[Model] = Pager(paged=True)
    assert pager.take(Page([first, second])) == [first, second]
    assert pager.take(Page([again])) == []
    assert pager.done


def test_a_long_list_remembers_the_page_before_alone() -> None:
    pager: Pager[Message] = Pager(paged=True, long=True)
    pages = [[1, 2, 3], [3, 4, 5], [1, 6, 6], [1, 6]]
    taken = [pager.take(Page([Message(id=number) for number in page])) for page in pages]
    assert [[message.id for message in page] for page in taken] == [[1, 2, 3], [4, 5], [1, 6], []]
    assert pager.done


def test_a_long_history_takes_little_memory() -> None:
    def page(newest: int) -> Page[Message]:
        ids = range(newest, newest - 200, -1)
        times = (datetime.fromtimestamp(each, UTC) for each in ids)
        return Page(
            [Message(id=at.timestamp(), direction="outgoing", text="Hi", created_at=at) for at in times]
        )

    ids: list[Any] = []
    reading = outgoing_since(1, "c", Moment(0.0), lambda message: bool(ids.append(message.id)))
    next(reading)
    tracemalloc.start()
    try:
        for newest in range(12_000, 0, -200):
            ids.clear()
            reading.send(page(newest))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert ids[-1] == 1

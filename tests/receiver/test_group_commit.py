"""One transaction at a time, with everything that has come meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import chain
from threading import Event

import pytest
from sqlalchemy.exc import OperationalError

from airflow_provider_wahelp.receiver.group_commit import BusyError, GroupCommit


class Database:
    """Remembers its transactions; none begins before it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        self.transactions: list[list[int]] = []
        self.go = Event()
        self._error = error

    def commit(self, take: Callable[[], Sequence[int]]) -> None:
        assert self.go.wait(10)
        things = list(take())
        self.transactions.append(things)
        if self._error and 13 in things:
            raise self._error


async def _add(commits: GroupCommit[int], database: Database, things: Sequence[int]) -> list[object]:
    adding = [asyncio.create_task(commits.add([thing])) for thing in things]
    await asyncio.sleep(0)  # each has come before the first transaction ends
    database.go.set()
    return await asyncio.gather(*adding, return_exceptions=True)


def test_what_comes_during_a_transaction_shares_the_next() -> None:
    database = Database()
    commits = GroupCommit(database.commit, most_together=4)
    assert asyncio.run(_add(commits, database, range(9))) == [None] * 9
    assert list(chain(*database.transactions)) == list(range(9))
    assert max(map(len, database.transactions)) == 4


def test_what_cannot_be_stored_keeps_out_nobody_else() -> None:
    database = Database(ValueError())
    outcomes = asyncio.run(_add(GroupCommit(database.commit), database, [12, 13, 14]))
    assert [type(each) for each in outcomes] == [type(None), ValueError, type(None)]


def test_where_the_database_is_away_nothing_is_tried_one_by_one() -> None:
    database = Database(OperationalError("", {}, Exception("database is locked")))
    outcomes = asyncio.run(_add(GroupCommit(database.commit), database, [12, 13, 14]))
    assert [type(each) for each in outcomes] == [OperationalError] * 3
    assert len(database.transactions) == 1


def test_who_waits_for_a_lock_that_is_not_to_be_had_is_told() -> None:
    def fail(_: Callable[[], Sequence[int]]) -> None:
        raise OperationalError("", {}, Exception("database is locked"))

    async def add() -> list[object]:
        commits = GroupCommit(fail)
        return await asyncio.gather(*(commits.add([each]) for each in range(3)), return_exceptions=True)

    assert [type(each) for each in asyncio.run(add())] == [OperationalError] * 3


def test_no_more_waits_than_may() -> None:
    database = Database()
    outcomes = asyncio.run(_add(GroupCommit(database.commit, most_waiting=3), database, range(9)))
    assert [type(each) for each in outcomes] == [type(None)] * 3 + [BusyError] * 6
    assert list(chain(*database.transactions)) == [0, 1, 2]


def test_a_caller_that_gives_up_takes_nothing_back() -> None:
    database = Database()

    async def give_up() -> None:
        commits = GroupCommit(database.commit)
        leaves = asyncio.create_task(commits.add([1]))
        await asyncio.sleep(0)
        leaves.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaves
        database.go.set()
        await commits.add([2])

    asyncio.run(give_up())
    assert list(chain(*database.transactions)) == [1, 2]

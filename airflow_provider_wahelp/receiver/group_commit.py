"""One transaction at a time, with everything that has come while the one before ran.

A transaction a request cannot keep up with 50 requests a second on SQLite. Requests that wait for the
database's lock in threads take those from the API server, until Airflow's daemons die of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")

MOST_WAITING = 2000
MOST_TOGETHER = 200
LONGEST_PAUSE = 0.1
"""Seconds between two transactions at most, where there is more to commit than the machine has time for."""


class BusyError(Exception):
    """So much waits to be committed that nothing more is taken."""


class GroupCommit(Generic[T]):
    """Commits what requests bring, and lets each go on when its own is in the database.

    Of one event loop.

    :param commit: puts things into the database in one transaction; runs in a thread, one at a time.
    :param most_waiting: how many things may wait.
    :param most_together: at how many a transaction is closed.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[T]], object],
        most_waiting: int = MOST_WAITING,
        most_together: int = MOST_TOGETHER,
    ) -> None:
        self._commit = commit
        self._most_waiting = most_waiting
        self._most_together = most_together
        self._waiting: list[tuple[Sequence[T], asyncio.Future[None]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._limiter: CapacityLimiter | None = None

    async def add(self, things: Sequence[T]) -> None:
        """Return when these are committed. A caller that gives up does not take them back.

        :raises BusyError: if too much waits already.
        """
        if self._waiting and sum(len(each) for each, _ in self._waiting) + len(things) > self._most_waiting:
            raise BusyError
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((things, done))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        await done

    async def _work(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._waiting:
            group, began = self._next_group(), clock()
            try:
                await self._run([thing for things, _ in group for thing in things])
            except Exception as error:  # noqa: BLE001 - each that waits is told
                await self._singly(group, error)
            else:
                _finish(group)
            if self._waiting:  # as long again: a transaction of many costs hardly more than one of few
                await asyncio.sleep(min(clock() - began, LONGEST_PAUSE))

    def _next_group(self) -> list[tuple[Sequence[T], asyncio.Future[None]]]:
        size = taken = 0
        for things, _ in self._waiting:
            if taken and size + len(things) > self._most_together:
                break
            size, taken = size + len(things), taken + 1
        group, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return group

    async def _singly(self, group: list[tuple[Sequence[T], asyncio.Future[None]]], error: Exception) -> None:
        """Let what nobody can store keep out nobody else; where the database is away, all have failed."""
        if len(group) == 1 or _is_about_the_database(error):
            _finish(group, error)
            return
        for entry in group:
            try:
                await self._run(entry[0])
            except Exception as own:  # noqa: BLE001 - as above
                _finish([entry], own)
            else:
                _finish([entry])

    async def _run(self, things: Sequence[T]) -> None:
        # A thread of its own, beside those that the API server has for its requests.
        self._limiter = self._limiter or CapacityLimiter(1)
        await to_thread.run_sync(self._commit, things, limiter=self._limiter)


def _finish(group: Sequence[tuple[object, asyncio.Future[None]]], error: Exception | None = None) -> None:
    for _, done in group:
        if done.done():  # its caller has gone
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


def _is_about_the_database(error: Exception) -> bool:
    from sqlalchemy import exc

    return isinstance(error, exc.InterfaceError | exc.OperationalError | exc.TimeoutError)

"""One transaction at a time, with everything that has come before it could begin.

A transaction a request cannot keep up with 50 requests a second on SQLite. Requests that wait for the
database's lock in threads take those from the API server, until Airflow's daemons die of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import Generic, TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")
_Entry = tuple[Sequence[T], asyncio.Future[None]]

MOST_WAITING = 2000
MOST_TOGETHER = 200
LONGEST_PAUSE = 0.1
"""Seconds between two transactions at most, where there is more to commit than the machine has time for."""


class BusyError(Exception):
    """So much waits to be committed that nothing more is taken."""


class GroupCommit(Generic[T]):
    """Commits what requests bring, and lets each go on when its own is in the database.

    Of one event loop.

    :param commit: puts into the database, in one transaction, what the function that it is given returns; it
        calls that once, when it need not wait any more. Runs in a thread, one at a time.
    :param most_waiting: how many things may wait.
    :param most_together: at how many a transaction is closed.
    """

    def __init__(
        self,
        commit: Callable[[Callable[[], Sequence[T]]], object],
        most_waiting: int = MOST_WAITING,
        most_together: int = MOST_TOGETHER,
    ) -> None:
        self._commit = commit
        self._most_waiting = most_waiting
        self._most_together = most_together
        self._waiting: list[_Entry[T]] = []
        self._lock = Lock()  # of what waits: a thread takes from it
        self._taken_at = 0.0
        self._worker: asyncio.Task[None] | None = None
        self._limiter: CapacityLimiter | None = None

    async def add(self, things: Sequence[T]) -> None:
        """Return when these are committed. A caller that gives up does not take them back.

        :raises BusyError: if too much waits already.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            waiting = sum(len(each) for each, _ in self._waiting)
            if waiting and waiting + len(things) > self._most_waiting:
                raise BusyError
            self._waiting.append((things, done))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        await done

    async def _work(self) -> None:
        while self._waiting:
            group: list[_Entry[T]] = []
            self._taken_at = time.monotonic()
            try:
                await self._run(partial(self._take, group))
            except Exception as error:  # noqa: BLE001 - each that waits is told
                await self._singly(group or self._next_group(), error)
            else:
                _finish(group)
            if self._waiting:  # as long again: a transaction of many costs hardly more than one of few
                await asyncio.sleep(min(time.monotonic() - self._taken_at, LONGEST_PAUSE))

    def _take(self, group: list[_Entry[T]]) -> list[T]:
        group += self._next_group()
        self._taken_at = time.monotonic()
        return [thing for things, _ in group for thing in things]

    def _next_group(self) -> list[_Entry[T]]:
        with self._lock:
            size = taken = 0
            for things, _ in self._waiting:
                if taken and size + len(things) > self._most_together:
                    break
                size, taken = size + len(things), taken + 1
            group, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return group

    async def _singly(self, group: list[_Entry[T]], error: Exception) -> None:
        """Let what nobody can store keep out nobody else; where the database is away, all have failed."""
        if len(group) == 1 or _is_about_the_database(error):
            _finish(group, error)
            return
        for entry in group:
            try:
                await self._run(partial(_first, entry))
            except Exception as own:  # noqa: BLE001 - as above
                _finish([entry], own)
            else:
                _finish([entry])

    async def _run(self, take: Callable[[], Sequence[T]]) -> None:
        # A thread of its own, beside those that the API server has for its requests.
        self._limiter = self._limiter or CapacityLimiter(1)
        await to_thread.run_sync(self._commit, take, limiter=self._limiter)


def _first(entry: _Entry[T]) -> Sequence[T]:
    return entry[0]


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

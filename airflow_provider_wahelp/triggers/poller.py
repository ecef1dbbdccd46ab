"""The shared poller: one for all tasks that wait on the same connection and project.

Airflow 3.3 can share a stream between triggers by itself, but such a stream does not know what its triggers
wait for: it could not request a message that is too old for the first page. One fault would end all waits.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async

from airflow_provider_wahelp.client.errors import CredentialsError, WahelpError
from airflow_provider_wahelp.client.waiting import retry_delay
from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
from airflow_provider_wahelp.incoming.hearing import Hearing
from airflow_provider_wahelp.incoming.hints import board_name, read_board
from airflow_provider_wahelp.triggers.poll import FOR_ALL, Poll, tell
from airflow_provider_wahelp.triggers.waiters import Waiter, Waiters

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
"""Seconds of pause after the first fault, and the longest after many."""

LOGIN_PAUSE = 8.0
"""The first pause, in seconds, after credentials were refused: such a look takes more requests."""

Key = tuple[str, int]

log = logging.getLogger(__name__)

_pollers: dict[asyncio.AbstractEventLoop, dict[Key, Poller]] = {}
_hearings: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Key, Hearing]] = WeakKeyDictionary()


@contextmanager
def polled(wahelp_conn_id: str, project_id: int, waiter: Waiter) -> Iterator[None]:
    """Have a poller serve a waiter during a ``with`` block."""
    poller = _poller((wahelp_conn_id, project_id))
    poller.add(waiter)
    try:
        yield
    finally:
        poller.remove(waiter)


def _poller(key: Key) -> Poller:
    """Return the poller of the running event loop: connections cannot be used in another one."""
    loop = asyncio.get_running_loop()
    for other in [other for other in _pollers if other.is_closed()]:
        del _pollers[other]
    running = _pollers.setdefault(loop, {})
    if key not in running:
        running[key] = Poller(*key)
    return running[key]


def _hearing(loop: asyncio.AbstractEventLoop, key: Key) -> Hearing:
    """Return what is known of a project's receiver: it outlives the waits."""
    known = _hearings.setdefault(loop, {})
    if key not in known:
        known[key] = Hearing(loop.time)
    return known[key]


class Poller:
    """Looks at what the tasks of a project wait for, until no task waits."""

    def __init__(self, wahelp_conn_id: str, project_id: int) -> None:
        self._key = (wahelp_conn_id, project_id)
        self._waiters = Waiters()
        self._joined = asyncio.Event()
        self._failures = 0
        self._troubled = False
        self._loop = asyncio.get_running_loop()
        self._hearing = _hearing(self._loop, self._key)
        self._hearing.start()
        # In a context of its own: otherwise its log lines would go to the log of the first task.
        self._task = self._loop.create_task(
            self._work(), name=f"wahelp poll of {self._key}", context=Context()
        )
        self._task.add_done_callback(self._ended)

    def add(self, waiter: Waiter) -> None:
        """Serve a waiter."""
        self._waiters.add(waiter)
        self._hearing.join()
        self._joined.set()

    def remove(self, waiter: Waiter) -> None:
        """Stop serving a waiter; the last one ends the poll."""
        self._waiters.remove(waiter)
        if waiter.has_result:
            self._hearing.ended()
        if not self._waiters:
            self._forget()
            if not self._loop.is_closed():  # which it is if the loop was abandoned
                self._task.cancel()

    async def _work(self) -> None:
        # No retries within a look: the next look is the retry, and all waiters share the pause.
        async with WahelpAsyncHook(self._key[0], retries=0) as hook:
            poll = Poll(hook, self._key[1], self._waiters)
            while True:
                try:
                    await self._hear(hook)
                    await (self._rest() if self._left() > 0 else self._look(poll))
                except FOR_ALL as error:
                    await self._give_up(error)
                    return

    async def _look(self, poll: Poll) -> None:
        began, hints = self._loop.time(), self._hearing.begin(self._waiters.interval)
        if fault := await poll.run_once(hints):
            self._failures = 1 if poll.read else self._failures + 1
            await self._wait_out(fault)
        else:
            self._hearing.looked(began, hints, poll.shown)
            await self._recover()

    async def _hear(self, hook: WahelpAsyncHook) -> None:
        """Read what the receiver has heard, where the connection has one."""
        if self._loop.time() < self._hearing.hear_at:
            return
        host = await hook.receiver_host()
        board = host and await sync_to_async(read_board)(board_name(host, self._key[1]))
        self._hearing.hear(board or None, self._waiters.heed)

    async def _wait_out(self, fault: WahelpError) -> None:
        pause = pause_after(fault, self._failures, self._waiters.interval)
        words = f"{fault} Looking again in {pause:.0f} s."
        log.warning("Connection %s, project %s: %s", *self._key, words)
        if not self._troubled:
            self._troubled = True
            await tell(self._waiters, lambda waiter: waiter.say(words))
        await asyncio.sleep(pause)

    async def _recover(self) -> None:
        self._failures = 0
        if self._troubled:
            self._troubled = False
            await tell(self._waiters, lambda waiter: waiter.say("Wahelp answers again."))

    def _left(self) -> float:
        """Return the seconds until the next look is due."""
        return self._hearing.due(self._waiters.interval) - self._loop.time()

    async def _rest(self) -> None:
        """Wait for the next look, or for new hints; a new waiter may need a look earlier."""
        unheard = max(self._hearing.hear_at - self._loop.time(), 0.0)
        self._joined.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(self._left(), unheard)):
                await self._joined.wait()

    async def _give_up(self, error: WahelpError) -> None:
        self._forget()  # a new waiter gets a new poller, which may find corrected credentials
        await tell(self._waiters, lambda waiter: waiter.give_up(error))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._forget()
        if not task.cancelled() and (error := task.exception()):
            for waiter in list(self._waiters):
                waiter.abort(error)

    def _forget(self) -> None:
        running = _pollers.get(self._loop, {})
        if running.get(self._key) is self:
            del running[self._key]
            if not running:
                del _pollers[self._loop]


def pause_after(fault: WahelpError, failures: int, interval: float) -> float:
    """Return the seconds until the next look after a fault.

    :param failures: how many looks in a row have failed.
    :param interval: the seconds between two looks without a fault.
    """
    first = LOGIN_PAUSE if isinstance(fault, CredentialsError) else FIRST_PAUSE
    growing = min(first * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE) + random.random()  # noqa: S311
    return max(interval, growing, retry_delay(fault))

"""Doing something asynchronous for so many seconds and not longer, from any thread."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class DaemonExecutor(ThreadPoolExecutor):
    """Runs each work in a daemon thread, which nobody waits for: a name lookup may take minutes."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run some work."""
        future: Future[Any] = Future()
        threading.Thread(target=_fulfil, args=(future, work, args, kwargs), daemon=True).start()
        return future


def run_within(seconds: float, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on an event loop of its own, in a thread of its own.

    The caller may have a loop that runs. Whatever blocks is left behind when the time is up: a thread that
    keeps neither the caller nor the end of the process waiting.

    :param seconds: how long to wait for it.
    :param make: makes the coroutine.
    :return: what the coroutine returns.
    :raises TimeoutError: if it has not ended by then.
    """
    done: Future[T] = Future()
    run = contextvars.copy_context().run  # Airflow's log knows by it whose lines these are
    work: tuple[Any, ...] = (_fulfil, done, asyncio.run, (_main(make),), {})
    threading.Thread(target=run, args=work, daemon=True, name="wahelp-notifier").start()
    return done.result(seconds)


async def _main(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    asyncio.get_running_loop().set_default_executor(DaemonExecutor())
    return await make()


def _fulfil(
    future: Future[Any], work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - whoever waits for it is to have it
        future.set_exception(error)
    else:
        future.set_result(result)

"""Work that can be left behind: in daemon threads, for so many seconds."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_with_timeout(seconds: float, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on an event loop of its own, from any thread: the caller's may have a loop that runs.

    Whatever blocks is left behind when the time is up, in a daemon thread: neither the caller nor the end of
    the process waits for it.

    :param seconds: how long to wait for it.
    :param main: makes the coroutine.
    :raises TimeoutError: if it has not ended by then.
    """
    executor = DaemonExecutor()

    async def run() -> T:
        asyncio.get_running_loop().set_default_executor(executor)
        return await main()

    in_context = contextvars.copy_context().run  # by it, Airflow's log knows the task
    result: T = executor.submit(in_context, asyncio.run, run()).result(seconds)
    return result


class DaemonExecutor(ThreadPoolExecutor):
    """Runs each work in a daemon thread: the process can end before a name lookup that takes minutes."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run some work."""
        future: Future[Any] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = work(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - the future raises it
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run, daemon=True, name="wahelp-notifier").start()
        return future

"""An event loop whose time passes at once while a triggerer only waits for its next look."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from functools import wraps
from typing import Any, TypeVar
from unittest import mock

from airflow_provider_wahelp.triggers import poller
from airflow_provider_wahelp.triggers.poller import Poller

T = TypeVar("T")

RESTS = ("_rest", "_wait_out")
"""Where a poller waits for its next look."""


class Timelapse(asyncio.SelectorEventLoop):
    """The event loop. Its time begins with 0, and stands still while something happens."""

    def __init__(self) -> None:
        self.now = 0.0
        self.resting: set[Poller] = set()
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self.now

    @property
    def idle(self) -> bool:
        """Whether there are pollers, all of which rest."""
        pollers = poller._pollers.get(self, {}).values()
        return bool(pollers) and self.resting.issuperset(pollers)


class _Selector(selectors.DefaultSelector):
    """Waits for what comes over the wire; for the time that is asked for only where something may come."""

    def __init__(self, loop: Timelapse) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0 if timeout and self._loop.idle else timeout)
        if timeout and timeout > 0 and not found:
            self._loop.now += timeout
        return found


def _observed(method: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Coroutine[Any, Any, None]]:
    @wraps(method)
    async def rests(self: Poller, *given: Any) -> None:
        loop = asyncio.get_running_loop()
        resting = loop.resting if isinstance(loop, Timelapse) else set()
        resting.add(self)
        try:
            await method(self, *given)
        finally:
            resting.discard(self)

    return rests


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do as :func:`asyncio.run`, on such a loop.

    :param work: the coroutine.
    """
    with ExitStack() as stack:
        for name in RESTS:
            stack.enter_context(mock.patch.object(Poller, name, _observed(getattr(Poller, name))))
        return stack.enter_context(asyncio.Runner(loop_factory=Timelapse)).run(work)

"""Several loops in one thread, as only one of a task may ask Airflow: what waits lets the others go on."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Generic, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class Turns(Generic[T]):
    """Runs pieces of work in turns. A piece must wait by :meth:`sleep`, and is not interrupted elsewhere.

    :param sleep: waits for so many seconds, where all of them wait.
    :param clock: returns the time, in seconds.
    """

    def __init__(self, sleep: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._sleep = sleep
        self._clock = clock
        self._hub = getcurrent()
        self._asleep: dict[greenlet, tuple[float, float]] = {}

    def sleep(self, seconds: float) -> None:
        """Wait, while the others go on."""
        me = getcurrent()
        if me not in self._asleep:  # the work has not begun yet, or is over
            self._sleep(seconds)
            return
        self._asleep[me] = self._clock() + seconds, seconds
        self._hub.switch()

    def run(self, works: Mapping[str, Callable[[], T]]) -> dict[str, T]:
        """Run all to their ends; return what each returns.

        :raises BaseException: the first that any raises: the others are broken off where they wait.
        """
        self._hub = getcurrent()
        named = {greenlet(work): name for name, work in works.items()}
        results: dict[str, T] = {}
        for each in named:
            each.gr_context = contextvars.copy_context()
            self._asleep[each] = (self._clock(), 0.0)
        try:
            while self._asleep:
                each = self._next()
                result = each.switch()
                if each.dead:
                    del self._asleep[each]
                    results[named[each]] = result
        finally:
            self._break_off()
        return results

    def _next(self) -> greenlet:
        """Wait until the first of them is to go on; return it."""
        first = min(self._asleep, key=lambda each: self._asleep[each][0])
        until, longest = self._asleep[first]
        left = min(until - self._clock(), longest)  # the clock may have been set back
        if left > 0:
            self._sleep(left)
        return first

    def _break_off(self) -> None:
        left, self._asleep = list(self._asleep), {}
        for each in left:
            if not each.dead:
                with suppress(BaseException):  # what is raised already says why
                    each.throw()

"""Looks at a server for pages: once for all who look, by threads of their own, and nobody waits for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from airflow_provider_wahelp.notifications.threads import DaemonExecutor

K = TypeVar("K")
V = TypeVar("V")

KEPT = 5.0
"""Seconds from the beginning of a look until the next one at the same."""

PATIENCE = 8.0
"""Seconds for which a reader waits for a look; it goes on without them."""

LONGEST = 60.0
"""Seconds after which a look that has not ended is given up for a new one."""

MOST = 16
"""Looks at a time: what hangs must cost the API server neither its threads nor its loop."""


class Glances(Generic[K, V]):
    """What was seen of each thing, for as long as it is fresh. For one event loop.

    :param look: looks at one of them, in a thread; never raises.
    :param clock: tells the time in seconds.
    :param patience: seconds to wait for a look.
    """

    def __init__(
        self, look: Callable[[K], V], clock: Callable[[], float] = time.monotonic, patience: float = PATIENCE
    ) -> None:
        self.patience = patience
        self._look = look
        self._clock = clock
        self._executor = DaemonExecutor()
        self._known: dict[K, tuple[float, Future[V]]] = {}

    async def get(self, key: K) -> V:
        """Return what was seen of something.

        :raises TimeoutError: if the look takes longer, or too many are under way.
        """
        self._forget()
        if key not in self._known:
            if sum(not seen.done() for _, seen in self._known.values()) >= MOST:
                raise TimeoutError
            self._known[key] = self._clock(), self._executor.submit(self._look, key)
        async with asyncio.timeout(self.patience):
            return await asyncio.shield(asyncio.wrap_future(self._known[key][1]))

    def _forget(self) -> None:
        """Forget what is not fresh any more; a look that is under way is joined."""
        now = self._clock()
        self._known = {
            key: (began, seen)
            for key, (began, seen) in self._known.items()
            if now < began + (KEPT if seen.done() else LONGEST)
        }

"""A hook for a caller that has only so many seconds."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from asgiref.sync import sync_to_async

from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
from airflow_provider_wahelp.hooks.connection import WahelpConnection, read_connection
from airflow_provider_wahelp.hooks.token_cache import look_up_state


class InterruptibleHook(WahelpAsyncHook):
    """A ``WahelpAsyncHook`` that may be cancelled at any moment, on any event loop.

    The connection is looked up in a thread, and that look-up is never broken off: a task that stops reading
    the supervisor's answer half-way would take the rest for the answer to its next question.

    :param within: the seconds that there are. Calls and their repetitions end early enough to note their
        outcome.
    """

    def __init__(self, wahelp_conn_id: str, within: float) -> None:
        super().__init__(wahelp_conn_id)
        self._within = within
        self._lookup: asyncio.Task[WahelpConnection] | None = None

    def _settings(self, settings: Settings) -> Settings:
        # The last attempt begins before the deadline, and ends a timeout later.
        timeout = self._within / 3
        least = min(settings.timeout, timeout)
        return replace(settings, timeout=least, send_timeout=least, deadline=2 * timeout)

    async def _read_connection(self) -> WahelpConnection:
        if self._lookup is None:
            # A thread of this loop's executor that knows the loop, as it must in a triggerer: see `_mask`.
            look_up = sync_to_async(self._look_up, thread_sensitive=False)
            self._lookup = asyncio.create_task(look_up())
        return await asyncio.shield(self._lookup)

    def _look_up(self) -> WahelpConnection:
        connection = self.get_connection(self.wahelp_conn_id)
        found = read_connection(connection, connection.extra_dejson)
        look_up_state(found)
        return found

"""The state that alerts are counted in, looked up from an event loop in a thread that is never broken off."""

from __future__ import annotations

import asyncio

from asgiref.sync import sync_to_async

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.storage.keys import digest_key
from airflow_provider_wahelp.storage.state.interface import State, StateAwayError
from airflow_provider_wahelp.storage.state.shared import (
    host_state,
    shared_key,
    shared_state,
    state_conn_id,
    warn_once,
)

ALONE = "alerts are counted on this host alone"


async def state_and_key(end: float) -> tuple[State, bytes]:
    """Return the state for alerts, and the key of their digests; those of the host if there is no other.

    :param end: when the looking up must be over, by the time of the loop.
    """
    if not state_conn_id():
        return host_state(), digest_key()
    # A thread that knows the loop, as it must in a triggerer, and that is left to end: a task that stops
    # reading the supervisor's answer half-way would take the rest for the answer to its next question.
    looking = asyncio.create_task(sync_to_async(_look_up, thread_sensitive=False)())
    try:
        async with asyncio.timeout_at(end):
            return await asyncio.shield(looking)
    except TimeoutError:
        warn_once(ALONE, "its connection was not found in time")
        return host_state(), digest_key()


def _look_up() -> tuple[State, bytes]:
    try:
        state = shared_state()
        return state, shared_key(state)
    except (StateAwayError, WahelpError) as error:
        warn_once(ALONE, str(error))
        return host_state(), digest_key()

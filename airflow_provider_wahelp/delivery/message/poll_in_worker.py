"""Waiting for a message in the worker; in place of a trigger, and with the same events."""

from __future__ import annotations

import logging
import time
from typing import Any

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.flow import Flow, Pause
from airflow_provider_wahelp.client.waiting import arrived, find_message, is_transient, retry_delay
from airflow_provider_wahelp.delivery.message.wait_state import WaitState
from airflow_provider_wahelp.hooks.wahelp import WahelpHook

log = logging.getLogger(__name__)


def poll_in_worker(
    hook: WahelpHook, project_id: Id, state: WaitState, interval: float, timeout: float
) -> dict[str, Any]:
    """Wait until a message has got as far as wanted, or never will, or the time is over.

    :param interval: seconds between two polls.
    :return: the event, as a trigger has it.
    """
    # By the host's clock, as a trigger has it: the server's may take a login, which fails in an outage.
    deadline = time.time() + timeout
    pause = interval
    while (seconds := deadline - time.time()) > 0:
        hook.run(_pause(min(pause, seconds)))
        pause = interval
        try:
            message = hook.run(find_message(project_id, state.channel_uuid, state.message["id"]))
            result = arrived(message, state.wanted)
        except WahelpError as error:
            if not is_transient(error):
                return {"error": error.to_dict()}
            pause = max(interval, retry_delay(error))
            log.warning("%s Next poll in %g s.", error, pause)
        else:
            if result:
                return {"result": result}
    return {"late": True}


def _pause(seconds: float) -> Flow[None]:
    yield Pause(seconds)

"""Watching a message in the worker: what a trigger does elsewhere, told in the same words."""

from __future__ import annotations

import logging
import time
from typing import Any

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.flow import Flow, Pause
from airflow_provider_wahelp.client.waiting import arrived, find_message, is_transient, retry_delay
from airflow_provider_wahelp.delivery.message.wait_state import WaitState
from airflow_provider_wahelp.hooks.wahelp import WahelpHook

log = logging.getLogger(__name__)


def watch(
    hook: WahelpHook, project_id: int | str, stage: WaitState, interval: float, left: float
) -> dict[str, Any]:
    """Wait until a message has arrived, or never will, or it is too late.

    :param hook: the hook.
    :param project_id: the project.
    :param stage: the message.
    :param interval: seconds between two looks.
    :param left: how many seconds are left.
    :return: the event, as a trigger has it.
    """
    # By the host's clock, as a trigger has it: the server's may take a login, which fails in an outage.
    deadline = time.time() + left
    pause = interval
    while (seconds := deadline - time.time()) > 0:
        hook.run(_rest(min(pause, seconds)))
        pause = interval
        try:
            message = hook.run(find_message(project_id, stage.channel_uuid, stage.message["id"]))
            result = arrived(message, stage.wanted)
        except WahelpError as error:
            if not is_transient(error):
                return {"error": error.to_dict()}
            pause = max(interval, retry_delay(error))
            log.warning("%s Looking again in %g s.", error, pause)
        else:
            if result:
                return {"result": result}
    return {"late": True}


def _rest(seconds: float) -> Flow[None]:
    yield Pause(seconds)

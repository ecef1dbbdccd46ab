"""Waiting in the worker; in place of a trigger, and with the same events."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.flow import Flow, Pause
from airflow_provider_wahelp.client.waiting import Result, is_transient, retry_delay
from airflow_provider_wahelp.hooks.wahelp import WahelpHook
from airflow_provider_wahelp.incoming.heard import PatientLooks

log = logging.getLogger(__name__)


def poll_in_worker(
    hook: WahelpHook,
    look: Callable[[], Result | None],
    interval: float,
    timeout: float,
    looks: PatientLooks,
) -> dict[str, Any]:
    """Look again and again until there is a result or an error, or the time is over.

    :param look: returns the result, once there is one.
    :param looks: says which looks are needed, if a receiver of webhooks hears what happens.
    :param interval: seconds between two looks.
    :return: the event, as a trigger has it.
    """
    # By the host's clock, as a trigger has it: the server's may take a login, which fails in an outage.
    deadline = time.time() + timeout
    pause = interval
    while (seconds := deadline - time.time()) > 0:
        hook.run(_pause(min(pause, seconds)))
        pause = interval
        if not looks.is_due(interval):
            continue
        try:
            result = look()
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

"""What both clients say in a request, and log of an answer."""

from __future__ import annotations

import logging
from typing import Any

from airflow_provider_wahelp import __version__
from airflow_provider_wahelp.client.answers import Answer
from airflow_provider_wahelp.client.calls import Call
from airflow_provider_wahelp.client.settings import Settings

log = logging.getLogger(__name__)

LOCK_POLL = 0.02
"""Seconds between two looks at a lock that somebody else holds."""


def url_of(settings: Settings, call: Call[Any]) -> str:
    """Return the address of a call.

    :param settings: the host.
    :param call: the call.
    """
    return f"{settings.base_url}/api/app/{call.path}"


def headers_of(call: Call[Any]) -> dict[str, str]:
    """Return the headers of a call, without its token.

    :param call: the call.
    """
    headers = {"Accept": "application/json", "User-Agent": f"airflow-provider-wahelp/{__version__}"}
    if call.project_id is not None:
        headers["X-Project"] = str(call.project_id)
    return headers


def seen(call: Call[Any], answer: Answer, seconds: float) -> None:
    """Log an answer for those who debug, with nothing personal in it.

    :param call: the call.
    :param answer: its answer.
    :param seconds: how long it took.
    """
    log.debug("%s: HTTP %s, %d bytes, %.3f s", call.what, answer.status, len(answer.body), seconds)

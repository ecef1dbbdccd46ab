"""What both clients say in a request, and log of an answer."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

from airflow_provider_wahelp import __version__
from airflow_provider_wahelp.client.answers import Answer
from airflow_provider_wahelp.client.bodies import pairs
from airflow_provider_wahelp.client.call import Call

log = logging.getLogger(__name__)

CHUNK = 64 * 1024
"""Bytes of a file that are read or written at a time."""

LOCK_POLL = 0.02
"""Seconds between two looks at a lock that somebody else holds."""


def url_of(base_url: str, call: Call[Any]) -> str:
    """Return the address of a call with its query, which the two HTTP libraries would write differently."""
    query = urlencode(list(pairs(call.params or {})))
    joint = "&" if "?" in call.path else "?"
    return f"{base_url}/{call.root}{call.path}" + (joint + query if query else "")


def headers_of(call: Call[Any]) -> dict[str, str]:
    """Return the headers of a call, without its token."""
    accept = "*/*" if call.store else "application/json"
    headers = {"Accept": accept, "User-Agent": f"airflow-provider-wahelp/{__version__}"}
    if call.project_id is not None:
        headers["X-Project"] = str(call.project_id)
    return headers


def answer_of(call: Call[Any], response: Any, stored: int | None = None) -> Answer:
    """Return the answer in a response of either library, logged with nothing personal for those who debug.

    :param stored: how many bytes of it were written to a file.
    """
    headers = headers_in(response)
    answer = Answer(response.status_code, headers, response.content if stored is None else b"", stored)
    seconds = response.elapsed.total_seconds()
    log.debug("%s: HTTP %s, %d bytes, %.3f s", call.what, answer.status, stored or len(answer.body), seconds)
    return answer


def headers_in(response: Any) -> dict[str, str]:
    """Return the headers of a response, their names in lower case."""
    return {name.lower(): value for name, value in response.headers.items()}


def is_file(call: Call[Any], response: Any) -> bool:
    """Return whether an answer is to be written as it comes. JSON is read first: it may be an error."""
    media_type = headers_in(response).get("content-type", "").partition(";")[0].strip().lower()
    is_json = media_type == "application/json" or media_type.endswith("+json")
    return call.store is not None and 200 <= response.status_code < 300 and not is_json  # noqa: PLR2004

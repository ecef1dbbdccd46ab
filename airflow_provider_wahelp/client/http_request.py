"""What both clients say in a request, and log of an answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from airflow_provider_wahelp import __version__
from airflow_provider_wahelp.client.answers import Answer
from airflow_provider_wahelp.client.call import Call

log = logging.getLogger(__name__)

LOCK_POLL = 0.02
"""Seconds between two looks at a lock that somebody else holds."""


def url_of(base_url: str, call: Call[Any]) -> str:
    """Return the address of a call with its query, which the two HTTP libraries would write differently."""
    query = urlencode(list(_pairs(call.params or {})))
    joint = "&" if "?" in call.path else "?"
    return f"{base_url}/api/{call.root}/{call.path}" + (joint + query if query else "")


def headers_of(call: Call[Any]) -> dict[str, str]:
    """Return the headers of a call, without its token."""
    headers = {"Accept": "application/json", "User-Agent": f"airflow-provider-wahelp/{__version__}"}
    if call.project_id is not None:
        headers["X-Project"] = str(call.project_id)
    return headers


def answer_of(call: Call[Any], response: Any) -> Answer:
    """Return the answer in a response of either library, logged with nothing personal for those who debug."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    answer = Answer(response.status_code, headers, response.content)
    seconds = response.elapsed.total_seconds()
    log.debug("%s: HTTP %s, %d bytes, %.3f s", call.what, answer.status, len(answer.body), seconds)
    return answer


def _pairs(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the pairs of a query: a list is one for each entry, ``None`` is left out."""
    for name, value in params.items():
        for entry in value if isinstance(value, list | tuple) else [value]:
            if entry is not None:
                yield name, str(entry).lower() if isinstance(entry, bool) else entry

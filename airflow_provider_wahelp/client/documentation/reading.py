"""Asking Wahelp for its documentation, in whatever shape that comes (docs/api.md, 3.5)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from airflow_provider_wahelp.client.answers import Answer, Envelope
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.paths import resolved

_PATH = "api/app/api/documentation"
_IS_NONE = "it holds no OpenAPI document in JSON"
# How the pages of Swagger UI, ReDoc, Scalar and Stoplight name the document that they show.
_LINKS = re.compile(
    r"""(?:["']?\burl["']?\s*:|spec-url\s*=|data-url\s*=|apiDescriptionUrl\s*=)\s*["']([^"']+)["']""",
    re.IGNORECASE,
)


class _Link(str):
    """The address of the document, from a page that shows it to people."""

    __slots__ = ()


def get_documentation(base_url: str) -> Flow[dict[str, Any]]:
    """Read the documentation; a page that only shows it is followed to the document itself, once.

    :param base_url: the address of the server.
    """
    found = yield _call(_PATH)
    if isinstance(found, _Link):
        found = yield _call(_local(found, base_url), follow=False)
    document: dict[str, Any] = found
    return document


def get_changelog() -> Call[Any]:
    """Read what has changed in the API: JSON, or text."""
    return Call("GET", "api/changelog", "read the API's changelog", _data, raw=_text)


def document_in(value: object) -> dict[str, Any] | None:
    """Return the OpenAPI document in a JSON value, in an envelope, or as a text in one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("paths"), Mapping) and ("openapi" in value or "swagger" in value):
        return dict(value)
    return next(
        filter(None, (document_in(value.get(key)) for key in ("data", "documentation", "spec"))), None
    )


def _call(path: str, *, follow: bool = True) -> Call[dict[str, Any] | _Link]:
    return Call(
        "GET", path, "read the API's documentation", _none, root="", raw=_linked if follow else _found
    )


def _found(answer: Answer) -> dict[str, Any] | None:
    return document_in(answer.body.decode("utf-8", "replace"))


def _linked(answer: Answer) -> dict[str, Any] | _Link | None:
    return _found(answer) or _link_in(answer)


def _link_in(answer: Answer) -> _Link | None:
    if "html" not in answer.headers.get("content-type", ""):
        return None
    links = _LINKS.findall(answer.body.decode("utf-8", "replace"))
    return _Link(html.unescape(links[0]).replace("\\/", "/")) if links else None


def _local(link: str, base_url: str) -> str:
    """Return the path of a linked document: the token goes to no other host."""
    address = urljoin(f"{base_url}/{_PATH}", link)
    try:
        return resolved(address, base_url)
    except InputError:
        where = urlsplit(address).netloc
        raise InputError("documentation", f"must be on the connection's host, and is on {where}") from None


def _none(envelope: Envelope) -> Any:
    raise ValueError(_IS_NONE)


def _data(envelope: Envelope) -> Any:
    return envelope.data


def _text(answer: Answer) -> str | None:
    is_json = "json" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] in (b"{", b"[")
    return None if is_json else answer.body.decode("utf-8", "replace")

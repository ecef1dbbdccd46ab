"""Any of the vendor's operations: the calls that have no function of their own (docs/api.md, 3.4)."""

from __future__ import annotations

import json as jsons
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from airflow_provider_wahelp.client.answers import Envelope, Page
from airflow_provider_wahelp.client.arguments import HttpMethod, choice
from airflow_provider_wahelp.client.bodies import FilePart, Form, pairs
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.masking import scrub, strings_in
from airflow_provider_wahelp.client.paths import project_in, resolved

_REPEATABLE = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}


@dataclass(frozen=True)
class Response:
    """An answer of the API, in words that users of requests know.

    :param data: what the envelope holds; ``None`` where the body went to a file.
    :param has_more: whether a list goes on; ``None`` where the API does not say.
    :param size: how many bytes of the body went to a file; ``None`` if it is here.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    data: Any = field(default=None, repr=False)
    has_more: bool | None = None
    size: int | None = None

    @classmethod
    def of(cls, envelope: Envelope) -> Response:
        """Return the answer that was in an envelope."""
        answer = envelope.answer
        return cls(
            answer.status, answer.headers, answer.body, envelope.data, envelope.has_more, answer.stored
        )

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body, its envelope included."""
        return jsons.loads(self.content)


def request(
    method: str,
    path: str,
    *,
    json: Any = None,
    data: Mapping[str, Any] | None = None,
    files: Sequence[FilePart] = (),
    params: Mapping[str, Any] | None = None,
    project_id: Id | None = None,
    base_url: str = "",
) -> Call[Response]:
    """Call any of the vendor's 376 operations.

    :param path: the path as :func:`~airflow_provider_wahelp.client.paths.resolved` reads it.
    :param json: a body of JSON; or
    :param data: the fields of a form, and
    :param files: its files, which make it multipart.
    :param project_id: what ``X-Project`` says; by default the project in the path.
    :param base_url: the address of the server, which a full address must begin with.
    :raises InputError: if the arguments contradict one another.
    """
    verb = choice(method.upper(), "method", get_args(HttpMethod))
    where = resolved(path, base_url)
    if json is not None and (data is not None or files):
        raise InputError("json", "must be left out where data or files are given: a request has one body")
    return Call(
        verb,
        where,
        f"{verb} /{scrub(where.partition('?')[0])}",
        Response.of,
        json=json,
        params=params,
        private=[*strings_in([json, data, params]), *(part.name for part in files)],
        project_id=project_in(where) if project_id is None else project_id,
        repeatable=verb in _REPEATABLE,
        sends=bool(files) or "send" in where,
        root="",
        form=Form(tuple(pairs(data or {})), tuple(files)) if data is not None or files else None,
    )


def page(call: Call[Response], number: int) -> Call[Page[Any]]:
    """Return the call for a page of a list, counted from 1; the first is not named."""
    named = {"page": number} if number > 1 else {}
    return replace(call, params={**(call.params or {}), **named}, read=_page)  # type: ignore[return-value, arg-type]


def _page(envelope: Envelope) -> Page[Any]:
    data = [] if envelope.data is None else envelope.data
    if not isinstance(data, list):
        raise TypeError("it holds no list")
    return Page(data, envelope.has_more)

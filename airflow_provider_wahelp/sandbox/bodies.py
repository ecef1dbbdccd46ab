"""Reading the body of a request, and answering in the platform's envelope."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

# Starlette reads forms with it, and would complain about its absence only at the first form.
import python_multipart  # noqa: F401
from starlette.responses import Response

from airflow_provider_wahelp.sandbox.errors import SandboxError, invalid

if TYPE_CHECKING:
    from starlette.requests import Request

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_fields(request: Request) -> dict[str, Any]:
    """Read the fields of a request: a JSON object or a form.

    :param request: the request.
    """
    if request.headers.get("content-type", "").lower().startswith(_FORMS):
        return await _form(request)
    body = await request.body()
    try:
        fields = json.loads(body) if body else {}
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise SandboxError(400, "Тело запроса должно быть объектом JSON")
    return fields


async def _form(request: Request) -> dict[str, Any]:
    async with request.form() as form:
        for name, value in form.items():
            if not isinstance(value, str):
                raise invalid(name, "Песочница не принимает файлы")
        return dict(form)


def answer(data: Any, **beside: Any) -> Response:
    """Build a successful answer.

    :param data: what was asked for.
    :param beside: what the envelope carries beside it.
    """
    return plain({"success": True, "data": data, **beside})


def refusal(error: SandboxError) -> Response:
    """Build an answer that says no.

    :param error: what to say.
    """
    return plain(error.body(), error.status)


def plain(content: Any, status: int = 200) -> Response:
    """Build a JSON answer without an envelope.

    :param content: JSON values.
    :param status: the HTTP status.
    """
    body = json.dumps(content).encode()
    return Response(body, status, media_type="application/json")

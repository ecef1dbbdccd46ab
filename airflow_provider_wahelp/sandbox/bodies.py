"""Reading the body of a request, and answering in the platform's envelope."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

# Starlette reads forms with it, and would complain about its absence only at the first form.
import python_multipart  # noqa: F401
from starlette.responses import Response

from airflow_provider_wahelp.sandbox.errors import SandboxError, invalid

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile
    from starlette.requests import Request

_CHUNK = 1 << 18
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Attachment(NamedTuple):
    """A file that came with a form. Its content is not kept.

    :param digest: the SHA-256 of its content.
    """

    name: str
    content_type: str
    size: int
    digest: str


async def read_fields(request: Request, file: str = "") -> dict[str, Any]:
    """Read the fields of a request: a JSON object or a form.

    :param request: the request.
    :param file: the name of the only part that may be a file.
    """
    if request.headers.get("content-type", "").lower().startswith(_FORMS):
        return await _form(request, file)
    body = await request.body()
    try:
        fields = json.loads(body) if body else {}
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise SandboxError(400, "Тело запроса должно быть объектом JSON")
    return fields


async def _form(request: Request, file: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    async with request.form() as form:
        for name, value in form.items():
            if not isinstance(value, str) and name != file:
                raise invalid(name, "Песочница не принимает файлы")
            fields[name] = value if isinstance(value, str) else await _attachment(value)
    return fields


async def _attachment(upload: UploadFile) -> Attachment:
    digest, size = sha256(), 0
    while chunk := await upload.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return Attachment(upload.filename or "", upload.content_type or "", size, digest.hexdigest())


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

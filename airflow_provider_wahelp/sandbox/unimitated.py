"""What the sandbox does not do: the answer tells what the platform can do from a path that it has not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.routing import Route

from airflow_provider_wahelp.sandbox.api import authorized
from airflow_provider_wahelp.sandbox.errors import SandboxError, not_found, not_imitated

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_NUMBER = re.compile(r"[0-9]{1,9}")
_ANY = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_PROJECT = "/projects/{project_id:int}"
_CHANNEL = _PROJECT + "/channels/{uuid}"
_MAILINGS = "/mass_mailings/{kind}"
# What the vendor's public list has. Where it names no methods, any.
_LISTED = {
    _CHANNEL + "/setup": ["GET", "POST"],
    _CHANNEL + "/waba_templates/{template_id}": ["PUT"],
    _CHANNEL + _MAILINGS: _ANY,
    _CHANNEL + _MAILINGS + "/{rest:path}": _ANY,
    _PROJECT + _MAILINGS: _ANY,
    _PROJECT + _MAILINGS + "/{rest:path}": _ANY,
    _PROJECT + "/contacts/{contact_id:int}/clear_dialog": ["POST"],
    "/files": _ANY,
    "/files/{rest:path}": _ANY,
    "/api/documentation": ["GET"],
    "/api/changelog": ["GET"],
}


async def refuse(request: Request) -> Response:
    """Refuse an operation that has its place."""
    authorized(request)
    raise not_imitated()


async def refuse_crm(request: Request) -> Response:
    """Refuse an operation below ``/api/crm``: their paths name no project, so a header has to."""
    state = authorized(request)
    project_id = request.headers.get("x-project", "")
    if not _NUMBER.fullmatch(project_id):
        raise SandboxError(400, "Нужен заголовок X-Project")
    state.channels.channels(int(project_id))  # a project that there is
    raise not_imitated()


async def unknown(request: Request) -> Response:
    """Refuse what no list of the platform's operations names."""
    authorized(request)
    raise not_found("Операция")


routes = [
    *(Route(path, refuse, methods=methods) for path, methods in _LISTED.items()),
    Route("/{operation:path}", unknown, methods=_ANY),
]
crm_routes = [Route("/{operation:path}", refuse_crm, methods=_ANY)]

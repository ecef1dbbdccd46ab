"""The operations of templates of WhatsApp Business under ``/api/app``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from airflow_provider_wahelp.sandbox.api import authorized
from airflow_provider_wahelp.sandbox.bodies import answer, read_fields

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def templates(request: Request) -> Response:
    """List templates."""
    return answer(authorized(request).templates.templates(**request.path_params))


async def create(request: Request) -> Response:
    """Create a template."""
    state, fields = authorized(request), await read_fields(request)
    return answer(state.templates.create(**request.path_params, fields=fields))


async def get(request: Request) -> Response:
    """Show a template."""
    return answer(authorized(request).templates.get(**request.path_params))


async def remove(request: Request) -> Response:
    """Remove a template."""
    authorized(request).templates.remove(**request.path_params)
    return answer([])


async def import_all(request: Request) -> Response:
    """Import templates."""
    return answer(authorized(request).templates.import_all(**request.path_params))


_TEMPLATES = "/projects/{project_id:int}/channels/{uuid}/waba_templates"
_TEMPLATE = _TEMPLATES + "/{template_id:int}"

routes = [
    Route(_TEMPLATES, templates, methods=["GET"]),
    Route(_TEMPLATES, create, methods=["POST"]),
    Route(_TEMPLATES + "/import", import_all, methods=["POST"]),
    Route(_TEMPLATE, get, methods=["GET"]),
    Route(_TEMPLATE, remove, methods=["DELETE"]),
]

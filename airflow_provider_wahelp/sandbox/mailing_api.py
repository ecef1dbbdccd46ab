"""The operations of the platform's own mailings under ``/api/app``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from airflow_provider_wahelp.sandbox.api import authorized
from airflow_provider_wahelp.sandbox.bodies import answer, read_fields

if TYPE_CHECKING:
    from starlette.requests import Request


async def mailings(request: Request) -> Response:
    """List mailings."""
    return answer(authorized(request).mailings.mailings(**request.path_params))


async def create(request: Request) -> Response:
    """Create a mailing."""
    state, fields = authorized(request), await read_fields(request)
    return answer(state.mailings.create(**request.path_params, fields=fields))


async def send(request: Request) -> Response:
    """Start a mailing."""
    return answer(authorized(request).mailings.send(**request.path_params))


async def stop(request: Request) -> Response:
    """Stop a mailing."""
    return answer(authorized(request).mailings.stop(**request.path_params))


async def stats(request: Request) -> Response:
    """Count a mailing's messages."""
    return answer(authorized(request).mailings.stats(**request.path_params))


async def export(request: Request) -> Response:
    """Return a mailing's messages as a CSV file."""
    rows = authorized(request).mailings.export(**request.path_params)
    lines = ["phone;status", *(";".join(row) for row in rows)]
    return Response("\r\n".join([*lines, ""]).encode(), media_type="text/csv")


_MAILINGS = "/projects/{project_id:int}/channels/{uuid}/mass_mailings/{kind}"
_MAILING = _MAILINGS + "/{mailing_id:int}"

routes = [
    Route(_MAILINGS, mailings, methods=["GET"]),
    Route(_MAILINGS, create, methods=["POST"]),
    Route(_MAILING + "/send", send, methods=["POST"]),
    Route(_MAILING + "/stop", stop, methods=["POST"]),
    Route(_MAILING + "/stats", stats, methods=["GET"]),
    Route(_MAILING + "/export", export, methods=["GET"]),
]

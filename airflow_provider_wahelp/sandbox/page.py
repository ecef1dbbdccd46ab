"""The page at ``/``: a phone in one's hand. All that it does goes through the controls."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

from airflow_provider_wahelp.sandbox.faults.kinds import KINDS
from airflow_provider_wahelp.sandbox.faults.operations import OPERATIONS
from airflow_provider_wahelp.sandbox.state.messages import CALLS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_FOLDER = Path(__file__).parent / "web"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_HEADERS = {
    # Nothing of others is fetched, whatever a person is called or writes; no other page frames the buttons.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # the next version of the package has other files
}


async def show(_request: Request) -> Response:
    """Show the page; its contents are fetched by it."""
    return HTMLResponse(_page(), headers=_HEADERS)


async def part(request: Request) -> Response:
    """Serve a script or the style of the page."""
    file = _parts().get(request.path_params["name"])
    if file is None:
        raise HTTPException(404)
    return FileResponse(file, media_type=_TYPES[file.suffix], headers=_HEADERS)


@cache
def _parts() -> dict[str, Path]:
    return {file.name: file for file in _FOLDER.iterdir() if file.suffix in _TYPES}


@cache
def _page() -> str:
    folder = jinja2.FileSystemLoader(_FOLDER)
    environment = jinja2.Environment(
        loader=folder, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("page.html").render(kinds=KINDS, operations=OPERATIONS, calls=CALLS)


routes = [
    Route("/", show, methods=["GET"]),
    Route("/sandbox/web/{name}", part, methods=["GET"]),
]

"""The page at ``/``: the phones, and what they received."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from starlette.responses import HTMLResponse
from starlette.routing import Route

from airflow_provider_wahelp.sandbox.api import state_of
from airflow_provider_wahelp.sandbox.control import stats

if TYPE_CHECKING:
    from starlette.requests import Request

_PHONES = 60
_LINES = 30


async def show(request: Request) -> HTMLResponse:
    """Show channels, phones and conversations."""
    state = state_of(request)
    content = _template().render(
        channels=state.channels.everywhere(),
        conversations=state.messages.latest_conversations(_PHONES, _LINES),
        stats=stats(state),
        limits={"phones": _PHONES, "lines": _LINES},
    )
    return HTMLResponse(content)


@cache
def _template() -> jinja2.Template:
    folder = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=folder, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["clock"] = _clock
    return environment.get_template("page.html")


def _clock(created_at: str) -> str:
    return datetime.fromisoformat(created_at).astimezone().strftime("%H:%M:%S")


routes = [Route("/", show, methods=["GET"])]

"""The page at ``/``: the phones, and what they received."""
# Without postponed annotations: FastAPI reads them while the routes are declared.

from datetime import datetime
from functools import cache
from pathlib import Path

import jinja2
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from airflow_provider_wahelp.sandbox.api import Open
from airflow_provider_wahelp.sandbox.control import stats

router = APIRouter()

_PHONES = 60
_LINES = 30


@router.get("/")
async def show(state: Open) -> HTMLResponse:
    """Show channels, phones and conversations."""
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

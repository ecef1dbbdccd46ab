"""The addresses of the pages, for the application that Airflow's API server mounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Query
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse

from airflow_provider_wahelp.pages import alert_routes, channel_routes, conversation_routes, short_links
from airflow_provider_wahelp.pages.access import may_read_connection
from airflow_provider_wahelp.pages.headers import HEADERS, PRIVATE
from airflow_provider_wahelp.pages.mailings import Mailing, mailings
from airflow_provider_wahelp.pages.navigation import html
from airflow_provider_wahelp.pages.reports import NotAReportError, log_download, read_report
from airflow_provider_wahelp.pages.view import view

router = APIRouter()
router.include_router(channel_routes.router)
router.include_router(alert_routes.router)
router.include_router(conversation_routes.router)
router.include_router(short_links.router)

_WEB = Path(__file__).parent / "web"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_FILES = {file.name: file for file in _WEB.iterdir() if file.suffix in _TYPES}
_Name = Annotated[str, Query(max_length=250)]


@router.get("/{name}")
def page(name: str) -> Response:
    """Show a page; what stands on it is asked for by it, with the reader's rights."""
    if (found := html(name)) is None:
        raise HTTPException(404)
    return HTMLResponse(found, headers=HEADERS)


@router.get("/pages/{name}")
def page_file(name: str) -> Response:
    """Serve a script or the style of a page."""
    if (file := _FILES.get(name)) is None:
        raise HTTPException(404)
    return FileResponse(file, media_type=_TYPES[file.suffix], headers=HEADERS)


@router.get("/data/mailings")
def mailings_data(
    user: GetUserDep,
    dag_id: _Name | None = None,
    run_id: _Name | None = None,
    task_id: _Name | None = None,
    map_index: int | None = None,
) -> Response:
    """Return the latest mailings that the reader may see."""
    asked = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
    found = mailings(user, {name: value for name, value in asked.items() if value is not None})
    return JSONResponse({"mailings": [view(each) for each in found]}, headers=PRIVATE)


@router.get("/data/report")
def report(user: GetUserDep, dag_id: _Name, run_id: _Name, task_id: _Name, map_index: int = -1) -> Response:
    """Return a mailing's report, which names people: for a reader of its connection, and it is logged."""
    asked = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
    if not (found := mailings(user, asked)):
        raise HTTPException(404, "No such mailing.")
    if not may_read_connection(user, str(found[0].told.get("conn_id") or "")):
        raise HTTPException(403, "The report names people: it takes the right to read the connection.")
    return _download(found[0], user)


def _download(mailing: Mailing, user: Any) -> Response:
    path = str(mailing.told.get("report") or "")
    try:
        content: Iterator[bytes] = read_report(path)
    except NotAReportError as error:
        raise HTTPException(404, str(error)) from None
    log_download(mailing, user)
    name = f"mailing{Path(path).suffix.lower()}"
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content, media_type="application/octet-stream", headers=headers)

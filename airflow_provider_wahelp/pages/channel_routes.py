"""The addresses of the page of channels."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.responses import JSONResponse, Response

from airflow_provider_wahelp.pages.access import may_read_connection
from airflow_provider_wahelp.pages.channels import places, shown
from airflow_provider_wahelp.pages.glances import Glances
from airflow_provider_wahelp.pages.headers import PRIVATE
from airflow_provider_wahelp.pages.wahelp import Place, Project, Spot, look_at_code, look_at_project

router = APIRouter()

_projects = Glances(look_at_project)
_codes = Glances(look_at_code)

_LATE = "Wahelp has not answered in time. The page asks again."
_PICTURE = {**PRIVATE, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
"""A picture may be whatever the API gives: opened alone, it can do nothing."""

_Name = Annotated[str, Query(max_length=250)]


def readable(user: GetUserDep, conn_id: _Name) -> str:
    """Return the connection that is asked for, if the reader may read it. In a thread: it asks a database."""
    if not may_read_connection(user, conn_id):
        raise HTTPException(403, "It takes the right to read the connection.")
    return conn_id


_Readable = Annotated[str, Depends(readable)]


@router.get("/data/places")
def places_data(user: GetUserDep) -> Response:
    """Return the projects whose channels the reader may see."""
    return JSONResponse({"places": [place._asdict() for place in places(user)]}, headers=PRIVATE)


@router.get("/data/channels")
async def channels_data(
    conn_id: _Readable, project_id: int | None = None, channel_uuid: _Name | None = None
) -> Response:
    """Return the channels of a project, or one of them."""
    try:
        project = await _projects.get(Place(conn_id, project_id))
    except TimeoutError:
        project = Project(project_id, _LATE)
    return JSONResponse(shown(project, channel_uuid), headers=PRIVATE)


@router.get("/data/qr")
async def qr(conn_id: _Readable, project_id: int, channel_uuid: _Name) -> Response:
    """Return the QR code of a channel that waits to be scanned."""
    try:
        picture = await _codes.get(Spot(conn_id, project_id, channel_uuid))
    except TimeoutError:
        raise HTTPException(503, _LATE) from None
    if picture is None:
        raise HTTPException(404, "There is no QR code now.")
    return Response(picture.content, media_type=picture.media_type, headers=_PICTURE)

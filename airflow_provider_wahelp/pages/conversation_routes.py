"""The addresses behind the page of conversations: whom is looked for comes in a body, not in an address."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from airflow_provider_wahelp.client.errors import InputError, NotFoundError, WahelpError
from airflow_provider_wahelp.hooks.base import BaseWahelpHook
from airflow_provider_wahelp.pages.access import may_read_connection
from airflow_provider_wahelp.pages.audit import note
from airflow_provider_wahelp.pages.channels import places
from airflow_provider_wahelp.pages.conversations import Channel, read_conversation, shown
from airflow_provider_wahelp.pages.headers import PRIVATE

router = APIRouter()

_MAY_NOT = "Conversations are for those who may read connections."
_Short = Annotated[str, Field(max_length=250)]


class Sought(BaseModel):
    """Whose messages are asked for.

    :param reveal: whether texts and phone are to be told, which is logged.
    """

    conn_id: _Short
    project_id: int | _Short | None = None
    channel_uuid: _Short | None = None
    user_id: int | _Short | None = None
    phone: _Short | None = Field(default=None, repr=False)
    reveal: bool = False


def only_json(content_type: Annotated[str, Header()] = "") -> None:
    """Refuse what another site's form could send with the reader's cookie."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "The body must be application/json.")


@router.get("/data/connections")
def connections(user: GetUserDep) -> Response:
    """Return the connections to Wahelp that the reader may read."""
    if not (found := sorted({place.conn_id for place in places(user)})):
        _insist(user, BaseWahelpHook.default_conn_name)
    return JSONResponse({"connections": found}, headers=PRIVATE)


@router.post("/data/conversation", dependencies=[Depends(only_json)])
async def conversation(sought: Sought, user: GetUserDep) -> Response:
    """Return the latest messages of a person: without texts and phone, unless the reader asks for them."""
    await run_in_threadpool(_insist, user, sought.conn_id)
    channel = Channel(sought.conn_id, sought.project_id or None, sought.channel_uuid or None)
    try:
        found = await read_conversation(channel, sought.phone or None, sought.user_id or None)
    except WahelpError as error:
        raise HTTPException(_status(error), str(error)) from None
    content = shown(found, revealed=sought.reveal)
    if sought.reveal:
        named = {name: content[name] for name in ("project_id", "channel_uuid", "user_id")}
        await run_in_threadpool(note, user, "wahelp_conversation", {"conn_id": sought.conn_id, **named})
    return JSONResponse(content, headers=PRIVATE)


def _insist(user: Any, conn_id: str) -> None:
    if not may_read_connection(user, conn_id):
        raise HTTPException(403, _MAY_NOT)


def _status(error: WahelpError) -> int:
    if isinstance(error, InputError):
        return 422
    return 404 if isinstance(error, NotFoundError) else 502

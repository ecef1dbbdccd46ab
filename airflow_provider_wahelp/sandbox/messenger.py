"""The sandbox's own operations for what people do in a messenger beside writing: they speak, call, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from airflow_provider_wahelp.sandbox.api import state_of
from airflow_provider_wahelp.sandbox.bodies import plain, read_fields
from airflow_provider_wahelp.sandbox.errors import SandboxError, not_found
from airflow_provider_wahelp.sandbox.state import fields as read
from airflow_provider_wahelp.sandbox.voice import note

if TYPE_CHECKING:
    from starlette.requests import Request


async def call(request: Request) -> Response:
    """Let a phone call, or be called."""
    fields = await read_fields(request)
    kind = fields.get("kind", "incoming")
    channel_uuid = read.text(fields, "channel_uuid") if "channel_uuid" in fields else None
    return plain(state_of(request).messages.call(read.phone(request.path_params), kind, channel_uuid))


async def delete(request: Request) -> Response:
    """Let a message be deleted for everyone."""
    language = request.query_params.get("language", "en")
    return plain(state_of(request).messages.delete(**request.path_params, language=language))


async def voice(request: Request) -> Response:
    """Serve a voice note, to whoever asks without showing a token that is none of this server's business."""
    if "authorization" in request.headers:
        raise SandboxError(400, "Файлы отдаются без заголовка Authorization")
    if not state_of(request).messages.is_voice(**request.path_params):
        raise not_found("Файл")
    return Response(note(), media_type="audio/ogg")


routes = [
    Route("/phones/{phone}/calls", call, methods=["POST"]),
    Route("/messages/{message_id:int}", delete, methods=["DELETE"]),
    Route("/files/{message_id:int}.oga", voice, methods=["GET"]),
]

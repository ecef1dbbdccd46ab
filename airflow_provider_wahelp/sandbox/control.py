"""The sandbox's own operations under ``/sandbox``: what people, phones and time do to the platform."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import segno
from starlette.responses import Response
from starlette.routing import Route

from airflow_provider_wahelp.sandbox import messenger
from airflow_provider_wahelp.sandbox.api import state_of
from airflow_provider_wahelp.sandbox.bodies import plain, read_fields
from airflow_provider_wahelp.sandbox.errors import SandboxError, invalid
from airflow_provider_wahelp.sandbox.faults.fault import define
from airflow_provider_wahelp.sandbox.state import fields as read
from airflow_provider_wahelp.sandbox.state.content import Content

if TYPE_CHECKING:
    from starlette.requests import Request

    from airflow_provider_wahelp.sandbox.state import State

_DONE = {"success": True}
_PHONES = 60
_CALLS = 20


def stats(state: State) -> dict[str, Any]:
    """Count what the sandbox was asked.

    :param state: the state.
    """
    journal = state.journal
    return {"logins": journal.logins, "requests": journal.total, "connections": journal.connections}


def snapshot(state: State, phones: int = _PHONES) -> dict[str, Any]:
    """Show what there is, at a glance.

    :param state: the state.
    :param phones: of how many phones at most.
    """
    return {
        **state.overview.show(phones),
        "faults": state.faults.show(),
        "stats": stats(state),
        "requests": [asdict(request) for request in state.journal.latest(_CALLS)],
    }


def picture(content: str) -> str:
    """Draw a QR code as SVG: dark on white with a quiet zone, as phones want it.

    :param content: what it says.
    """
    drawn = io.BytesIO()
    # Phones do not read Micro QR.
    segno.make(content, micro=False).save(drawn, kind="svg", scale=8, border=4, light="white")
    return drawn.getvalue().decode()


async def health(_request: Request) -> Response:
    """Tell that the sandbox is up."""
    return plain({"status": "ok"})


async def show_snapshot(request: Request) -> Response:
    """Show what there is, unless the caller has seen it."""
    state = state_of(request)
    state.tick()
    phones = read.positive(request.query_params, "phones", _PHONES)
    tag = f'"{state.version}-{phones}"'
    seen = request.headers.get("if-none-match") == tag
    answer = Response(status_code=304) if seen else plain(snapshot(state, phones))
    answer.headers.update({"ETag": tag, "Cache-Control": "no-cache"})
    return answer


async def qr(request: Request) -> Response:
    """Draw the code that a phone has to scan."""
    code = state_of(request).channels.code(**request.path_params)
    return Response(picture(code), media_type="image/svg+xml")


async def scan(request: Request) -> Response:
    """Log a channel in."""
    state_of(request).channels.scan(**request.path_params)
    return plain(_DONE)


async def log_out(request: Request) -> Response:
    """Log a channel out."""
    state_of(request).channels.log_out(**request.path_params)
    return plain(_DONE)


async def expire_tokens(request: Request) -> Response:
    """Let all tokens die."""
    state_of(request).account.expire_tokens()
    return plain(_DONE)


async def advance(request: Request) -> Response:
    """Move the clock ahead."""
    fields = await read_fields(request)
    try:
        state_of(request).advance(float(fields.get("seconds", "")))
    except (TypeError, ValueError):
        raise invalid("seconds", "Должно быть число, ноль или больше") from None
    return plain(_DONE)


async def phone(request: Request) -> Response:
    """Show a phone."""
    return plain(state_of(request).overview.phone(read.phone(request.path_params)))


async def set_messenger(request: Request) -> Response:
    """Give a phone the messenger, or take it away."""
    fields = await read_fields(request)
    if "messenger" not in fields:
        raise invalid("messenger", "Обязательное поле")
    state_of(request).set_messenger(read.phone(request.path_params), present=read.flag(fields, "messenger"))
    return plain(_DONE)


async def receive(request: Request) -> Response:
    """Let a phone write."""
    fields = await read_fields(request)
    phone, address = read.phone(request.path_params), str(request.base_url).rstrip("/")
    channel_uuid = read.text(fields, "channel_uuid") if "channel_uuid" in fields else None
    messages = state_of(request).messages
    return plain(messages.receive(phone, Content.read(fields), channel_uuid, address=address))


async def conversation(request: Request) -> Response:
    """Show what a phone received and wrote."""
    query = request.query_params
    limit = read.positive(query, "limit", 1) if "limit" in query else None
    return plain(state_of(request).messages.conversation(read.phone(request.path_params), limit))


async def conversations(request: Request) -> Response:
    """Show the conversations of all phones."""
    return plain(state_of(request).messages.conversations())


async def requests(request: Request) -> Response:
    """Show the recorded requests."""
    return plain([asdict(request) for request in state_of(request).journal.requests()])


async def clear_requests(request: Request) -> Response:
    """Forget the recorded requests."""
    state_of(request).journal.clear()
    return plain(_DONE)


async def faults(request: Request) -> Response:
    """Show the faults that are switched on."""
    return plain(state_of(request).faults.show())


async def inject(request: Request) -> Response:
    """Switch a fault on."""
    fields = await read_fields(request)
    try:
        added = state_of(request).inject(define(fields.pop("fault", ""), **fields))
    except ValueError as error:
        raise SandboxError(422, str(error)) from None
    return plain({**_DONE, "id": added})


async def remove_fault(request: Request) -> Response:
    """Switch a fault off."""
    state_of(request).faults.remove(**request.path_params)
    return plain(_DONE)


async def clear_faults(request: Request) -> Response:
    """Switch all faults off."""
    state_of(request).faults.clear()
    return plain(_DONE)


async def habits(request: Request) -> Response:
    """Show what the platform habitually does."""
    return plain(state_of(request).options.habits.show())


async def set_habits(request: Request) -> Response:
    """Change what the platform habitually does."""
    fields = await read_fields(request)
    try:
        return plain(state_of(request).set_habits(**fields).show())
    except (TypeError, ValueError) as error:
        raise SandboxError(422, str(error)) from None


async def clear_habits(request: Request) -> Response:
    """Go back to what production has shown."""
    state_of(request).set_habits("production")
    return plain(_DONE)


async def show_stats(request: Request) -> Response:
    """Count what the sandbox was asked."""
    return plain(stats(state_of(request)))


async def reset(request: Request) -> Response:
    """Go back to how everything was at first."""
    state_of(request).reset()
    return plain(_DONE)


routes = [
    Route("/health", health, methods=["GET"]),
    Route("/snapshot", show_snapshot, methods=["GET"]),
    Route("/channels/{uuid}/qr.svg", qr, methods=["GET"]),
    Route("/channels/{uuid}/scan", scan, methods=["POST"]),
    Route("/channels/{uuid}/log-out", log_out, methods=["POST"]),
    Route("/tokens/expire", expire_tokens, methods=["POST"]),
    Route("/clock/advance", advance, methods=["POST"]),
    Route("/phones/{phone}", phone, methods=["GET"]),
    Route("/phones/{phone}", set_messenger, methods=["PUT"]),
    Route("/phones/{phone}/messages", receive, methods=["POST"]),
    *messenger.routes,
    Route("/phones/{phone}/conversation", conversation, methods=["GET"]),
    Route("/conversations", conversations, methods=["GET"]),
    Route("/requests", requests, methods=["GET"]),
    Route("/requests", clear_requests, methods=["DELETE"]),
    Route("/faults", faults, methods=["GET"]),
    Route("/faults", inject, methods=["POST"]),
    Route("/faults", clear_faults, methods=["DELETE"]),
    Route("/faults/{fault_id:int}", remove_fault, methods=["DELETE"]),
    Route("/habits", habits, methods=["GET"]),
    Route("/habits", set_habits, methods=["PUT"]),
    Route("/habits", clear_habits, methods=["DELETE"]),
    Route("/stats", show_stats, methods=["GET"]),
    Route("/reset", reset, methods=["POST"]),
]

"""The sandbox's own operations under ``/sandbox``: what people, phones and time do to the platform."""
# Without postponed annotations: FastAPI reads them while the routes are declared.

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from airflow_provider_wahelp.sandbox.api import Open
from airflow_provider_wahelp.sandbox.bodies import plain, read_fields
from airflow_provider_wahelp.sandbox.errors import SandboxError, invalid
from airflow_provider_wahelp.sandbox.faults.fault import define
from airflow_provider_wahelp.sandbox.state import State
from airflow_provider_wahelp.sandbox.state import fields as read

router = APIRouter(prefix="/sandbox")
_DONE = {"success": True}


def stats(state: State) -> dict[str, Any]:
    """Count what the sandbox was asked.

    :param state: the state.
    """
    journal = state.journal
    return {"logins": journal.logins, "requests": journal.total, "connections": journal.connections}


@router.get("/health")
async def health() -> Response:
    """Tell that the sandbox is up."""
    return plain({"status": "ok"})


@router.post("/channels/{uuid}/scan")
async def scan(state: Open, uuid: str) -> Response:
    """Log a channel in."""
    state.channels.scan(uuid)
    return plain(_DONE)


@router.post("/channels/{uuid}/log-out")
async def log_out(state: Open, uuid: str) -> Response:
    """Log a channel out."""
    state.channels.log_out(uuid)
    return plain(_DONE)


@router.post("/tokens/expire")
async def expire_tokens(state: Open) -> Response:
    """Let all tokens die."""
    state.account.expire_tokens()
    return plain(_DONE)


@router.post("/clock/advance")
async def advance(state: Open, request: Request) -> Response:
    """Move the clock ahead."""
    fields = await read_fields(request)
    try:
        state.advance(float(fields.get("seconds", "")))
    except (TypeError, ValueError):
        raise invalid("seconds", "Должно быть число, ноль или больше") from None
    return plain(_DONE)


@router.put("/phones/{phone}")
async def set_messenger(state: Open, phone: str, request: Request) -> Response:
    """Give a phone the messenger, or take it away."""
    fields = await read_fields(request)
    if "messenger" not in fields:
        raise invalid("messenger", "Обязательное поле")
    state.set_messenger(read.phone({"phone": phone}), present=read.flag(fields, "messenger"))
    return plain(_DONE)


@router.post("/phones/{phone}/messages")
async def receive(state: Open, phone: str, request: Request) -> Response:
    """Let a phone write."""
    fields = await read_fields(request)
    text = read.text(fields, "text")
    channel_uuid = read.text(fields, "channel_uuid") if "channel_uuid" in fields else None
    return plain(state.messages.receive(read.phone({"phone": phone}), text, channel_uuid))


@router.get("/phones/{phone}/conversation")
async def conversation(state: Open, phone: str) -> Response:
    """Show what a phone received and wrote."""
    return plain(state.messages.conversation(read.phone({"phone": phone})))


@router.get("/conversations")
async def conversations(state: Open) -> Response:
    """Show the conversations of all phones."""
    return plain(state.messages.conversations())


@router.get("/requests")
async def requests(state: Open) -> Response:
    """Show the recorded requests."""
    return plain([asdict(request) for request in state.journal.requests()])


@router.delete("/requests")
async def clear_requests(state: Open) -> Response:
    """Forget the recorded requests."""
    state.journal.clear()
    return plain(_DONE)


@router.get("/faults")
async def faults(state: Open) -> Response:
    """Show the faults that are switched on."""
    return plain(state.faults.show())


@router.post("/faults")
async def inject(state: Open, request: Request) -> Response:
    """Switch a fault on."""
    fields = await read_fields(request)
    try:
        state.inject(define(fields.pop("fault", ""), **fields))
    except ValueError as error:
        raise SandboxError(422, str(error)) from None
    return plain(_DONE)


@router.delete("/faults")
async def clear_faults(state: Open) -> Response:
    """Switch all faults off."""
    state.faults.clear()
    return plain(_DONE)


@router.get("/stats")
async def show_stats(state: Open) -> Response:
    """Count what the sandbox was asked."""
    return plain(stats(state))


@router.post("/reset")
async def reset(state: Open) -> Response:
    """Go back to how everything was at first."""
    state.reset()
    return plain(_DONE)

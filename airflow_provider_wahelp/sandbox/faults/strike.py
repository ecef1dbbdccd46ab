"""What each fault does to a call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from airflow_provider_wahelp.sandbox.bodies import refusal
from airflow_provider_wahelp.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from airflow_provider_wahelp.sandbox.call import Call
    from airflow_provider_wahelp.sandbox.faults.fault import Fault

_PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
_GATEWAY_ERRORS = {502: "502 Bad Gateway", 504: "504 Gateway Time-out"}


async def handle(call: Call) -> None:
    """Carry a call out and answer it, unless a fault strikes.

    :param call: the call.
    """
    fault = call.strike(after=False)
    if fault:
        await _BEFORE[fault.name](call, fault)
        return
    response = await call.carry_out()
    fault = call.strike(after=True) if _is_success(response) else None
    if fault:
        await _AFTER[fault.name](call, fault, response)
    else:
        await call.answer(response)


def _is_success(response: Response) -> bool:
    # A refusal may come with HTTP 200 too.
    return json.loads(bytes(response.body))["success"] is True


async def _cut_before(call: Call, fault: Fault) -> None:
    # Unread bytes would turn every cut into a reset.
    await call.swallow()
    call.record(None, fault)
    await call.cut(reset=fault.parameters["reset"])


async def _rate_limit(call: Call, fault: Fault) -> None:
    await call.answer(_refuse_for_now(429, fault.parameters["words"], fault), fault)


async def _unavailable(call: Call, fault: Fault) -> None:
    await call.answer(_refuse_for_now(503, "Service Unavailable", fault), fault)


def _refuse_for_now(status: int, words: str, fault: Fault) -> Response:
    response = refusal(SandboxError(status, words))
    if fault.parameters["retry_after"] is not None:
        response.headers["Retry-After"] = str(fault.parameters["retry_after"])
    return response


async def _success_false(call: Call, fault: Fault) -> None:
    await call.answer(refusal(SandboxError(200, fault.parameters["words"])), fault)


async def _dead_token(call: Call, fault: Fault) -> None:
    call.kill_token()
    await call.answer(refusal(SandboxError(401, "Unauthenticated.")), fault)


async def _cut_after(call: Call, fault: Fault, _response: Response) -> None:
    call.record(None, fault)
    await call.cut(reset=fault.parameters["reset"])


async def _error_after(call: Call, fault: Fault, _response: Response) -> None:
    status = fault.parameters["status"]
    if status in _GATEWAY_ERRORS:
        await call.answer(HTMLResponse(_PAGE.format(_GATEWAY_ERRORS[status]), status), fault)
    else:
        await call.answer(refusal(SandboxError(status, "Server Error")), fault)


async def _html(call: Call, fault: Fault, _response: Response) -> None:
    await call.answer(HTMLResponse(_PAGE.format("Wahelp")), fault)


async def _truncated(call: Call, fault: Fault, response: Response) -> None:
    half = bytes(response.body)[: len(response.body) // 2]
    await call.answer(Response(half, media_type="application/json"), fault)


async def _slow(call: Call, fault: Fault, response: Response) -> None:
    call.record(response.status_code, fault)
    await call.wait(fault.parameters["seconds"])
    await call.send(response)


_BEFORE: dict[str, Callable[[Call, Fault], Awaitable[None]]] = {
    "cut_before": _cut_before,
    "rate_limit": _rate_limit,
    "unavailable": _unavailable,
    "success_false": _success_false,
    "dead_token": _dead_token,
}
_AFTER: dict[str, Callable[[Call, Fault, Response], Awaitable[None]]] = {
    "cut_after": _cut_after,
    "error_after": _error_after,
    "html": _html,
    "truncated": _truncated,
    "slow": _slow,
}

"""What each fault does to a call."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from airflow_provider_wahelp.sandbox.bodies import plain, refusal
from airflow_provider_wahelp.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from airflow_provider_wahelp.sandbox.call import Call
    from airflow_provider_wahelp.sandbox.faults.fault import Fault

_PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
_GATEWAY_ERRORS = {
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}
_PHRASES = {**{status.value: status.phrase for status in HTTPStatus}, 500: "Server Error"}


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
    if response.headers["content-type"] != "application/json":
        return True  # a file
    # A refusal may come with HTTP 200 too.
    return json.loads(bytes(response.body))["success"] is True


async def _cut_before(call: Call, fault: Fault) -> None:
    # Unread bytes would turn every cut into a reset.
    await call.swallow()
    call.record(None, fault)
    await call.cut(reset=fault.parameters["reset"])


async def _rate_limit(call: Call, fault: Fault) -> None:
    await call.answer(_with_delay(call, fault, refusal(SandboxError(429, fault.parameters["words"]))), fault)


async def _unavailable(call: Call, fault: Fault) -> None:
    await call.answer(_with_delay(call, fault, refusal(SandboxError(503, "Service Unavailable"))), fault)


def _with_delay(call: Call, fault: Fault, response: Response) -> Response:
    if fault.parameters["retry_after"] is not None:
        response.headers["Retry-After"] = call.retry_after(fault.parameters["retry_after"])
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
    await _error_before(call, fault)


async def _error_before(call: Call, fault: Fault) -> None:
    await call.answer(_with_delay(call, fault, _error(**fault.parameters)), fault)


def _error(status: int, words: str | None, **_: object) -> Response:
    if status in _GATEWAY_ERRORS and words is None:
        return HTMLResponse(_PAGE.format(_GATEWAY_ERRORS[status]), status)
    return refusal(SandboxError(status, words or _PHRASES.get(status, "Error")))


async def _maintenance(call: Call, fault: Fault) -> None:
    await call.answer(plain({"message": fault.parameters["words"]}), fault)


async def _maintenance_after(call: Call, fault: Fault, _response: Response) -> None:
    await _maintenance(call, fault)


async def _delayed(call: Call, fault: Fault) -> None:
    await call.delay(fault.parameters["seconds"])
    await call.answer(await call.carry_out(), fault)


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
    "error_before": _error_before,
    "success_false": _success_false,
    "maintenance": _maintenance,
    "delayed": _delayed,
    "dead_token": _dead_token,
}
_AFTER: dict[str, Callable[[Call, Fault, Response], Awaitable[None]]] = {
    "cut_after": _cut_after,
    "error_after": _error_after,
    "maintenance_after": _maintenance_after,
    "html": _html,
    "truncated": _truncated,
    "slow": _slow,
}

"""One call of the API, between the network and the application."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from airflow_provider_wahelp.sandbox.api import bearer
from airflow_provider_wahelp.sandbox.connection import cut
from airflow_provider_wahelp.sandbox.faults.fault import Asked
from airflow_provider_wahelp.sandbox.habits import times
from airflow_provider_wahelp.sandbox.journal import RecordedRequest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from airflow_provider_wahelp.sandbox.faults.fault import Fault
    from airflow_provider_wahelp.sandbox.state import State

_PAUSE = 0.02

log = logging.getLogger(__name__)


class Call:
    """What can be done with a call.

    :param app: what carries it out.
    :param state: whose faults and journal are used.
    :param scope: what was asked, without a slash at the end of the path.
    :param receive: reads the body.
    :param send: answers.
    :param path: the path as it was sent.
    """

    def __init__(
        self, app: ASGIApp, state: State, scope: Scope, receive: Receive, send: Send, *, path: str
    ) -> None:
        self._app = app
        self._state = state
        self._scope = scope
        self._receive = receive
        self._send = send
        self._path = path
        self._token = bearer(Request(scope))

    def strike(self, *, after: bool) -> Fault | None:
        """Decide which fault strikes, if any.

        :param after: whether the call has been carried out.
        """
        lives = self._state.account.lives(self._token)
        asked = Asked(self._scope["method"], self._scope["path"], lives)
        return self._state.faults.strike(asked, after=after)

    def kill_token(self) -> None:
        """Let the token die that the call came with."""
        self._state.account.kill(self._token)

    async def carry_out(self) -> Response:
        """Let the application carry the call out, and keep its answer back."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(self._scope, self._receive, keep)
        start, *rest = kept
        response = Response(b"".join(message.get("body", b"") for message in rest), start["status"])
        response.raw_headers = list(start["headers"])
        return response

    async def answer(self, response: Response, fault: Fault | None = None) -> None:
        """Record the call and answer it.

        :param response: the answer.
        :param fault: what struck.
        """
        self.record(response.status_code, fault)
        await self.send(response)

    async def send(self, response: Response) -> None:
        """Answer the call.

        :param response: the answer.
        """
        await response(self._scope, self._receive, self._send)

    def record(self, status: int | None, fault: Fault | None) -> None:
        """Record the call. Do it before the client can learn how it ended: tests look at once.

        :param status: the status of the answer; ``None``: there is none.
        :param fault: what struck.
        """
        headers = dict(self._scope["headers"])
        request = RecordedRequest(
            method=self._scope["method"],
            path=self._path,
            query=self._scope["query_string"].decode("latin-1"),
            status=status,
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
            fault=fault.name if fault else None,
        )
        client = self._scope["client"]
        self._state.journal.add(request, tuple(client) if client else None)
        log.info("%s %s %s", request.method, self._path, " ".join(_ending(request)))

    async def swallow(self) -> None:
        """Read the body and forget it."""
        while (await self._receive()).get("more_body", False):
            pass

    async def wait(self, seconds: float) -> None:
        """Wait in real time, unless the client goes away.

        :param seconds: how long.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed()

    def retry_after(self, seconds: int) -> str:
        """Spell the header ``Retry-After`` as this platform does.

        :param seconds: how long to wait.
        """
        return times.retry_after(self._state.options.habits, seconds, self._state.server_time)

    async def delay(self, seconds: float) -> None:
        """Wait on the sandbox's clock, even if the client goes away meanwhile.

        :param seconds: how long.
        """
        body = await Request(self._scope, self._receive).body()
        due = self._state.clock.now() + seconds
        while self._state.clock.now() < due:  # noqa: ASYNC110 - any thread may move the clock
            await asyncio.sleep(_PAUSE)
        self._receive = _replay(body)

    async def cut(self, *, reset: bool) -> None:
        """Cut the connection.

        :param reset: whether by a TCP reset in place of an orderly close.
        """
        cut(self._scope, reset=reset)
        # uvicorn complains of a call without an answer, unless it knows that the client is gone.
        await self._closed()

    async def _closed(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _ending(request: RecordedRequest) -> list[str]:
    return [str(part) for part in (request.status, request.fault) if part is not None]

"""What happens to every request, whatever it asks for."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from airflow_provider_wahelp.sandbox.bodies import refusal
from airflow_provider_wahelp.sandbox.call import Call
from airflow_provider_wahelp.sandbox.errors import SandboxError
from airflow_provider_wahelp.sandbox.faults.strike import handle
from airflow_provider_wahelp.sandbox.visitors import stranger

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from airflow_provider_wahelp.sandbox.state import State


class Gateway:
    """Refuses strangers, ignores a trailing slash, dates answers, and lets calls of the API meet faults.

    :param app: what answers.
    :param state: whose clock, faults and journal are used.
    """

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request.

        :param scope: what was asked.
        :param receive: reads the body.
        :param send: answers.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._state.server_time, usegmt=True).encode()
                message["headers"] = [*message["headers"], (b"date", date)]
            await send(message)

        if reason := stranger(scope):
            await refusal(SandboxError(403, reason))(scope, receive, answer)
            return
        path: str = scope["path"]
        asked = {**scope, "path": path.rstrip("/") or "/"}
        if path == "/" or path.startswith("/sandbox"):
            await self._app(asked, receive, answer)
        else:
            await handle(Call(self._app, self._state, asked, receive, answer, path=path))

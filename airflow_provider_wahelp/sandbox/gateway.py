"""What happens to every request, whatever it asks for."""

from __future__ import annotations

import logging
from email.utils import formatdate
from typing import TYPE_CHECKING

from airflow_provider_wahelp.sandbox.journal import RecordedRequest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from airflow_provider_wahelp.sandbox.state import State

log = logging.getLogger(__name__)


class Gateway:
    """Ignores a trailing slash, dates answers by the sandbox's clock, and records calls of the API.

    :param app: what answers.
    :param state: whose clock and journal are used.
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
                date = formatdate(self._state.clock.now(), usegmt=True).encode()
                message["headers"] = [*message["headers"], (b"date", date)]
                self._record(scope, message["status"])
            await send(message)

        await self._app({**scope, "path": scope["path"].rstrip("/") or "/"}, receive, answer)

    def _record(self, scope: Scope, status: int) -> None:
        path: str = scope["path"]
        if path == "/" or path.startswith("/sandbox"):
            return
        headers = dict(scope["headers"])
        request = RecordedRequest(
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            status=status,
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
        )
        client = scope["client"]
        self._state.journal.add(request, tuple(client) if client else None)
        log.info("%s %s %d", request.method, path, status)

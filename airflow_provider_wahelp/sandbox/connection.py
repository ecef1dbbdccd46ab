"""TCP connections that the application can cut, which ASGI knows no way to do."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Scope

_KEY = "wahelp_transport"
_AT_ONCE = struct.pack("ii", 1, 0)


class CuttableConnection(AutoHTTPProtocol):  # type: ignore[valid-type,misc] # uvicorn chooses it when it runs
    """A connection of uvicorn that puts its transport into the state of each request."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Take note of the transport.

        :param transport: the TCP connection.
        """
        super().connection_made(transport)
        self.app_state = {**self.app_state, _KEY: transport}


def cut(scope: Scope, *, reset: bool) -> None:
    """Cut the connection that a request came over; what has not been sent yet is lost.

    :param scope: the request.
    :param reset: whether the client is told by a TCP reset in place of an orderly close.
    """
    transport: asyncio.Transport | None = scope.get("state", {}).get(_KEY)
    if transport is None:
        raise RuntimeError("only Sandbox and wahelp-sandbox can cut connections, no server of your own")
    if reset and not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()

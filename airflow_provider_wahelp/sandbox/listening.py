"""A web server on a socket of its own, which tells when it is ready."""

from __future__ import annotations

import socket
import threading
from typing import Any

import uvicorn

from airflow_provider_wahelp.sandbox.connection import CuttableConnection


class Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready."""

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,  # the logging of this process is its owner's affair
                log_level="warning",
                access_log=False,  # see Gateway: its lines leave out what may be personal
                loop="asyncio",
                http=CuttableConnection,
                ws="none",
                date_header=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=2,
            )
        )
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell that requests are answered from now on."""
        await super().startup(sockets)
        self.ready.set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until the end, and let nobody wait for a start that has failed."""
        try:
            super().run(sockets)
        finally:
            self.ready.set()


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that takes connections.

    :param host: the address to listen on.
    :param port: the port; 0 picks a free one.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; else an answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the address of a server on a socket.

    :param listener: an open socket.
    """
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

"""A little proxy that is real: it forwards, tunnels, speaks SOCKS5 and TLS, and leads to one server."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from contextlib import suppress
from functools import partial
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, Self

from .wire import Wire

_SOCKS_5 = b"\x05"


class Relay(ThreadingTCPServer):
    """Takes each request to one server, whatever the name of the host that it is for.

    :param server: where all requests go.
    :param tls: what the proxy itself talks TLS with.
    """

    daemon_threads = True

    def __init__(self, server: Wire, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = server.server_address[:2]
        self.tls = tls
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.used: list[tuple[str, str]] = []
        """How, and with which credentials, it was asked."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def get_request(self) -> tuple[Any, Any]:
        sock, address = super().get_request()
        return (self.tls.wrap_socket(sock, server_side=True) if self.tls else sock), address

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that hang up are what is tested."""


class _Handler(StreamRequestHandler):
    rbufsize = 0  # what is not read here is pumped
    server: Relay

    def handle(self) -> None:
        with socket.create_connection(self.server.target) as self.there:
            first = self.rfile.read(1)
            if first == _SOCKS_5:
                self._socks()
            elif first:
                self._http(first + self._until(b"\r\n\r\n"))

    def _until(self, end: bytes) -> bytes:
        got = b""
        while not got.endswith(end) and (byte := self.rfile.read(1)):
            got += byte
        return got

    def _http(self, head: bytes) -> None:
        line, *rest = head.split(b"\r\n")
        headers = dict(each.lower().split(b": ", 1) for each in rest if each)
        plain = next((each for each in rest if each.lower().startswith(b"proxy-authorization: ")), b"")
        user = base64.b64decode(plain.rpartition(b" ")[2]).decode("latin-1")
        method, url, version = line.split(b" ")
        self.server.used.append((method.decode() if method == b"CONNECT" else "forward", user))
        if method == b"CONNECT":
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            self._pump()
            return
        path = b"/" + url.split(b"/", 3)[3]
        kept = [each for each in rest if not each.lower().startswith((b"proxy-", b"connection:"))]
        kept.insert(0, b"connection: close")
        self.there.sendall(b"\r\n".join([b" ".join((method, path, version)), *kept]))
        self.there.sendall(self.rfile.read(int(headers.get(b"content-length", b"0"))))
        answer = self.there.makefile("rb").read()
        self.request.sendall(answer.replace(b"\r\n", b"\r\nconnection: close\r\n", 1))

    def _socks(self) -> None:
        """Ask for a user if there is one, and connect (RFC 1928, RFC 1929)."""
        asks = 2 in self.rfile.read(self.rfile.read(1)[0])
        self.request.sendall(b"\x05\x02" if asks else b"\x05\x00")
        user = ""
        if asks:
            self.rfile.read(1)
            user = ":".join(self.rfile.read(self.rfile.read(1)[0]).decode() for _ in range(2))
            self.request.sendall(b"\x01\x00")
        kind = self.rfile.read(4)[3]
        self.rfile.read((self.rfile.read(1)[0] if kind == 3 else 4 if kind == 1 else 16) + 2)
        self.server.used.append(({1: "IPv4", 3: "name", 4: "IPv6"}[kind], user))
        self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
        self._pump()

    def _pump(self) -> None:
        back = threading.Thread(target=partial(_copy, self.there, self.request), daemon=True)
        back.start()
        _copy(self.request, self.there)
        back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while got := source.recv(65536):
            sink.sendall(got)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)

"""What the client's tests share: a server that follows a script, and both clients in one coat."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_wahelp.client import AsyncWahelpClient, Settings, WahelpClient
from airflow_provider_wahelp.client.answers import Answer
from airflow_provider_wahelp.client.token_store import MemoryStore

if TYPE_CHECKING:
    import ssl

    from airflow_provider_wahelp.client.call import Call

LOGIN, PASSWORD, PHONE, TEXT = "boss@example.com", "s3cret-pass", "+79161234567", "Здравствуйте, Анна"
Reply = Callable[["_Handler"], None]


def answer(body: Any = b"", status: int = 200, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def says(body: Any = b"", status: int = 200, **headers: str) -> Reply:
    whole = answer(body, status, **headers)

    def reply(handler: _Handler) -> None:
        handler.send_response(whole.status)
        for name, value in {"content-length": str(len(whole.body)), **whole.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(whole.body)

    return reply


def ok(data: Any = None, **beside: Any) -> Reply:
    return says({"success": True, "data": {"id": 1, "uuid": "u-1"} if data is None else data, **beside})


def issues(token: str, expires_in: Any = 3600) -> Reply:
    return ok({"token_type": "bearer", "access_token": token, "expires_in": expires_in})


def cuts(handler: _Handler) -> None:
    """End the connection in the middle of a body."""
    says(b'{"success": true, "da', content_length="500")(handler)
    handler.close_connection = True


def resets(handler: _Handler) -> None:
    """End the connection as a crash does, without a byte of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


def hangs_up(handler: _Handler) -> None:
    """End the connection in good order, without a byte of an answer."""
    handler.close_connection = True


def talks_no_tls(handler: _Handler) -> None:
    """Answer below the encryption, as nobody can who has not broken into it."""
    os.write(handler.connection.fileno(), b"HTTP/1.1 200 OK\r\n\r\n")
    handler.close_connection = True


def keeps_silent(handler: _Handler) -> None:
    handler.server.done.wait()
    handler.close_connection = True


def slowly(reply: Reply) -> Reply:
    """Take long enough for whoever else is coming to come."""

    def late(handler: _Handler) -> None:
        handler.server.done.wait(0.1)
        reply(handler)

    return late


@dataclass
class Seen:
    """A request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


class Wire(ThreadingTCPServer):
    """Answers from a script; logins and refreshes have scripts of their own.

    Unscripted, a login brings ``token-1``, ``token-2``, ..., a refresh 404 and anything else a success.
    It will do as a proxy too: what it is told to pass on, it answers itself. A tunnel it refuses, unless it
    has the ``inside`` of one.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        handler: type[BaseRequestHandler] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), handler or _Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{self.scheme}://127.0.0.1:{self.server_address[1]}"
        self.script: dict[str, deque[Reply]] = defaultdict(deque)
        self.seen: dict[str, list[Seen]] = defaultdict(list)
        self.dead: set[str] = set()
        self.tunnels = 0
        self.inside: ssl.SSLContext | None = None
        self.done = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that hang up are what is tested."""

    def will(self, *replies: Reply, to: str = "call") -> None:
        self.script[to].extend(replies)

    @property
    def calls(self) -> list[Seen]:
        return self.seen["call"]

    @property
    def logins(self) -> int:
        return len(self.seen["user/login"])

    def reply_to(self, request: Seen) -> Reply:
        path = request.path.removeprefix("/api/app/")
        kind = path if path in {"user/login", "user/refresh-token"} else "call"
        with self._lock:
            self.seen[kind].append(request)
            if request.token in self.dead:
                return says({"message": "Unauthenticated."}, 401)
            if self.script[kind]:
                return self.script[kind].popleft()
        return {"user/login": issues(f"token-{self.logins}"), "call": ok()}.get(kind, says(status=404))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Wire

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.reply_to(Seen(self.command, self.path, headers, body))(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815

    def do_CONNECT(self) -> None:
        self.server.tunnels += 1
        if self.server.inside is None:
            says(status=403)(self)
        else:
            says()(self)
            self.wfile.flush()
            with self.server.inside.wrap_socket(self.connection, server_side=True) as inside:
                type(self)(inside, self.client_address, self.server)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Blocking:
    """``WahelpClient``, with its waits recorded in place of waited."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        self.waits: list[float] = []
        self.told: list[str] = []
        options = {"store": MemoryStore(), "sleep": self.waits.append, **options}
        self.client = WahelpClient(settings, on_token=self.told.append, **options)

    def perform(self, call: Call[Any]) -> Any:
        return self.client.perform(call)

    def run(self, conversation: Generator[Call[Any], Any, Any]) -> Any:
        return self.client.run(conversation)

    def items(self, page_of: Callable[[int], Call[Any]], *, paged: bool) -> list[Any]:
        return list(self.client.iterate(page_of, paged=paged))

    def stampede(self, call: Call[Any], count: int) -> list[Any]:
        results: list[Any] = []
        threads = [threading.Thread(target=lambda: results.append(self.perform(call))) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def close(self) -> None:
        self.client.close()


class Asynchronous:
    """``AsyncWahelpClient`` behind the same methods."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        self.waits: list[float] = []
        self.told: list[str] = []
        self.runner = asyncio.Runner()

        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        async def tell(token: str) -> None:
            self.told.append(token)

        options = {"store": MemoryStore(), "sleep": wait, **options}
        self.client = AsyncWahelpClient(settings, on_token=tell, **options)

    def perform(self, call: Call[Any]) -> Any:
        return self.runner.run(self.client.perform(call))

    def run(self, conversation: Generator[Call[Any], Any, Any]) -> Any:
        return self.runner.run(self.client.run(conversation))

    def items(self, page_of: Callable[[int], Call[Any]], *, paged: bool) -> list[Any]:
        async def collect() -> list[Any]:
            return [item async for item in self.client.iterate(page_of, paged=paged)]

        return self.runner.run(collect())

    def stampede(self, call: Call[Any], count: int) -> list[Any]:
        async def all_at_once() -> list[Any]:
            return await asyncio.gather(*(self.client.perform(call) for _ in range(count)))

        return self.runner.run(all_at_once())

    def close(self) -> None:
        self.runner.run(self.client.close())
        self.runner.close()


class Clients:
    """Makes clients of one kind, and closes them."""

    def __init__(self, kind: type[Blocking | Asynchronous], stack: ExitStack) -> None:
        self.kind = kind
        self._stack = stack

    def __call__(self, url: str, *, store: Any = None, **settings: Any) -> Blocking | Asynchronous:
        given = {"base_url": url, "login": LOGIN, "password": PASSWORD, **settings}
        made = self.kind(Settings(**given), **({"store": store} if store else {}))
        self._stack.callback(made.close)
        return made

"""A server in front of the sandbox that shows a channel's history in its own way."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

Alter = Callable[[int, dict[str, Any]], tuple[int, dict[str, Any]]]
"""Takes the number of a page of the history and its body; returns the status and the body in its place."""


def ends_early(number: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Say that there is more, and bring nothing."""
    return 200, {**body, "data": body["data"] if number == 1 else [], "has_more": True}


def refuses_with(status: int) -> Alter:
    """Refuse a page past the end."""

    def refuse(number: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        past = number > 1 and not body["data"]
        return (status, {"success": False, "message": "No such page"}) if past else (200, body)

    return refuse


class AlteredHistory(ThreadingHTTPServer):
    """Passes each request on to the sandbox, and alters the pages of histories.

    :param url: the sandbox's.
    :param pages: whether ``page`` is heeded; otherwise each page is the first.
    """

    daemon_threads = True

    def __init__(self, url: str, alter: Alter | None = None, *, pages: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sandbox = urlsplit(url).netloc
        self.alter = alter
        self.pages = pages
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: AlteredHistory

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if not path.endswith("/messages"):
            self._answer(*self._ask(self.path))
            return
        number = int(parse_qs(query).get("page", ["1"])[0])
        asked = self.path if self.server.pages else self.path.replace(f"page={number}", "page=1")
        status, body = self._ask(asked)
        if self.server.alter and status == http.client.OK:
            status, altered = self.server.alter(number, json.loads(body))
            body = json.dumps(altered).encode()
        self._answer(status, body)

    def do_POST(self) -> None:
        self._answer(*self._ask(self.path, self.rfile.read(int(self.headers["content-length"] or 0))))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _ask(self, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        sandbox = http.client.HTTPConnection(self.server.sandbox)
        kept = ("authorization", "content-type", "x-project", "accept")
        headers = {name: value for name in kept if (value := self.headers.get(name))}
        sandbox.request(self.command, path, body, headers)
        answer = sandbox.getresponse()
        found = answer.status, answer.read()
        sandbox.close()
        return found

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

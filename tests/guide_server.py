"""A Wahelp that is not the sandbox: only what the integration guide says, and strict about it.

No trailing slashes, no lookup of people, no list of users, no account page. Run as a program it prints its
address and serves until it is stopped: ``python -m tests.guide_server``.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOGIN = {"login": "demo@example.com", "password": "correct-horse-battery"}
CHANNEL = {"id": 201, "uuid": "9b2d1c1e-5a0f-4a53-9d53-000000000201", "settings": {}}
LOOKS_BEFORE_ACTIVE = 2

Handler = Callable[..., Any]


class Guide:
    """What the server knows."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.messages: list[dict[str, Any]] = []
        self.hook = ""
        self.channel: dict[str, Any] = {}
        self.looks = 0
        self.logins = 0

    def log_in(self, body: Any) -> Any:
        if body != LOGIN:
            return None
        self.logins += 1
        return {"token_type": "bearer", "access_token": "guide-token-1", "expires_in": 3600}

    def create_project(self, body: Any) -> Any:
        return {"id": 101, "name": body["name"]}

    def create_channel(self, project: str, body: Any) -> Any:
        self.channel = {**CHANNEL, "name": body["name"], "type": body["type"]}
        return {**self.channel, "active": False}

    def list_channels(self, project: str, body: Any) -> Any:
        self.looks += 1
        active = self.looks > LOOKS_BEFORE_ACTIVE
        return [{**self.channel, "active": active}] if self.channel else []

    def create_user(self, project: str, channel: str, body: Any) -> Any:
        return {"id": 301, "name": body["name"], "phone": body["phone"]}

    def send_message(self, project: str, channel: str, user: str, body: Any) -> Any:
        message = {"id": 401 + len(self.messages), "text": body["text"], "status": "sent"}
        self.messages.append(message)
        return message

    def get_messages(self, project: str, channel: str, body: Any) -> Any:
        return [
            {
                "id": message["id"],
                "message": message["text"],
                "destination": "from_operator",
                "created_at": "2026-01-15 12:00:00",
                "status": "delivered",
            }
            for message in self.messages
        ]

    def set_hook(self, project: str, body: Any) -> Any:
        self.hook = body["url"]
        return {"url": self.hook}


ROUTES: list[tuple[str, str, str]] = [
    ("POST", r"/user/login", "log_in"),
    ("POST", r"/projects", "create_project"),
    ("POST", r"/projects/(101)/channels", "create_channel"),
    ("GET", r"/projects/(101)/channels", "list_channels"),
    ("POST", rf"/projects/(101)/channels/({CHANNEL['uuid']})/users", "create_user"),
    ("POST", rf"/projects/(101)/channels/({CHANNEL['uuid']})/send_message/(301)", "send_message"),
    ("GET", rf"/projects/(101)/channels/({CHANNEL['uuid']})/messages", "get_messages"),
    ("PUT", r"/projects/(101)/hook", "set_hook"),
]


class GuideServer(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.guide = Guide()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> GuideServer:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GuideServer

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        body = self._body()
        path = self.path.partition("?")[0]
        self.server.guide.requests.append(f"{self.command} {self.path}")
        for method, pattern, name in ROUTES:
            found = re.fullmatch("/api/app" + pattern, path)
            if found and method == self.command:
                return self._perform(name, found.groups(), body)
        return self._send(404, "text/html", b"<html><body>Not Found</body></html>")

    def _perform(self, name: str, ids: tuple[str, ...], body: Any) -> None:
        if name != "log_in" and self.headers.get("Authorization") != "Bearer guide-token-1":
            return self._json(401, {"success": False, "message": "Unauthenticated."})
        if ids and self.headers.get("X-Project") != ids[0]:
            return self._json(400, {"success": False, "message": "X-Project"})
        data = getattr(self.server.guide, name)(*ids, body)
        if data is None:
            return self._json(401, {"success": False, "message": "Unauthenticated."})
        return self._json(200, {"success": True, "data": data})

    def _body(self) -> Any:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return json.loads(raw) if raw else None

    def _json(self, status: int, body: Any) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with GuideServer() as server:
        print(server.url, flush=True)  # noqa: T201
        threading.Event().wait()

"""A server in front of a sandbox: some requests it answers in a way of its own, the others it passes on."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

Edit = Callable[[Any], Any]
_DROPPED = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


@dataclass
class Habit:
    """What the server does to some requests.

    :param pattern: of ``METHOD path?query``, anywhere in it.
    :param status: what it answers.
    :param body: what it answers; a function makes it from what the sandbox answers.
    :param carried_out: whether the sandbox gets the request all the same.
    :param left: how many of the next ones it does it to; ``None``: to all.
    """

    pattern: str
    status: int = 200
    body: Any = None
    carried_out: bool = False
    left: int | None = None
    struck: int = 0


class Front(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1.

    :param target: the sandbox's address.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.habits: list[Habit] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def answers(self, pattern: str, status: int = 200, body: Any = None, **how: Any) -> Habit:
        """Let it have a habit from now on."""
        habit = Habit(pattern, status, {"success": False, "message": "no"} if body is None else body, **how)
        self.habits.append(habit)
        return habit

    def habit_for(self, request: str) -> Habit | None:
        """Return what it does to a request, and count that."""
        with self._lock:
            for habit in self.habits:
                if habit.left != 0 and re.search(habit.pattern, request):
                    habit.left = None if habit.left is None else habit.left - 1
                    habit.struck += 1
                    return habit
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Front

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        habit = self.server.habit_for(f"{self.command} {self.path}")
        if habit is None:
            return self._say(*self._passed_on(body))
        if not habit.carried_out and not callable(habit.body):
            return self._say(habit.status, [], json.dumps(habit.body).encode())
        _, headers, answer = self._passed_on(body)
        said = habit.body(json.loads(answer)) if callable(habit.body) else habit.body
        return self._say(habit.status, headers, json.dumps(said).encode())

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 - the names that http.server calls

    def _passed_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        target = self.server.target
        connection = http.client.HTTPConnection(str(target.hostname), target.port or 80, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _say(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _DROPPED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

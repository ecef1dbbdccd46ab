"""What the sandbox's tests share: a caller of the API, and a receiver of events."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox import Sandbox

ANNA = "79161234567"
BORIS = "79031112233"
DEADLINE = 10.0


# The certificates of the world take longer to load than most tests to run.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def fetch(method: str, url: str, **request: Any) -> httpx.Response:
    """Make a single request over a connection of its own."""
    return httpx.request(method, url, trust_env=False, verify=NO_CERTIFICATES, timeout=DEADLINE, **request)


class Api:
    """Calls a sandbox over HTTP, as any client of the platform would."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(
            base_url=f"{sandbox.url}/api/app/", timeout=DEADLINE, trust_env=False, verify=NO_CERTIFICATES
        )

    def log_in(self, **changed: str) -> httpx.Response:
        account = {"login": "demo@example.com", "password": "demo", **changed}
        response = self.http.post("user/login", json=account)
        if response.is_success:
            self.use(response.json()["data"]["access_token"])
        return response

    def use(self, token: str) -> None:
        self.http.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, status: int = 200, **request: Any) -> Any:
        """Return the JSON body of an answer that must have this status."""
        response = self.http.request(method, path, **request)
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/json"
        return response.json()

    def data(self, method: str, path: str, **request: Any) -> Any:
        """Return the data of an answer that must be a success."""
        body = self.ask(method, path, **request)
        assert body["success"] is True
        return body["data"]

    def channel(self, *, active: bool = True, **changed: Any) -> ChannelCaller:
        """Create a project with a channel."""
        project = self.data("POST", "projects", json={"name": "Shop"})
        made = self.data(
            "POST",
            f"projects/{project['id']}/channels",
            json={"name": "Main", "type": "whatsapp", **changed},
        )
        if active:
            self.sandbox.scan(made["uuid"])
        return ChannelCaller(self, project["id"], made)


class ChannelCaller:
    """A channel's part of the API."""

    def __init__(self, api: Api, project_id: int, made: dict[str, Any]) -> None:
        self.api = api
        self.project_id = project_id
        self.project_path = f"projects/{project_id}"
        self.made = made
        self.uuid: str = made["uuid"]
        self.path = f"{self.project_path}/channels/{self.uuid}"

    def ask(self, method: str, path: str, status: int = 200, **request: Any) -> Any:
        return self.api.ask(method, self.path + path, status, **request)

    def data(self, method: str, path: str, **request: Any) -> Any:
        return self.api.data(method, self.path + path, **request)

    def user(self, phone: str = ANNA, name: str = "Anna") -> dict[str, Any]:
        user: dict[str, Any] = self.data("POST", "/users", json={"name": name, "phone": phone})
        return user

    def send(self, user: dict[str, Any], text: str = "Hello") -> dict[str, Any]:
        message: dict[str, Any] = self.data("POST", f"/send_message/{user['id']}", json={"text": text})
        return message

    def status_of(self, message: dict[str, Any]) -> str:
        status: str = self.data("GET", f"/messages/{message['id']}")["status"]
        return status


class Receiver:
    """An address that takes events."""

    def __init__(self) -> None:
        self.events: Queue[dict[str, Any]] = Queue()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/secret-path?token=secret-token"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> dict[str, Any]:
        """Wait for the next event."""
        return self.events.get(timeout=DEADLINE)

    def next_of(self, action: str) -> dict[str, Any]:
        """Wait for the next event of a kind and return its payload."""
        while (event := self.next())["action"] != action:
            pass
        payload: dict[str, Any] = event["payload"]
        return payload

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/json"
                receiver.events.put(json.loads(body))
                receiver.may_answer.wait(DEADLINE)
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        return Handler

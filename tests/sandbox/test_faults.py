"""What faults do to a call, seen from outside."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import RemoteDisconnected
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests

from airflow_provider_wahelp.sandbox import SandboxOptions, create_app
from airflow_provider_wahelp.sandbox.state import State

from .support import ANNA, DEADLINE, Api, ChannelCaller, Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_wahelp.sandbox import Sandbox


class Sender:
    """Somebody who sends one text to Anna, and can be asked what became of it."""

    def __init__(self, channel: ChannelCaller) -> None:
        self.channel = channel
        self.user = channel.user()
        self.sandbox = channel.api.sandbox

    def send(self, **request: Any) -> httpx.Response:
        path = f"{self.channel.path}/send_message/{self.user['id']}"
        return self.channel.api.http.post(path, json={"text": "Hello"}, **request)

    def received(self) -> list[str]:
        return [line["text"] for line in self.sandbox.conversation(ANNA)]

    def last_request(self) -> tuple[int | None, str | None]:
        request = self.sandbox.requests[-1]
        return request["status"], request["fault"]


@pytest.fixture
def sender(channel: ChannelCaller) -> Sender:
    return Sender(channel)


@pytest.fixture
def session(api: Api) -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        opened.headers["Authorization"] = api.http.headers["Authorization"]
        yield opened


def connection(api: Api) -> socket.socket:
    address = urlsplit(api.sandbox.url)
    return socket.create_connection((address.hostname, address.port), timeout=DEADLINE)


def head(api: Api, method: str, path: str, *headers: str) -> bytes:
    """Spell a request up to its body."""
    authorization = f"Authorization: {api.http.headers['authorization']}"
    lines = [f"{method} /api/app/{path} HTTP/1.1", "Host: localhost", authorization, *headers]
    return "\r\n".join([*lines, "", ""]).encode()


CUTS = [
    ("cut_before", False, httpx.RemoteProtocolError, RemoteDisconnected, []),
    ("cut_before", True, httpx.ReadError, ConnectionResetError, []),
    ("cut_after", False, httpx.RemoteProtocolError, RemoteDisconnected, ["Hello"]),
    ("cut_after", True, httpx.ReadError, ConnectionResetError, ["Hello"]),
]


@pytest.mark.parametrize("kept_alive", [False, True])
@pytest.mark.parametrize(("fault", "reset", "error", "_cause", "received"), CUTS)
def test_a_cut_connection_as_httpx_sees_it(
    sender: Sender,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    reset: bool,
    error: type[Exception],
    _cause: type[Exception],
    received: list[str],
    kept_alive: bool,
) -> None:
    sender.sandbox.inject(fault, operation="send_message", count=1, reset=reset)

    with pytest.raises(error):
        sender.send(headers={} if kept_alive else {"Connection": "close"})

    assert sender.last_request() == (None, fault)
    assert sender.received() == received
    assert sender.send().status_code == 200
    assert sender.last_request() == (200, None)
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


@pytest.mark.parametrize(("fault", "reset", "_error", "cause", "received"), CUTS)
def test_a_cut_connection_as_requests_sees_it(
    sender: Sender,
    session: requests.Session,
    fault: str,
    reset: bool,
    _error: type[Exception],
    cause: type[Exception],
    received: list[str],
) -> None:
    url = f"{sender.sandbox.url}/api/app/{sender.channel.path}"
    session.get(url)
    sender.sandbox.inject(fault, operation="send_message", reset=reset)

    with pytest.raises(requests.ConnectionError) as raised:
        session.post(f"{url}/send_message/{sender.user['id']}", json={"text": "Hello"})

    assert isinstance(raised.value.args[0].args[1], cause)
    assert sender.received() == received
    assert session.get(url).status_code == 200


def test_a_long_body_does_not_turn_a_close_into_a_reset(api: Api) -> None:
    api.sandbox.inject("cut_before", operation="create_project")
    body = json.dumps({"name": "n" * 5_000_000})

    with connection(api) as raw:
        raw.sendall(head(api, "POST", "projects", f"Content-Length: {len(body)}") + body.encode())
        assert raw.recv(1) == b""

    assert api.data("GET", "projects") == []


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "retry_after", "body"),
    [
        ("rate_limit", {}, 429, None, {"success": False, "message": "Too Many Requests"}),
        (
            "rate_limit",
            {"retry_after": 7, "words": "Слишком много попыток"},
            429,
            "7",
            {"success": False, "message": "Слишком много попыток"},
        ),
        ("unavailable", {}, 503, None, {"success": False, "message": "Service Unavailable"}),
        ("unavailable", {"retry_after": 0}, 503, "0", {"success": False, "message": "Service Unavailable"}),
        ("success_false", {"words": "Нельзя"}, 200, None, {"success": False, "message": "Нельзя"}),
        ("dead_token", {}, 401, None, {"success": False, "message": "Unauthenticated."}),
    ],
)
def test_a_refused_call_is_not_carried_out(
    sender: Sender,
    fault: str,
    parameters: dict[str, Any],
    status: int,
    retry_after: str | None,
    body: dict[str, Any],
) -> None:
    sender.sandbox.inject(fault, operation="send_message", **parameters)

    response = sender.send()

    assert (response.status_code, response.headers.get("retry-after")) == (status, retry_after)
    assert response.json() == body
    assert "date" in response.headers
    assert sender.received() == []
    assert sender.last_request() == (status, fault)


def test_a_dead_token_stays_dead_and_a_new_one_lives(sender: Sender) -> None:
    sender.sandbox.inject("dead_token", count=1)

    assert [sender.send().status_code for _ in range(2)] == [401, 401]
    assert [request["fault"] for request in sender.sandbox.requests[-2:]] == ["dead_token", None]
    sender.channel.api.log_in()
    assert sender.send().status_code == 200


def test_what_has_no_living_token_cannot_lose_it(api: Api) -> None:
    api.sandbox.inject("dead_token", count=1)

    assert [api.log_in().status_code for _ in range(2)] == [200, 200]
    api.use("no-such-token")
    api.ask("GET", "projects", 401)
    assert api.sandbox.faults[0]["struck"] == 0


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "kind"),
    [
        ("error_after", {}, 500, "application/json"),
        ("error_after", {"status": 500}, 500, "application/json"),
        ("error_after", {"status": 502}, 502, "text/html; charset=utf-8"),
        ("error_after", {"status": 504}, 504, "text/html; charset=utf-8"),
        ("html", {}, 200, "text/html; charset=utf-8"),
        ("truncated", {}, 200, "application/json"),
        ("slow", {"seconds": 0.01}, 200, "application/json"),
    ],
)
def test_a_call_is_carried_out_and_answered_badly(
    sender: Sender, receiver: Receiver, fault: str, parameters: dict[str, Any], status: int, kind: str
) -> None:
    channel = sender.channel
    channel.api.data("PUT", f"{channel.project_path}/hook", json={"url": receiver.url})
    sender.sandbox.inject(fault, operation="send_message", **parameters)

    response = sender.send()

    assert (response.status_code, response.headers["content-type"]) == (status, kind)
    assert sender.last_request() == (status, fault)
    assert sender.received() == ["Hello"]
    (shown,) = channel.data("GET", "/messages")
    assert receiver.next_of("channel.message.created") == shown


@pytest.mark.parametrize("fault", ["html", "truncated"])
def test_an_unreadable_answer_is_complete_and_no_json(sender: Sender, fault: str) -> None:
    sender.sandbox.inject(fault, operation="send_message")

    response = sender.send()

    assert int(response.headers["content-length"]) == len(response.content) > 0
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_webhooks_are_sent_although_the_connection_is_cut(sender: Sender, receiver: Receiver) -> None:
    channel = sender.channel
    channel.api.data("PUT", f"{channel.project_path}/hook", json={"url": receiver.url})
    sender.sandbox.inject("cut_after", operation="send_message")

    with pytest.raises(httpx.RemoteProtocolError):
        sender.send()

    assert receiver.next_of("channel.message.created")["message"] == "Hello"


@pytest.mark.parametrize("fault", ["cut_after", "error_after", "html", "truncated", "slow"])
def test_what_the_platform_refuses_is_spared(sender: Sender, fault: str) -> None:
    sandbox = sender.sandbox
    sandbox.inject(fault, count=1)
    sandbox.set_messenger(ANNA, False)

    assert sender.send().json()["message"] == "номер не зарегистрирован"
    sandbox.expire_tokens()
    assert sender.send().status_code == 401
    assert sandbox.faults[0]["struck"] == 0


def test_a_slow_answer_comes_too_late_for_its_client(sender: Sender) -> None:
    sender.sandbox.inject("slow", operation="send_message")

    with pytest.raises(httpx.ReadTimeout):
        sender.send(timeout=1)  # a busy sandbox must have begun by then

    assert sender.received() == ["Hello"]
    assert sender.last_request() == (200, "slow")


def test_a_slow_answer_delays_no_other_call(api: Api) -> None:
    api.sandbox.inject("slow", operation="projects")

    with connection(api) as waiting:
        waiting.sendall(head(api, "GET", "projects"))
        deadline = time.monotonic() + DEADLINE
        while api.sandbox.requests[-1]["fault"] != "slow":
            assert time.monotonic() < deadline
        api.data("GET", "user")
        waiting.setblocking(False)
        with pytest.raises(BlockingIOError):
            waiting.recv(1)


def test_the_history_may_fail_on_its_own(sender: Sender) -> None:
    sender.sandbox.inject("unavailable", operation="messages")

    assert sender.send().status_code == 200
    sender.channel.ask("GET", "/messages", 503)
    sender.channel.ask("GET", f"/messages/{sender.sandbox.conversation(ANNA)[0]['id']}", 200)


def test_the_history_may_lag(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    user = channel.user()
    wahelp_sandbox.configure(history_lag=30)
    first = channel.send(user, "first")
    wahelp_sandbox.configure(history_lag=0)
    second = channel.send(user, "second")

    assert [message["id"] for message in channel.data("GET", "/messages")] == [second["id"]]
    channel.ask("GET", f"/messages/{first['id']}", 404)
    assert [line["text"] for line in wahelp_sandbox.conversation(ANNA)] == ["first", "second"]

    wahelp_sandbox.advance(31)
    assert [message["id"] for message in channel.data("GET", "/messages")] == [second["id"], first["id"]]
    assert channel.status_of(first) == "sent"


def test_a_lagging_history_survives_a_restart(api: Api) -> None:
    api.sandbox.configure(history_lag=30)
    channel = api.channel()
    channel.send(channel.user())
    again = State()
    again.load(json.loads(json.dumps(api.sandbox._state.dump())))

    assert again.messages.history(channel.project_id, channel.uuid, {})[0] == []
    again.advance(31)
    assert len(again.messages.history(channel.project_id, channel.uuid, {})[0]) == 1


@pytest.mark.parametrize("skew", [120, -120])
def test_the_clock_may_be_wrong_without_harm_to_tokens(wahelp_sandbox: Sandbox, api: Api, skew: int) -> None:
    wahelp_sandbox.configure(clock_skew=skew, token_lifetime=60)
    api.log_in()
    channel = api.channel()
    response = api.http.post(f"{channel.path}/send_message/{channel.user()['id']}", json={"text": "Hello"})

    now = datetime.now(UTC)
    created = datetime.fromisoformat(response.json()["data"]["created_at"] + "+03:00")
    for moment in (parsedate_to_datetime(response.headers["date"]), created):
        assert abs(moment - now - timedelta(seconds=skew)) < timedelta(seconds=30)
    wahelp_sandbox.configure(clock_skew=0)
    assert channel.data("GET", "/messages")[0]["created_at"] == response.json()["data"]["created_at"]
    wahelp_sandbox.advance(61)
    api.ask("GET", "projects", 401)


def test_a_server_that_cannot_cut_says_so() -> None:
    network = httpx.ASGITransport(create_app(SandboxOptions(faults=["cut_before"])))

    async def ask() -> None:
        async with httpx.AsyncClient(transport=network) as client:
            await client.get("http://sandbox/api/app/projects")

    with pytest.raises(RuntimeError, match="only Sandbox and wahelp-sandbox can cut connections"):
        asyncio.run(ask())

"""The receiver over real HTTP: a server of its own, Airflow's database, the channels of a sandbox."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings, strategies

from airflow_provider_wahelp.receiver.app import make_app
from airflow_provider_wahelp.receiver.settings import MOST_STRANGERS
from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from tests.conftest import Connect
from tests.guide_server import LOGIN
from tests.receiver.conftest import SECRET, AddAsset, body, events_of, told

PATH = "/wahelp/webhooks/wahelp_default"
BODIES = int(os.environ.get("WAHELP_BODIES", "120"))
"""So many bodies are made up: 10,000 with ``WAHELP_BODIES=10000``."""


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    root = FastAPI()
    root.mount("/wahelp", app)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(root, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(**LOGIN, activation_delay=0)) as running:
        yield running


@pytest.fixture(scope="module")
def channel(sandbox: Sandbox) -> dict[str, Any]:
    return _channel(sandbox)


def _channel(sandbox: Sandbox) -> dict[str, Any]:
    """Make a project with a channel."""
    with httpx.Client(base_url=f"{sandbox.url}/api/app", trust_env=False) as api:

        def post(path: str, **fields: Any) -> Any:
            return api.post(path, json=fields).raise_for_status().json()["data"]

        api.headers["Authorization"] = f"Bearer {post('/user/login', **LOGIN)['access_token']}"
        project = post("/projects", name="Listens")["id"]
        made = post(f"/projects/{project}/channels", name="Listens", type="whatsapp")
        return {"project_id": project, "uuid": made["uuid"], "id": made["id"]}


@pytest.fixture
def http(
    connect: Connect, sandbox: Sandbox, channel: dict[str, Any], database: None
) -> Iterator[httpx.Client]:
    connect(sandbox.url, extra={"project_id": channel["project_id"], "webhook_token": SECRET}, **LOGIN)
    with _served(make_app()) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def asset(http: httpx.Client, sandbox: Sandbox, channel: dict[str, Any], add_asset: AddAsset) -> int:
    host = sandbox.url.removeprefix("http://")
    uri = f"wahelp://{host}/{channel['project_id']}/{channel['uuid']}"
    return add_asset(uri, uri, kinds=["message", "status"], include=["text"])


def _post(http: httpx.Client, content: bytes, token: str | None = SECRET, path: str = PATH) -> httpx.Response:
    return http.post(path, params={} if token is None else {"token": token}, content=content)


def test_what_is_answered_is_in_the_database(
    http: httpx.Client, asset: int, channel: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "httpx")  # who posts knows the address
    number = channel["id"]
    answer = _post(http, body(told(1, channel_id=number), told(2, channel_id=str(number)), {"action": "x"}))
    assert (answer.status_code, answer.json()) == (200, {"events": 2, "ignored": {"unknown": 1}})
    assert [event["id"] for event in events_of(asset)] == [1, 2]
    assert _post(http, body(told(1, channel_id=number))).status_code == 200
    assert _post(http, body(told(3, channel_id=999))).json() == {"events": 0, "ignored": {"channel": 1}}
    assert len(events_of(asset)) == 2
    for private in (SECRET, "79261234567", "Анна"):
        assert private not in caplog.text


def test_a_wrong_secret_and_no_receiver_are_the_same(
    http: httpx.Client, asset: int, channel: dict[str, Any], connect: Connect, sandbox: Sandbox
) -> None:
    connect(sandbox.url, "switched_off", extra={"project_id": channel["project_id"]}, **LOGIN)
    connect(sandbox.url, "no_project", extra={"webhook_token": SECRET}, **LOGIN)
    connect(sandbox.url, "another", conn_type="http", extra={"webhook_token": SECRET})
    content = body(told(1, channel_id=channel["id"]))
    refused = [_post(http, content, token) for token in ("", None, SECRET[:-1], SECRET + "x", "я")]
    names = ("switched_off", "no_project", "another", "unknown", "%00", "a" * 3000)
    refused += [_post(http, content, path=f"/wahelp/webhooks/{name}") for name in names]
    refused.append(http.post(f"{PATH}?token=%ff", content=content))
    assert {each.status_code for each in refused} == {404}
    assert len({(each.content, *sorted(set(each.headers) - {"date"})) for each in refused}) == 1
    assert events_of(asset) == []


def test_invented_names_do_not_reach_the_database(
    http: httpx.Client, asset: int, channel: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.common.compat.sdk import BaseHook

    asked: list[str] = []
    real = BaseHook.get_connection

    def counted(name: str) -> Any:
        asked.append(name)
        return real(name)

    assert _post(http, body(told(1, channel_id=channel["id"]))).status_code == 200
    monkeypatch.setattr(BaseHook, "get_connection", counted)
    for number in range(50):
        assert _post(http, b"{}", path=f"/wahelp/webhooks/name{number}").status_code == 404
    assert len(asked) <= MOST_STRANGERS
    assert _post(http, body(told(2, channel_id=channel["id"]))).status_code == 200


def test_where_wahelp_is_down_events_of_new_channels_are_to_be_sent_again(
    http: httpx.Client, connect: Connect, asset: int, channel: dict[str, Any]
) -> None:
    connect(
        "http://127.0.0.1:9", extra={"project_id": channel["project_id"], "webhook_token": SECRET}, **LOGIN
    )
    answer = _post(http, body(told(1, channel_id=channel["id"])))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_where_the_database_is_locked_nothing_is_answered_200(
    http: httpx.Client, asset: int, channel: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_wahelp.receiver import register as module

    def locked(*_: object) -> None:
        raise RuntimeError("Да")

    with monkeypatch.context() as patch:
        patch.setattr(module, "lock_for_writing", locked)
        assert _post(http, body(told(1, channel_id=channel["id"]))).status_code == 503
    assert _post(http, body(told(1, channel_id=channel["id"]))).status_code == 200
    assert [event["id"] for event in events_of(asset)] == [1]


_made_up = settings(
    max_examples=BODIES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def test_made_up_bodies_are_answered_and_are_no_events(
    http: httpx.Client, asset: int, channel: dict[str, Any]
) -> None:
    @_made_up
    @given(_bodies(channel["id"]))
    def check(content: bytes) -> None:
        assert _post(http, content).status_code == 200

    check()
    assert events_of(asset) == []


def test_whatever_a_message_holds_is_answered(
    http: httpx.Client, asset: int, channel: dict[str, Any]
) -> None:
    @_made_up
    @given(_messages(channel["id"]))
    def check(content: bytes) -> None:
        assert _post(http, content).status_code == 200

    check()
    keys = [event["key"] for event in events_of(asset)]
    assert keys
    assert len(keys) == len(set(keys))


def test_ten_megabytes_take_no_memory(http: httpx.Client, asset: int) -> None:
    large = b'{"action": "' + b"x" * 10_000_000 + b'"}'
    process = psutil.Process()

    def post(token: str) -> int | None:
        try:
            return _post(http, large, token).status_code
        except httpx.TransportError:  # the server has closed the connection in the middle of the body
            return None

    assert {post(SECRET), post("wrong")} <= {413, 404, None}
    before = process.memory_info().rss
    for _ in range(20):
        assert post(SECRET) in {413, None}
        assert post("wrong") in {404, None}
    assert process.memory_info().rss - before < 40_000_000  # of 400 MB; the client is in this process too
    assert _post(http, b"{}").status_code == 200  # and the server goes on


def _json() -> strategies.SearchStrategy[Any]:
    leaf = (
        strategies.none()
        | strategies.booleans()
        | strategies.integers()
        | strategies.floats()
        | strategies.text()
    )
    return strategies.recursive(
        leaf,
        lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.text(), inner),
        max_leaves=8,
    )


def _bodies(number: int) -> strategies.SearchStrategy[bytes]:
    """Return bodies that are no event of a message: JSON of any shape, cut and damaged events, bytes."""
    whole = body(told(1, channel_id=number))
    event = strategies.fixed_dictionaries(
        {"action": strategies.sampled_from(["channel.message.created", "channel.updated", ""])},
        optional={"payload": _json(), "data": _json()},
    )
    cut = strategies.integers(0, len(whole) - 1).map(lambda end: whole[:end])
    return (
        strategies.binary(max_size=200)
        | cut
        | (_json() | event).map(lambda value: json.dumps(value).encode())
    )


def _messages(number: int) -> strategies.SearchStrategy[bytes]:
    """Return events of messages in a channel: each field may be anything."""
    names = ("id", "user_id", "message", "message_type", "destination", "created_at", "status", "user")
    fields = strategies.fixed_dictionaries({}, optional={name: _json() for name in names})
    action = strategies.sampled_from(["created", "updated", "deleted"])
    made = strategies.builds(
        lambda action, fields: told(1, action, **{"channel_id": number, **fields}), action, fields
    )
    return strategies.lists(made, min_size=1, max_size=3).map(lambda events: body(*events))


def test_events_at_once_are_each_one(http: httpx.Client, asset: int, channel: dict[str, Any]) -> None:
    contents = [body(told(number % 90, channel_id=channel["id"])) for number in range(100)]
    begun = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda content: _post(http, content).status_code, contents))
    assert answers == [200] * 100
    assert sorted(event["id"] for event in events_of(asset)) == list(range(90))
    assert time.monotonic() - begun < 30

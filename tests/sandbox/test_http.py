"""What holds for every request, and the sandbox's own routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from .support import ANNA, BORIS, Api, fetch

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_wahelp.sandbox import Sandbox


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_trailing_slash_changes_nothing_and_redirects_nobody(api: Api, slash: str) -> None:
    channel = api.channel()
    user = channel.user()
    webhook = api.data(
        "POST",
        f"{channel.project_path}/webhooks{slash}",
        json={"url": "http://127.0.0.1:1/", "entities": ["project"]},
    )
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "user/login", {"login": "demo@example.com", "password": "demo"}),
        ("GET", "user", {}),
        ("GET", "projects", {}),
        ("POST", "projects", {"name": "Other"}),
        ("GET", f"{channel.project_path}/channels", {}),
        ("POST", f"{channel.project_path}/channels", {"name": "Other", "type": "vk"}),
        ("GET", channel.path, {}),
        ("POST", f"{channel.path}/users", {"name": "Boris", "phone": BORIS}),
        ("POST", f"{channel.path}/send_message/{user['id']}", {"text": "Hello"}),
        ("PUT", f"{channel.project_path}/webhooks/{webhook['uuid']}", {}),
        ("DELETE", f"{channel.project_path}/webhooks/{webhook['uuid']}", {}),
    ]

    for method, path, body in calls:
        response = api.http.request(method, path + slash, json=body)
        assert (method, path, response.status_code, response.history) == (method, path, 200, [])


def test_requests_are_recorded_as_they_were_sent(wahelp_sandbox: Sandbox, api: Api) -> None:
    wahelp_sandbox.clear_requests()

    api.ask("POST", "projects/", 200, json={"name": "Shop"})
    api.ask("GET", "projects/999/channels?limit=5", 404)

    assert wahelp_sandbox.requests == [
        {
            "method": "POST",
            "path": "/api/app/projects/",
            "query": "",
            "status": 200,
            "content_type": "application/json",
            "fault": None,
        },
        {
            "method": "GET",
            "path": "/api/app/projects/999/channels",
            "query": "limit=5",
            "status": 404,
            "content_type": "",
            "fault": None,
        },
    ]


def test_connections_are_counted_and_not_requests(wahelp_sandbox: Sandbox) -> None:
    url = f"{wahelp_sandbox.url}/api/app/user/"
    with requests.Session() as session:
        for _ in range(3):
            session.get(url)
    assert wahelp_sandbox.connections == 1

    for _ in range(2):
        requests.get(url)
    assert wahelp_sandbox.connections == 3
    assert len(wahelp_sandbox.requests) == 5


@pytest.fixture
def control(wahelp_sandbox: Sandbox) -> Callable[..., Any]:
    """Call the sandbox's own routes, without any token."""

    def call(method: str, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
        response = fetch(method, f"{wahelp_sandbox.url}/sandbox{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()

    return call


def test_the_control_routes_do_what_the_methods_do(api: Api, control: Callable[..., Any]) -> None:
    channel = api.channel(active=False)
    control("POST", f"/channels/{channel.uuid}/scan")
    assert channel.data("GET", "")["active"] is True

    message = channel.send(channel.user())
    control("POST", "/clock/advance", {"seconds": 101})
    assert channel.status_of(message) == "delivered"

    control("PUT", f"/phones/+{ANNA}", {"messenger": False})
    channel.ask("POST", f"/send_message/{message['user_id']}", 200, json={"text": "Lost"})
    control("PUT", f"/phones/{ANNA}", {"messenger": True})
    channel.send({"id": message["user_id"]}, "Back")

    control("POST", f"/phones/{ANNA}/messages", {"text": "Thanks", "channel_uuid": channel.uuid})
    lines = control("GET", f"/phones/+{ANNA}/conversation")
    assert [(line["direction"], line["text"], line["status"]) for line in lines] == [
        ("outgoing", "Hello", "delivered"),
        ("outgoing", "Back", "sent"),
        ("incoming", "Thanks", "delivered"),
    ]
    assert control("GET", "/conversations") == {ANNA: lines}

    control("POST", f"/channels/{channel.uuid}/log-out")
    assert channel.data("GET", "")["active"] is False
    control("POST", "/tokens/expire")
    channel.ask("GET", "", 401)


def test_the_control_routes_tell_what_was_asked(
    wahelp_sandbox: Sandbox, api: Api, control: Callable[..., Any]
) -> None:
    api.data("GET", "projects")

    assert control("GET", "/health") == {"status": "ok"}
    assert control("GET", "/requests") == wahelp_sandbox.requests
    assert control("GET", "/stats") == {"logins": 1, "requests": 2, "connections": 1}
    control("DELETE", "/requests")
    assert control("GET", "/stats") == {"logins": 1, "requests": 0, "connections": 0}


@pytest.mark.parametrize("way", ["route", "method"])
def test_a_reset_forgets_everything(
    wahelp_sandbox: Sandbox, api: Api, control: Callable[..., Any], way: str
) -> None:
    channel = api.channel()
    channel.send(channel.user())
    wahelp_sandbox.configure(refresh_fails=True)
    wahelp_sandbox.set_messenger(ANNA, False)
    wahelp_sandbox.advance(50)

    if way == "route":
        control("POST", "/reset")
    else:
        wahelp_sandbox.reset()

    assert (wahelp_sandbox.requests, wahelp_sandbox.logins, wahelp_sandbox.connections) == ([], 0, 0)
    assert wahelp_sandbox.conversation(ANNA) == []
    assert wahelp_sandbox.options.refresh_fails is False
    api.ask("GET", "projects", 401)
    api.log_in()
    assert api.data("GET", "projects") == []
    assert api.channel().user()["id"] == 301
    wahelp_sandbox.advance(1000)  # past what the forgotten message was waiting for
    assert wahelp_sandbox.conversation(ANNA) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/channels/no-such/scan", None, 404),
        ("POST", "/channels/no-such/log-out", None, 404),
        ("POST", "/clock/advance", {"seconds": -1}, 422),
        ("POST", "/clock/advance", {"seconds": "NaN"}, 422),
        ("POST", "/clock/advance", {"seconds": 1e300}, 422),
        ("POST", "/clock/advance", {}, 422),
        ("PUT", "/phones/12", {"messenger": True}, 422),
        ("PUT", "/phones/79161234567", {"messenger": "maybe"}, 422),
        ("PUT", "/phones/79161234567", {}, 422),
        ("POST", "/phones/79161234567/messages", {}, 422),
        ("POST", "/phones/79161234567/messages", {"text": "Hello"}, 404),
        ("POST", "/phones/79161234567/messages", {"text": "Hello", "channel_uuid": "no-such"}, 404),
        ("GET", "/no-such", None, 404),
        ("GET", "/snapshot?phones=0", None, 422),
        ("GET", "/phones/12", None, 422),
        ("GET", "/phones/79161234567/conversation?limit=some", None, 422),
        ("GET", "/channels/no-such/qr.svg", None, 404),
        ("DELETE", "/faults/1", None, 404),
        ("GET", "/web/no-such.js", None, 404),
        ("GET", "/web/page.html", None, 404),
        ("DELETE", "/reset", None, 405),
    ],
)
def test_the_control_routes_refuse_nonsense(
    control: Callable[..., Any], method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    assert control(method, path, body, status)["success"] is False


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8765"}, 200),
        ({"Host": "[::1]"}, 200),
        ({"Host": "0.0.0.0:8765"}, 200),
        ({"Host": "wahelp:8765"}, 200),
        ({"Host": "host.docker.internal:8765"}, 200),
        ({"Host": "127.0.0.1:1", "Origin": "http://127.0.0.1:1"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Host": "evil.example:8765"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "["}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}, 403),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "path", ["sandbox/reset", "sandbox/phones/79161234567/messages", "api/app/user/login"]
)
def test_no_web_page_of_others_controls_it(
    wahelp_sandbox: Sandbox, api: Api, headers: dict[str, str], status: int, path: str
) -> None:
    channel = api.channel()
    channel.user()
    body = '{"text": "STOP", "login": "demo@example.com", "password": "demo"}'
    answer = fetch(
        "POST",
        f"{wahelp_sandbox.url}/{path}",
        headers={"Content-Type": "text/plain", **headers},
        content=body,
    )
    assert answer.status_code == status
    wiped = not wahelp_sandbox._state.channels._core.registry.channels_of
    assert wiped is (status == 200 and "reset" in path)


@pytest.mark.parametrize(
    "path", ["", "sandbox/snapshot", "sandbox/phones/79161234567", "sandbox/web/page.js"]
)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "script"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
    ids=str,
)
def test_other_web_pages_may_lead_to_it_but_read_nothing(
    wahelp_sandbox: Sandbox, headers: dict[str, str], status: int, path: str
) -> None:
    assert fetch("GET", f"{wahelp_sandbox.url}/{path}", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "sandbox/faults/1"), ("PUT", f"sandbox/phones/{ANNA}"), ("POST", "sandbox/faults")],
)
def test_no_web_page_of_others_changes_anything(wahelp_sandbox: Sandbox, method: str, path: str) -> None:
    wahelp_sandbox.inject("html")
    before = wahelp_sandbox.snapshot()
    answer = fetch(
        method,
        f"{wahelp_sandbox.url}/{path}",
        headers={"Origin": "https://evil.example", "Content-Type": "text/plain"},
        content='{"messenger": false, "fault": "slow"}',
    )
    assert answer.status_code == 403
    assert {**wahelp_sandbox.snapshot(), "now": before["now"]} == before

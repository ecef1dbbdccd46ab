# ruff: noqa: RUF001 - the API speaks Russian
"""What goes over the wire, the same from both clients."""

from __future__ import annotations

import json
import logging
import socket
from pathlib import Path
from socketserver import BaseRequestHandler
from typing import Any

import pytest

from airflow_provider_wahelp.client import calls, errors, generic
from airflow_provider_wahelp.client.call import Call

from .wire import LOGIN, PASSWORD, PHONE, TEXT, Blocking, Clients, Wire, ok, says, talks_no_tls

REDIRECTS = [301, 302, 303, 307, 308]


def test_a_call_carries_token_project_and_body_and_says_who_asks(client: Blocking, wire: Wire) -> None:
    client.perform(calls.send_message(101, "c-1", 301, TEXT))
    (sent,) = wire.calls
    assert (sent.method, sent.path) == ("POST", "/api/app/projects/101/channels/c-1/send_message/301")
    assert json.loads(sent.body) == {"text": TEXT}
    assert sent.headers["authorization"] == "Bearer token-1"
    assert sent.headers["x-project"] == "101"
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["user-agent"].startswith("airflow-provider-wahelp/")


def test_a_login_carries_no_token_and_a_read_no_body(client: Blocking, wire: Wire) -> None:
    client.perform(calls.get_account())
    (login,) = wire.seen["user/login"]
    assert json.loads(login.body) == {"login": LOGIN, "password": PASSWORD}
    assert "authorization" not in login.headers
    assert (wire.calls[0].body, "x-project" in wire.calls[0].headers) == (b"", False)


@pytest.mark.parametrize(
    ("path", "params", "expected"),
    [
        ("files", {"limit": 5, "q": "а b&c"}, "files?limit=5&q=%D0%B0+b%26c"),
        ("files", {"all": True, "none": None, "id": [1, 2]}, "files?all=true&id=1&id=2"),
        ("files?kept=1", {"added": 2}, "files?kept=1&added=2"),
        ("files", {}, "files"),
        ("projects/1/webhooks/", None, "projects/1/webhooks/"),
    ],
    ids=["quoted", "JSON-like", "beside-a-query", "empty", "slash-kept"],
)
def test_a_query_looks_the_same_from_both_clients(
    client: Blocking, wire: Wire, path: str, params: Any, expected: str
) -> None:
    client.perform(generic.request("GET", path, params=params))
    assert wire.calls[0].path == f"/api/app/{expected}"


def test_a_cookie_is_never_sent_back(client: Blocking, wire: Wire) -> None:
    again = says(status=302, location="/api/app/projects/", set_cookie="session=somebody; Path=/")
    wire.will(again, ok(), ok())
    client.perform(calls.get_account())
    client.perform(calls.get_account())
    assert [seen.headers.get("cookie") for seen in wire.calls] == [None, None, None]


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_is_followed_for_a_read_with_the_token(client: Blocking, wire: Wire, status: int) -> None:
    wire.will(says(status=status, location="/api/app/projects/"))
    client.perform(calls.get_account())
    assert [(seen.method, seen.path, seen.token) for seen in wire.calls] == [
        ("GET", "/api/app/user/", "token-1"),
        ("GET", "/api/app/projects/", "token-1"),
    ]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_is_never_followed_for_a_change(
    client: Blocking, wire: Wire, method: str, status: int
) -> None:
    wire.will(says(status=status, location="https://other.example/api"))
    with pytest.raises(errors.RedirectedError, match=r"redirects .*https://other\.example/api") as caught:
        client.perform(generic.request(method, "projects/1/hook", json={}))
    assert not caught.value.may_have_happened
    assert len(wire.calls) == 1


def test_the_token_does_not_follow_a_redirect_to_another_host(client: Blocking, wire: Wire) -> None:
    with Wire() as other:
        wire.will(says(status=302, location=f"{other.url}/elsewhere"))
        client.perform(calls.get_account())
        assert [seen.token for seen in other.calls] == [""]


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("/api/app/user/", errors.RedirectedError),
        ("ftp://other.example/", errors.NotReachableError),
        ("http://", errors.WahelpError),
    ],
    ids=["circle", "ftp", "nowhere"],
)
def test_a_redirect_that_leads_nowhere_is_an_error_of_this_client(
    clients: Clients, wire: Wire, location: str, error: type[errors.WahelpError]
) -> None:
    client = clients(wire.url, retries=0)
    wire.will(*[says(status=302, location=location)] * 40)
    with pytest.raises(error):
        client.perform(calls.get_account())


@pytest.mark.parametrize(
    "first", [[], [says(status=302, location="/api/app/projects/")]], ids=["direct", "redirected"]
)
def test_an_entry_of_netrc_never_takes_the_place_of_the_token(
    client: Blocking, wire: Wire, first: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login any password any\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    wire.will(*first)
    client.perform(calls.get_account())
    assert {seen.headers.get("authorization") for seen in wire.calls} == {"Bearer token-1"}
    assert "authorization" not in wire.seen["user/login"][0].headers


def test_a_picture_is_read_without_an_envelope(client: Blocking, wire: Wire) -> None:
    wire.will(says(b"\x89PNG", content_type="image/png; x=1"))
    code = client.perform(calls.get_channel_qr(1, "c-1"))
    assert (code.image, code.media_type, code.content) == (b"\x89PNG", "image/png", None)


def test_the_log_has_neither_token_nor_phone_nor_text_nor_password(
    client: Blocking, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wire.will(ok(), says({"message": f"no {PHONE} {TEXT} token-1"}, 422))
    client.perform(calls.create_user(1, "c-1", "Анна Иванова", PHONE))
    with pytest.raises(errors.RejectedError) as caught:
        client.perform(calls.send_message(1, "c-1", 301, TEXT))
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("airflow_provider_wahelp")]
    assert "add +7*****4567 to channel c-1: HTTP 200" in "\n".join(ours)
    shown = f"{caplog.text}{caught.value}{caught.value!r}"
    for secret in ("token-1", PASSWORD, PHONE[1:], TEXT, "Иванова"):
        assert secret not in shown


@pytest.mark.parametrize("path", ["contacts", "/api/crm/contacts", "/user_access/roles"])
def test_a_query_stays_out_of_the_log_at_info(
    client: Blocking, wire: Wire, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """Both libraries log whole addresses: requests' at DEBUG, httpx's at INFO."""
    caplog.set_level(logging.INFO)
    wire.will(ok())
    client.perform(generic.request("GET", path, params={"phone": PHONE}))
    assert PHONE[1:] not in caplog.text


@pytest.mark.parametrize(
    "call", [calls.get_account(), calls.send_message(1, "c-1", 301, TEXT)], ids=["GET", "send"]
)
def test_a_certificate_that_cannot_be_checked_stops_the_request_before_it_leaves(
    clients: Clients, tls_wire: Wire, call: Call[Any]
) -> None:
    client = clients(tls_wire.url, retries=2, access_token="ready")
    with pytest.raises(errors.NotReachableError) as caught:
        client.perform(call)
    assert not caught.value.may_have_happened
    assert (len(client.waits), len(tls_wire.calls)) == (2, 0)


class NoTls(BaseRequestHandler):
    """Ends a handshake with what it is told: an alert, words that are no TLS, or nothing at all."""

    def handle(self) -> None:
        self.request.recv(65536)
        self.request.sendall(self.server.words)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "words",
    [b"\x15\x03\x03\x00\x02\x02\x28", b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", b""],
    ids=["alert", "no-TLS", "nothing"],
)
def test_a_handshake_that_fails_stops_the_request_before_it_leaves(clients: Clients, words: bytes) -> None:
    with Wire(handler=NoTls) as server:
        server.words = words
        client = clients(server.url.replace("http:", "https:"), retries=2, access_token="ready")
        with pytest.raises(errors.NotReachableError) as caught:
            client.perform(calls.send_message(1, "c-1", 301, TEXT))
    assert not caught.value.may_have_happened
    assert len(client.waits) == 2


def test_a_handshake_that_takes_too_long_is_a_connection_that_does(clients: Clients) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        client = clients(url, retries=0, access_token="ready", timeout=0.2)
        with pytest.raises(errors.ConnectTimeoutError):
            client.perform(calls.send_message(1, "c-1", 301, TEXT))


def test_a_fault_of_tls_in_an_answer_leaves_it_open_whether_the_call_was_carried_out(
    clients: Clients, tls_wire: Wire, certificate: Path
) -> None:
    client = clients(tls_wire.url, retries=2, access_token="ready", verify=str(certificate))
    tls_wire.will(talks_no_tls)
    with pytest.raises(errors.ConnectionLostError) as caught:
        client.perform(calls.send_message(1, "c-1", 301, TEXT))
    assert caught.value.may_have_happened
    assert (len(tls_wire.calls), client.waits) == (1, [])


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_environment_does_not_switch_the_check_of_certificates_on_again(
    clients: Clients, tls_wire: Wire, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import certifi

    monkeypatch.setenv(name, certifi.where())
    assert clients(tls_wire.url, verify=False).perform(calls.get_account()).id == 1


@pytest.mark.parametrize("content", [None, b"", b"no PEM"], ids=["missing", "empty", "no-PEM"])
def test_a_bundle_that_cannot_be_used_is_refused_by_name(
    clients: Clients, tmp_path: Path, content: bytes | None
) -> None:
    bundle = tmp_path / "own.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(errors.InputError, match=r"^ca_bundle: must be") as caught:
        clients("https://wahelp.invalid", verify=str(bundle))
    assert str(bundle) not in str(caught.value)


def test_a_directory_of_certificates_will_do_too(clients: Clients, tls_wire: Wire, tmp_path: Path) -> None:
    client = clients(tls_wire.url, verify=str(tmp_path), access_token="ready", retries=0)
    with pytest.raises(errors.NotReachableError):  # it holds nothing that vouches for the server
        client.perform(calls.get_account())


def test_a_bundle_that_is_no_path_at_all_is_refused_by_name(clients: Any) -> None:
    with pytest.raises(errors.InputError, match=r"^ca_bundle: must be"):
        clients("https://wahelp.invalid", verify="-----BEGIN CERTIFICATE-----\n" + "A" * 5000)


def test_a_bundle_of_ones_own_is_used_for_the_check(
    clients: Clients, tls_wire: Wire, certificate: Path
) -> None:
    assert clients(tls_wire.url, verify=str(certificate)).perform(calls.get_account()).id == 1

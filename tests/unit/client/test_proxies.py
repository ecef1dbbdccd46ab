"""What a proxy can do to a call, through both clients."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_wahelp.client import calls, errors

from .relay import Relay
from .wire import TEXT, Blocking, Clients, Reply, Wire, hangs_up, ok, resets, says

SEND = calls.send_message(1, "c-1", 301, TEXT)
NOWHERE = "127.0.0.1:1"


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sender(
    clients: Clients, wire: Wire, scheme: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Blocking:
    """Make a client of a server that only the proxy can reach."""
    monkeypatch.setenv(f"{scheme}_proxy", wire.url)
    return clients(f"{scheme}://{NOWHERE}", access_token="ready", retries=2, verify=str(certificate))


def test_a_call_goes_through_a_proxy(sender: Blocking, wire: Wire, tls: ssl.SSLContext, scheme: str) -> None:
    wire.inside = tls
    assert sender.perform(SEND).id == 1
    assert (wire.tunnels, len(wire.calls)) == (scheme == "https", 1)


@pytest.mark.parametrize("fault", [hangs_up, resets])
def test_a_send_whose_answer_is_lost_behind_a_proxy_is_not_repeated(
    sender: Blocking, wire: Wire, tls: ssl.SSLContext, fault: Reply
) -> None:
    wire.inside = tls
    wire.will(fault)
    with pytest.raises(errors.ConnectionLostError) as caught:
        sender.perform(SEND)
    assert caught.value.may_have_happened
    assert (len(wire.calls), sender.waits) == (1, [])


def test_a_send_is_repeated_where_the_proxy_cannot_be_reached(
    clients: Clients, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", f"http://{NOWHERE}")
    client = clients(f"{scheme}://wahelp.invalid", access_token="ready", retries=2)
    with pytest.raises(errors.NotReachableError, match=f"the proxy that {scheme}_proxy names") as caught:
        client.perform(SEND)
    assert not caught.value.may_have_happened
    assert len(client.waits) == 2


@pytest.mark.parametrize("scheme", ["https"])
def test_a_send_is_repeated_where_the_proxy_refuses_a_tunnel(sender: Blocking, wire: Wire) -> None:
    with pytest.raises(errors.NotReachableError) as caught:
        sender.perform(SEND)
    assert not caught.value.may_have_happened
    assert (wire.tunnels, len(wire.calls), len(sender.waits)) == (3, 0, 2)


def test_a_redirect_goes_by_the_proxy_for_where_it_leads(
    clients: Clients, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Relay(wire) as relay:
        monkeypatch.setenv("http_proxy", f"http://{relay.address}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        wire.will(says(status=302, location="http://wahelp.test/there"), ok())
        clients(wire.url, access_token="ready").perform(calls.get_account())
        assert [use for use, _ in relay.used] == ["forward"]


def test_a_redirect_to_a_proxy_that_cannot_be_used_is_refused_by_name(
    clients: Clients, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "ftp://127.0.0.1:1")
    wire.will(says(status=302, location="https://wahelp.test/there"))
    with pytest.raises(errors.InputError, match=r"^https_proxy: must be"):
        clients(wire.url, access_token="ready").perform(calls.get_account())


def test_a_redirect_to_https_has_the_certificate_checked(
    clients: Clients, wire: Wire, tls_wire: Wire
) -> None:
    wire.will(says(status=302, location=f"{tls_wire.url}/there"))
    with pytest.raises(errors.NotReachableError):
        clients(wire.url, access_token="ready", retries=0).perform(calls.get_account())
    assert tls_wire.calls == []


def test_the_environment_is_read_when_a_client_is_made(
    clients: Clients, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = clients(wire.url, access_token="ready")
    monkeypatch.setenv("http_proxy", f"http://{NOWHERE}")
    assert client.perform(SEND).id == 1


def test_where_no_proxy_is_named_the_asynchronous_client_does_without_requests() -> None:
    code = (
        "import sys; from airflow_provider_wahelp.client import AsyncWahelpClient, Settings;"
        "AsyncWahelpClient(Settings()); print('requests' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"

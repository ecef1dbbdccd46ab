"""One network for everybody: the same way to Wahelp from worker, async hook, trigger and notifier."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from ssl import SSLContext
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import InputError, WahelpError, error_from_dict
from airflow_provider_wahelp.hooks import WahelpAsyncHook, WahelpHook
from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.triggers import ChannelActiveTrigger
from tests.notifications.conftest import of_task

from .relay import Relay
from .wire import Reply, Seen, Wire, ok

CHANNEL = {"id": 1, "uuid": "c-1", "name": "Support", "type": "whatsapp", "active": True}
SECRET = "s3cret-pass"
WARNS = "airflow_provider_wahelp.triggers.poller"


class Wahelp(Wire):
    """Has one channel."""

    def reply_to(self, request: Seen) -> Reply:
        reply = super().reply_to(request)
        return ok([CHANNEL]) if request.path.partition("?")[0].endswith("/channels") else reply


def by_worker() -> None:
    with WahelpHook() as hook:
        hook.send_message("Hello", user_id=301)


def by_async_hook() -> None:
    async def send() -> None:
        async with WahelpAsyncHook() as hook:
            await hook.send_message("Hello", user_id=301)

    asyncio.run(send())


def by_trigger() -> None:
    asyncio.run(_first_news())


def by_notifier() -> None:
    WahelpNotifier(user_id=301, text="Hello", timeout=60, raise_on_error=True).notify(of_task())


WAYS = {"worker": by_worker, "async-hook": by_async_hook, "trigger": by_trigger, "notifier": by_notifier}


async def _first_news() -> None:
    """Wait for the event of a trigger, or for what its poller warns of before it looks again."""
    warned: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            warned.set_result(record.getMessage())

    listener = Listener(logging.WARNING)
    logging.getLogger(WARNS).addHandler(listener)
    events = ChannelActiveTrigger(channel_uuid="c-1", project_id=1).run()
    news = asyncio.ensure_future(anext(events))
    try:
        await asyncio.wait([news, warned], return_when=asyncio.FIRST_COMPLETED)
        if news.done() and (error := news.result().payload.get("error")):
            raise error_from_dict(error)
        if warned.done():
            raise WahelpError(warned.result())
    finally:
        logging.getLogger(WARNS).removeHandler(listener)
        news.cancel()
        await asyncio.wait([news])
        await events.aclose()


class Network:
    """A Wahelp with and without TLS, on IPv4 and IPv6, and proxies of all kinds that lead to it."""

    def __init__(self, tls: SSLContext, certificate: Path, folder: Path, stack: ExitStack) -> None:
        start = stack.enter_context
        self.direct = [start(Wahelp()), start(Wahelp(tls)), start(Wahelp(host="::1"))]
        behind = [start(Wahelp()), start(Wahelp(tls))]
        self.relays = [start(Relay(server, inner)) for server in behind for inner in (None, tls)]
        names = ("proxy", "tls_proxy", "tunnel", "tls_tunnel")
        ports = (server.server_address[1] for server in self.direct)
        (folder / "no.pem").write_text("no PEM")
        self.names = {
            **{name: relay.address for name, relay in zip(names, self.relays, strict=True)},
            **dict(zip(("port", "tls_port", "ipv6_port"), ports, strict=True)),
            "proxy_port": self.relays[0].address.rpartition(":")[2],
            "bundle": str(certificate),
            "no_pem": str(folder / "no.pem"),
        }

    def filled(self, template: str) -> str:
        return template.format_map(self.names)

    def way(self) -> str:
        """Return how the last requests have come."""
        if uses := [use for relay in self.relays for use in relay.used]:
            kind, user = uses[-1]
            return " ".join(filter(None, ("proxy:", kind, user and f"as {user}")))
        return "direct" if any(server.calls for server in self.direct) else "nothing came"


@pytest.fixture
def network(tls: SSLContext, certificate: Path, tmp_path: Path) -> Iterator[Network]:
    with ExitStack() as stack:
        yield Network(tls, certificate, tmp_path, stack)


DEAD = "http://127.0.0.1:1"
LOCAL = "http://localhost:{port}"
PLAIN, TLS = "http://127.0.0.1:{port}", "https://127.0.0.1:{tls_port}"
NAMED, NAMED_TLS = "http://wahelp.test", "https://wahelp.test"
OWN = {"REQUESTS_CA_BUNDLE": "{bundle}"}
PROXY = {"HTTP_PROXY": "http://{proxy}"}
UNREACHED = "Wahelp could not be reached"

# What is set, the connection's host, and what then happens.
SETTINGS: dict[str, tuple[dict[str, str], str, str]] = {
    "nothing": ({}, PLAIN, "direct"),
    "HTTP_PROXY": (PROXY, NAMED, "proxy: forward"),
    "http_proxy-first": ({"HTTP_PROXY": DEAD, "http_proxy": "http://{proxy}"}, NAMED, "proxy: forward"),
    "HTTPS_PROXY": ({**OWN, "HTTPS_PROXY": "http://{tunnel}"}, NAMED_TLS, "proxy: CONNECT"),
    "HTTPS_PROXY-of-http": ({"HTTPS_PROXY": DEAD}, PLAIN, "direct"),
    "ALL_PROXY": ({"ALL_PROXY": "http://{proxy}"}, NAMED, "proxy: forward"),
    "all_proxy-last": ({"all_proxy": DEAD, **PROXY}, NAMED, "proxy: forward"),
    "CGI": ({**PROXY, "REQUEST_METHOD": "GET"}, PLAIN, "direct"),
    "CGI-lower": ({"http_proxy": "http://{proxy}", "REQUEST_METHOD": "GET"}, NAMED, "proxy: forward"),
    "no-scheme": ({"HTTP_PROXY": "{proxy}"}, NAMED, "proxy: forward"),
    "no-scheme-user": ({"HTTP_PROXY": "me:p%40ss@{proxy}"}, NAMED, "proxy: forward as me:p@ss"),
    "user": ({"HTTP_PROXY": "http://me:p%40ss@{proxy}"}, NAMED, "proxy: forward as me:p@ss"),
    "user-tunnel": ({**OWN, "HTTPS_PROXY": "http://me:%C3%A9@{tunnel}"}, NAMED_TLS, "proxy: CONNECT as me:é"),
    "user-alone": ({"HTTP_PROXY": "http://me@{proxy}"}, NAMED, "proxy: forward"),
    "capitals": ({"HTTP_PROXY": "HTTP://{proxy}/"}, NAMED, "proxy: forward"),
    "TLS-proxy": ({**OWN, "HTTPS_PROXY": "https://{tls_tunnel}"}, NAMED_TLS, "proxy: CONNECT"),
    "TLS-proxy-of-http": ({**OWN, "HTTP_PROXY": "https://{tls_proxy}"}, NAMED, "proxy: forward"),
    "TLS-proxy-unknown": ({"HTTP_PROXY": "https://{tls_proxy}"}, NAMED, UNREACHED),
    "NO_PROXY-network": ({**PROXY, "NO_PROXY": "10.0.0.0/8,127.0.0.0/8"}, PLAIN, "direct"),
    "NO_PROXY-other-network": ({**PROXY, "NO_PROXY": "10.0.0.0/8"}, PLAIN, "proxy: forward"),
    "NO_PROXY-address": ({**PROXY, "NO_PROXY": "127.0.0.1"}, PLAIN, "direct"),
    "NO_PROXY-address-port": ({**PROXY, "NO_PROXY": "127.0.0.1:{port}"}, PLAIN, "proxy: forward"),
    "NO_PROXY-name-port": ({**PROXY, "NO_PROXY": "localhost:{port}"}, LOCAL, "direct"),
    "NO_PROXY-name-other-port": ({**PROXY, "NO_PROXY": "localhost:1"}, LOCAL, "proxy: forward"),
    "NO_PROXY-all": ({**PROXY, "NO_PROXY": "*"}, PLAIN, "direct"),
    "NO_PROXY-all-in-a-list": ({**PROXY, "NO_PROXY": "a.test, *"}, PLAIN, "proxy: forward"),
    "NO_PROXY-domain": ({**PROXY, "NO_PROXY": "localhost"}, LOCAL, "direct"),
    "NO_PROXY-dot-domain": ({**PROXY, "NO_PROXY": ".localhost"}, LOCAL, "direct"),
    "NO_PROXY-capitals": ({**PROXY, "NO_PROXY": "LocalHost"}, LOCAL, "direct"),
    "no_proxy-first": ({**PROXY, "NO_PROXY": "*", "no_proxy": "a.test"}, PLAIN, "proxy: forward"),
    "NO_PROXY-IPv6": ({**PROXY, "NO_PROXY": "::1"}, "http://[::1]:{ipv6_port}", "direct"),
    "NO_PROXY-IPv6-brackets": ({**PROXY, "NO_PROXY": "[::1]"}, "http://[::1]:{ipv6_port}", "proxy: forward"),
    "NO_PROXY-IPv6-network": ({**PROXY, "NO_PROXY": "fd00::/8,127.0.0.1"}, PLAIN, "direct"),
    "NO_PROXY-nonsense": ({**PROXY, "NO_PROXY": "http://[,127.0.0.1"}, PLAIN, "direct"),
    "REQUESTS_CA_BUNDLE": (OWN, TLS, "direct"),
    "CURL_CA_BUNDLE": ({"CURL_CA_BUNDLE": "{bundle}"}, TLS, "direct"),
    "REQUESTS-before-CURL": ({**OWN, "CURL_CA_BUNDLE": "{no_pem}"}, TLS, "direct"),
    "SSL_CERT_FILE": ({"SSL_CERT_FILE": "{bundle}"}, TLS, UNREACHED),
    "SSL_CERT_FILE-broken": ({"SSL_CERT_FILE": "/no/such.pem", **OWN}, TLS, "direct"),
    "SSL_CERT_DIR-broken": ({"SSL_CERT_DIR": "/no/such"}, TLS, UNREACHED),
    "bundle-of-http": ({"REQUESTS_CA_BUNDLE": "/no/such.pem"}, PLAIN, "direct"),
    "bundle-missing": ({"REQUESTS_CA_BUNDLE": "/no/such.pem"}, TLS, "REQUESTS_CA_BUNDLE"),
    "bundle-no-PEM": ({"CURL_CA_BUNDLE": "{no_pem}"}, TLS, "CURL_CA_BUNDLE"),
    "bundle-missing-TLS-proxy": (
        {"REQUESTS_CA_BUNDLE": "/no/such.pem", "HTTP_PROXY": "https://{tls_proxy}"},
        NAMED,
        "REQUESTS_CA_BUNDLE",
    ),
    "proxy-dead": ({"HTTP_PROXY": DEAD}, NAMED, UNREACHED),
    "proxy-FTP": ({"HTTP_PROXY": f"ftp://me:{SECRET}@{{proxy}}"}, NAMED, "HTTP_PROXY"),
    "proxy-no-host": ({"all_proxy": "http://"}, NAMED, "all_proxy"),
    "proxy-blank": ({"HTTP_PROXY": " "}, NAMED, "HTTP_PROXY"),
    "proxy-port": ({"http_proxy": f"http://me:{SECRET}@127.0.0.1:port"}, NAMED, "http_proxy"),
    "proxy-port-high": ({"http_proxy": f"http://me:{SECRET}@127.0.0.1:99999"}, NAMED, "http_proxy"),
    "no-scheme-name": ({"HTTP_PROXY": "localhost:{proxy_port}"}, NAMED, "proxy: forward"),
    "no-port": ({"HTTP_PROXY": "http://127.0.0.1"}, NAMED, UNREACHED),
    "proxy-words": ({"HTTP_PROXY": f"me {SECRET} proxy"}, NAMED, "HTTP_PROXY"),
    "proxy-Cyrillic-password": ({"HTTP_PROXY": "http://me:пароль@{proxy}"}, NAMED, "HTTP_PROXY"),
    "SOCKS4": ({"ALL_PROXY": f"socks4://me:{SECRET}@{{proxy}}"}, NAMED, "ALL_PROXY"),
    "bad-and-not-asked": ({"HTTP_PROXY": "ftp://{proxy}", "NO_PROXY": "127.0.0.1"}, PLAIN, "direct"),
}  # fmt: skip


def verdict(network: Network, call: Callable[[], None]) -> str:
    """Return how Wahelp was reached, or what the error names."""
    try:
        call()
    except WahelpError as error:
        shown = f"{error}{error!r}{error.__dict__}{error.__cause__!r}{error.__context__!r}"
        if SECRET in shown:
            return f"a secret is shown: {shown}"
        if isinstance(error, InputError):
            return error.argument
        return UNREACHED if UNREACHED in str(error) else str(error)
    return network.way()


@pytest.fixture
def call_by(
    network: Network, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, dict[str, str], str], str]:
    def call(way: str, given: dict[str, str], host: str, **extra: Any) -> str:
        for name, template in given.items():
            monkeypatch.setenv(name, network.filled(template))
        known = {"project_id": 1, "channel_uuid": "c-1", "retries": 0, "timeout": 20}
        connect(network.filled(host), extra={**known, **extra})
        return verdict(network, WAYS[way])

    return call


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("way", WAYS)
def test_all_go_the_way_that_the_environment_names(call_by: Any, way: str, setting: str) -> None:
    given, host, expected = SETTINGS[setting]
    assert call_by(way, given, host) == expected


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("extra", [{"ca_bundle": "{bundle}"}, {"verify": False}], ids=["bundle", "unchecked"])
def test_the_connection_wins_over_the_environment(
    call_by: Any, network: Network, way: str, name: str, extra: dict[str, Any]
) -> None:
    own = {key: network.filled(value) if value else value for key, value in extra.items()}
    assert call_by(way, {name: "/no/such.pem"}, TLS, **own) == "direct"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("missing", ["socks", "socksio"])
def test_a_socks_proxy_without_its_packages_is_refused_by_name(
    call_by: Any, way: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert call_by(way, {"ALL_PROXY": f"socks5://me:{SECRET}@{{proxy}}"}, NAMED) == "ALL_PROXY"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize(("user", "shown"), [("", ""), ("me:p%40ss@", " as me:p@ss")], ids=["nobody", "user"])
def test_a_socks_proxy_looks_names_up(call_by: Any, way: str, scheme: str, user: str, shown: str) -> None:
    given = {"all_proxy": f"{scheme}://{user}{{tunnel}}", **OWN}
    assert call_by(way, given, NAMED_TLS) == f"proxy: name{shown}"

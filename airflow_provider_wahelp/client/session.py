"""requests, set up so that a call costs little beside what goes over the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.client import HTTPException
from typing import Any, ClassVar, Self

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.utils import requote_uri
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from airflow_provider_wahelp.client.bodies import Encoded
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.http_request import headers_of, url_of
from airflow_provider_wahelp.client.network import Network, Server, server_of
from airflow_provider_wahelp.client.settings import Settings

POOL_SIZE = 32
"""Connections that the threads of a process may use at a time."""


def prepared(
    call: Call[Any], settings: Settings, token: str, form: Encoded | None = None
) -> requests.PreparedRequest:
    """Return the request of a call. The session has no part in it: neither its cookies nor a ``.netrc``.

    To take each address apart anew would be most of what preparing a request costs.

    :param token: the bearer token; the empty string for none.
    :param form: the body of a call with a form.
    """
    headers = headers_of(call)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = requests.PreparedRequest()
    request.prepare_method(call.method)
    request.url = requote_uri(url_of(_encoded(settings.base_url), call))
    request.prepare_headers(headers)
    if form:
        _put(form, request)
    else:
        request.prepare_body(None, None, call.json)
    request.prepare_hooks(None)
    # A redirect looks for them. To prepare them as requests does takes the address apart.
    request._cookies = _NO_COOKIES  # type: ignore[attr-defined]
    return request


def _put(form: Encoded, request: requests.PreparedRequest) -> None:
    """Give a request a body that may be an iterator of known length, for which requests has no way."""
    if isinstance(form.content, bytes):
        request.prepare_body(form.content, None)
    else:
        body: Any = form.content
        request.body = body
    request.headers.update(form.headers)


@cache
def _encoded(base_url: str) -> str:
    """Return an address as it goes over the wire: a name that is not ASCII is encoded."""
    return str(requests.Request("GET", base_url).prepare().url).rstrip("/")


class _NoCookies(RequestsCookieJar):
    """Stores no cookies and sends none: the token alone identifies the account."""

    def add_cookie_header(self, request: Any) -> None:
        """Give none."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Take none."""

    def copy(self) -> Self:
        """Return what a redirect goes on with."""
        return self


_NO_COOKIES = _NoCookies()


class Session(requests.Session):
    """A session that keeps the token after a redirect, and leaves the environment to the network.

    :param network: knows the way to each server.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies = _NO_COOKIES
        self._network = network
        adapter = _Adapter(network)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def proxies_for(self, url: str) -> dict[str, str]:
        """Return the proxy that an address is reached through, as requests wants to be told."""
        proxy = self._network.proxy(url)
        return {server_of(url)[0]: proxy.url} if proxy else {}

    def rebuild_proxies(self, prepared_request: requests.PreparedRequest, proxies: Any) -> dict[str, str]:
        """Return the proxy for where a redirect leads."""
        return self.proxies_for(str(prepared_request.url))

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Keep the token, unless the redirect leads to another host; no ``.netrc`` entry takes its place."""
        here, there = str(response.request.url), str(prepared_request.url)
        if self.should_strip_auth(here, there):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


class _Connection(HTTPConnection):
    """A connection whose errors show that a request has not left yet.

    Nothing else tells a TLS fault of the handshake from one of the answer.
    """

    def connect(self) -> None:
        """Connect, with the handshake and the tunnel through a proxy that this may take."""
        try:
            super().connect()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, type(error).__name__) from error
        except (OSError, HTTPException) as error:
            raise NewConnectionError(self, type(error).__name__) from error


class _Guarded(HTTPConnection):
    """A connection that sends nothing before the address of its server was checked."""

    check: ClassVar[list[Callable[[str, int, str], None]]]

    def connect(self) -> None:
        """Connect, and check where to."""
        super().connect()
        address = self.sock.getpeername()[0] if self.sock else ""
        try:
            self.check[0](self.host, self.port, address)
        except BaseException:
            self.close()
            raise


@cache
def _class_of(kind: type[Any]) -> type[Any]:
    """Return a class of connections that names such faults, from one that may do TLS or SOCKS."""
    return kind if issubclass(kind, _Connection) else type(kind.__name__, (_Connection, kind), {})


@contextmanager
def guarded(session: Session, check: Callable[[str, int, str], None]) -> Iterator[Session]:
    """Let a session send nothing to a server before its address is checked.

    A name may lead elsewhere by the time that it is connected to. Behind a proxy, the proxy resolves it.

    :param check: raises what is to be raised, from the name of the server, its port and its address.
    """
    for scheme in ("https://", "http://"):
        adapter = session.get_adapter(scheme)
        assert isinstance(adapter, _Adapter)  # noqa: S101 - for the types
        adapter.check = check
    with session:
        yield session


class _Adapter(HTTPAdapter):
    """An adapter that finds the way to a server once: to look anew is a tenth of what a call costs."""

    def __init__(self, network: Network) -> None:
        super().__init__(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE)
        self.check: Callable[[str, int, str], None] | None = None
        self._network = network
        self._pools: dict[Server, Any] = {}

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool of a server; how it is reached never changes within a session."""
        server = server_of(request.url)
        if server not in self._pools:
            pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
            pool.ConnectionCls = _class_of(pool.ConnectionCls)
            if self.check and pool.proxy is None:
                pool.ConnectionCls = type("Guarded", (_Guarded, pool.ConnectionCls), {"check": [self.check]})
            self._pools[server] = pool
        return self._pools[server]

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return what a request asks for; without a proxy that needs no look at its server."""
        return super().request_url(request, proxies) if proxies else str(request.path_url)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Return where a pool leads, and what it checks certificates with."""
        where, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return where, {"ssl_context": self._network.tls} if where["scheme"] == "https" else {}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools behind a proxy; if it talks TLS, its certificate is checked as a server's is."""
        if proxy.startswith("https:"):
            options.update(ssl_context=self._network.tls, proxy_ssl_context=self._network.tls)
        return super().proxy_manager_for(proxy, **options)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave a pool's certificates as they are: requests would load them anew for each connection."""

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()
        super().close()

"""Which proxy the environment names for a server: by the rules of requests, for both HTTP libraries."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from airflow_provider_wahelp.client.errors import InputError

_SOCKS = "socks5"
_SOCKS_PACKAGES = ("socks", "socksio")  # of requests, and of httpx
_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_LAST_LATIN = "\xff"
_MUST_BE = "must be the address of an HTTP, HTTPS or SOCKS5 proxy, e.g. http://proxy.example.com:3128"
_NEEDS_SOCKS = (
    "names a SOCKS proxy, which takes packages that are not installed here: "
    "pip install 'airflow-provider-wahelp[socks]'"
)


@dataclass(frozen=True)
class Proxy:
    """A proxy that both HTTP libraries can use.

    :param variable: the environment variable that names it.
    :param scheme: ``http``, ``https`` or ``socks5``.
    :param address: its host and port.
    :param credentials: its user and password; empty strings for none.
    :param url: all of it, as requests takes it.
    """

    variable: str
    scheme: str
    address: str = field(repr=False)
    credentials: tuple[str, str] = field(repr=False)
    url: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that the proxy itself wants; a SOCKS proxy wants none."""
        from urllib3.util import make_headers

        known = self.scheme != _SOCKS and self.credentials[0]
        return make_headers(proxy_basic_auth=":".join(self.credentials)) if known else {}


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that a server is reached through, or ``None``.

    :param url: an address of the server.
    :raises InputError: if the environment names one that cannot be used. It names the variable, never its
        value, which may hold a password.
    """
    if not getproxies():  # as nearly everywhere: requests need not be loaded for this
        return None
    from requests.utils import get_environ_proxies, select_proxy

    value = select_proxy(url, get_environ_proxies(url))
    return _proxy(value, _variable(urlsplit(url).scheme, value)) if value else None


def _variable(scheme: str, value: str) -> str:
    """Return the name of the variable that has the value; in lower case it takes precedence."""
    names = (f"{scheme}_proxy", "all_proxy")
    found = (name for known in names for name in sorted(os.environ, reverse=True) if name.lower() == known)
    return next((name for name in found if os.environ[name] == value), "the system's proxy")


def _proxy(value: str, variable: str) -> Proxy:
    from requests.utils import get_auth_from_url

    parts = _parsed(value)
    if parts is None or not parts.host or parts.scheme not in _DEFAULT_PORTS:
        raise InputError(variable, _MUST_BE)
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    # httpx has a SOCKS proxy look up all names. So has requests, if the scheme says so.
    scheme, told = (_SOCKS, "socks5h") if parts.scheme.startswith(_SOCKS) else (parts.scheme, parts.scheme)
    url = parts._replace(scheme=told, port=port, path=None, query=None, fragment=None).url
    credentials = get_auth_from_url(url)
    _check(scheme, credentials, variable)
    return Proxy(variable, scheme, f"{parts.host}:{port}", credentials, url)


def _parsed(value: str) -> Any:
    """Return the parts of a proxy's address, which may lack the scheme; ``None`` for no address."""
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    with suppress(LocationParseError):  # it quotes the value
        return parse_url(value if "://" in value else f"http://{value}")
    return None


def _check(scheme: str, credentials: tuple[str, str], variable: str) -> None:
    """Insist on what both libraries can do."""
    if scheme == _SOCKS:
        if not all(map(find_spec, _SOCKS_PACKAGES)):
            raise InputError(variable, _NEEDS_SOCKS)
    elif any(letter > _LAST_LATIN for letter in "".join(credentials)):
        raise InputError(variable, "must have a user and a password in Latin-1: HTTP knows no other letters")

"""Fetching a file: by a plain GET without the token (docs/api.md, 4.3).

The link can come from outside: a message can name any address. So nothing is fetched from inside the own
network, unless the link is one of the connection's own server or of a host that somebody has allowed by name,
and a redirect leads to no other scheme.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import IO, Any, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from tenacity import Retrying

from airflow_provider_wahelp.client import errors, retries
from airflow_provider_wahelp.client.answers import Answer, Envelope, error_of
from airflow_provider_wahelp.client.blocking import translated
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.file_names import name_of
from airflow_provider_wahelp.client.http_request import CHUNK, headers_in, headers_of
from airflow_provider_wahelp.client.masking import secrets_of
from airflow_provider_wahelp.client.network import Network
from airflow_provider_wahelp.client.session import Session, guarded
from airflow_provider_wahelp.client.settings import Settings

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_MUST = "must be a link that begins with https:// or http://"
_INSIDE = "must not lead into the own network: the link of a message can be anybody's"
_TOO_LARGE = "leads to a file of more than {:,} bytes, which is the limit"

Store = Callable[[], AbstractContextManager[IO[bytes]]]


class Downloaded(NamedTuple):
    """What a download has brought."""

    size: int
    content_type: str
    name: str


class Downloader:
    """Fetches files; whatever the environment says of proxies and certificates holds, as for all calls.

    :param settings: the connection's: its server, timeouts and retries.
    :param limit: the most bytes that a file may have.
    :param hosts: hosts of the own network that may be asked, each with its port or without.
    """

    def __init__(
        self,
        settings: Settings,
        limit: int,
        sleep: Callable[[float], None] = time.sleep,
        hosts: Container[str] = (),
    ) -> None:
        self._settings = settings
        self._limit = limit
        self._hosts = hosts
        self._network = Network(settings)
        self._retrying = Retrying(sleep=sleep, **retries.policy(settings))

    def download(self, url: str, what: str, store: Store) -> Downloaded:
        """Fetch a file.

        :param what: what is done, for errors, with nothing personal in it.
        :param store: opens what it is written to; a file that is cut, or too large, must leave nothing.
        :raises InputError: if the link leads where it must not, or to a file that is too large.
        """
        call = Call("GET", "", what, _nothing, private=secrets_of(url))
        return self._retrying(self._fetch, call, url, store)

    def _fetch(self, call: Call[Any], url: str, store: Store) -> Downloaded:
        with guarded(Session(self._network), self._refuse_peer) as session, translated(call, self._network):
            for _ in range(_MOST_REDIRECTS + 1):
                response = self._get(session, call, url)
                with response:
                    if response.status_code not in _REDIRECTS:
                        return self._received(call, response, store, url)
                    url = _followed(url, response.headers.get("location", ""))
        raise errors.RedirectedError(call.what, f"more than {_MOST_REDIRECTS} times")

    def _get(self, session: Session, call: Call[Any], url: str) -> requests.Response:
        self._check(url)
        request = requests.Request("GET", url, headers={**headers_of(call), "Accept": "*/*"})
        return session.send(
            request.prepare(),
            timeout=(self._settings.connect_timeout, self._settings.timeout),
            allow_redirects=False,
            proxies=session.proxies_for(url),
            stream=True,
        )

    def _received(self, call: Call[Any], response: requests.Response, store: Store, url: str) -> Downloaded:
        if response.status_code != 200:  # noqa: PLR2004
            answer = Answer(response.status_code, headers_in(response), b"")
            error = error_of(answer, None, call.what, call.private)
            raise error or errors.UnreadableAnswerError(call.what, "there is no file", status=answer.status)
        if int(response.headers.get("content-length") or 0) > self._limit:
            raise self._too_large()
        with store() as file:
            size = sum(map(file.write, self._limited(response.iter_content(CHUNK))))
        content_type = response.headers.get("content-type", "")
        name = name_of(response.headers.get("content-disposition", ""), url, content_type)
        return Downloaded(size, content_type, name)

    def _limited(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        left = self._limit
        for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                raise self._too_large()
            yield chunk

    def _too_large(self) -> errors.InputError:
        return errors.InputError("file_url", _TOO_LARGE.format(self._limit))

    def _check(self, url: str) -> None:
        """Refuse a link before anything is asked; a name may lead elsewhere by the time of the connection."""
        parts = _parts(url)
        if not self._is_own(parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]):
            for address in _addresses(parts.hostname or ""):
                _refuse_inside(address)

    def _refuse_peer(self, host: str, port: int, address: str) -> None:
        """Refuse a server by the address that was really connected to, before anything is sent to it."""
        if not self._is_own(host, port):
            _refuse_inside(address)

    def _is_own(self, host: str | None, port: int) -> bool:
        if host in self._hosts or f"{host}:{port}" in self._hosts:
            return True
        own = urlsplit(self._settings.base_url)
        return (host, port) == (own.hostname, own.port or {"http": 80, "https": 443}[own.scheme])


def _nothing(envelope: Envelope) -> None:
    """Read nothing: the answer is a file."""


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        _ = parts.port  # raises a ValueError if it is not a number
    except ValueError:
        valid = False
    if not valid:
        raise errors.InputError("file_url", _MUST)
    return parts


def _followed(url: str, location: str) -> str:
    """Return where a redirect leads: to the same scheme, or from http to https."""
    target = urljoin(url, location)
    if urlsplit(target).scheme not in {urlsplit(url).scheme, "https"}:
        raise errors.InputError("file_url", "must not be redirected from https to another scheme")
    return target


def _addresses(host: str) -> list[str]:
    """Return the addresses of a host; none where only a proxy knows it."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def _refuse_inside(address: str) -> None:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or found
    if not mapped.is_global or mapped.is_multicast:
        raise errors.InputError("file_url", _INSIDE)

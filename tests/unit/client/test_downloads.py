"""Files of messages: fetched without the token, never from the own network, never too much."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from airflow_provider_wahelp.client import Settings, errors
from airflow_provider_wahelp.client.downloads import Downloader
from airflow_provider_wahelp.client.private_files import draft_of

from .wire import LOGIN, PASSWORD, Wire, cuts, says

VOICE = b"OggS" * 50_000


@contextmanager
def stored(path: Path) -> Iterator[IO[bytes]]:
    with draft_of(path) as draft:
        with draft.open("wb") as file:
            yield file
        draft.replace(path)


class Fetch:
    """Fetches from a server that is the connection's own, or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waits: list[float] = []

    def __call__(self, url: str, own: str = "https://wahelp.ru", limit: int = 10**6, **settings: Any) -> Any:
        known = Settings(base_url=own, login=LOGIN, password=PASSWORD, retries=1, **settings)
        downloader = Downloader(known, limit, self.waits.append)
        return downloader.download(url, "download the file of message 7", lambda: stored(self.path))


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    return Fetch(tmp_path / "voice.oga")


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all addresses count as the world's: the tests' servers are all on this host."""
    monkeypatch.setattr("airflow_provider_wahelp.client.downloads._refuse_inside", lambda address: None)


def test_a_file_is_fetched_by_a_plain_get(fetch: Fetch, wire: Wire) -> None:
    wire.will(says(VOICE, content_type="audio/ogg"))
    assert fetch(f"{wire.url}/x/voice.oga?sign=1", own=wire.url) == (len(VOICE), "audio/ogg", "voice.oga")
    assert fetch.path.read_bytes() == VOICE
    (asked,) = wire.calls
    assert (asked.method, asked.path) == ("GET", "/x/voice.oga?sign=1")
    assert not {"authorization", "x-project", "cookie"} & asked.headers.keys()
    assert wire.logins == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/x",
        "http://localhost:{port}/x",
        "http://[::1]:{port}/x",
        "http://[::ffff:127.0.0.1]:{port}/x",
        "http://0.0.0.0:{port}/x",
        "http://2130706433:{port}/x",
        "http://127.1:{port}/x",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/x",
        "http://192.168.1.1/x",
        "http://100.64.0.1/x",
        "http://224.0.0.1/x",
    ],
)
def test_nothing_is_fetched_from_the_own_network(fetch: Fetch, wire: Wire, url: str) -> None:
    with pytest.raises(errors.InputError, match=r"^file_url: must not lead into the own network"):
        fetch(url.format(port=wire.server_address[1]))
    assert wire.calls == []


def test_a_name_that_leads_inside_only_when_it_is_connected_to_is_refused_too(
    fetch: Fetch, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_wahelp.client.downloads._addresses", lambda host: ["8.8.8.8"])
    with pytest.raises(errors.InputError, match="own network"):
        fetch(wire.url.replace("127.0.0.1", "localhost") + "/x")
    assert wire.calls == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x.example/a",
        "x",
        "",
        "https://",
        "http://me:pw@x.example/",
        "http://x:y/",
    ],
)
def test_what_is_no_link_is_refused(fetch: Fetch, url: str) -> None:
    with pytest.raises(errors.InputError, match=r"^file_url: must be a link") as caught:
        fetch(url)
    assert "passwd" not in str(caught.value)


def test_a_redirect_is_followed_and_checked(fetch: Fetch, wire: Wire) -> None:
    with Wire() as inside:
        wire.will(says(status=302, location="/y"), says(status=307, location=f"{inside.url}/secret"))
        with pytest.raises(errors.InputError, match="own network"):
            fetch(f"{wire.url}/x", own=wire.url)
        assert [seen.path for seen in wire.calls] == ["/x", "/y"]
        assert inside.calls == []


@pytest.mark.parametrize("location", ["http://127.0.0.1/x", "file:///etc/passwd", "ftp://x.example/"])
def test_a_redirect_to_another_scheme_is_refused(
    fetch: Fetch, tls_wire: Wire, location: str, certificate: Path
) -> None:
    tls_wire.will(says(status=302, location=location))
    with pytest.raises(errors.InputError, match="from https to another scheme"):
        fetch(f"{tls_wire.url}/x", own=tls_wire.url, verify=str(certificate))


def test_a_circle_ends(fetch: Fetch, wire: Wire) -> None:
    wire.will(*[says(status=302, location="/x")] * 9)
    with pytest.raises(errors.RedirectedError):
        fetch(f"{wire.url}/x", own=wire.url)


@pytest.mark.parametrize("headers", [{}, {"content_length": "9999999999"}], ids=["sent", "announced"])
def test_a_file_that_is_too_large_leaves_nothing(fetch: Fetch, wire: Wire, headers: dict[str, str]) -> None:
    wire.will(says(VOICE, **headers))
    with pytest.raises(errors.InputError, match=r"^file_url: leads to a file of more than 1,000 bytes"):
        fetch(f"{wire.url}/x", own=wire.url, limit=1000)
    assert list(fetch.path.parent.iterdir()) == []


def test_a_file_that_is_cut_is_fetched_again(fetch: Fetch, wire: Wire) -> None:
    wire.will(cuts, says(VOICE))
    assert fetch(f"{wire.url}/x", own=wire.url).size == len(VOICE)
    assert len(fetch.waits) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, errors.NotFoundError), (403, errors.ForbiddenError), (502, errors.ServerError)],
)
def test_what_the_server_says_is_named_and_the_link_is_not(
    fetch: Fetch, wire: Wire, status: int, error: type[errors.WahelpError]
) -> None:
    wire.will(*[says(status=status)] * 2)
    with pytest.raises(error, match="download the file of message 7") as caught:
        fetch(f"{wire.url}/s3cr3t-sign?k=s3cr3t-key", own=wire.url)
    assert "s3cr3t" not in f"{caught.value}{caught.value!r}"
    assert not fetch.path.exists()


@pytest.mark.usefixtures("outside")
def test_a_file_of_another_host_is_fetched(fetch: Fetch, wire: Wire) -> None:
    wire.will(says(VOICE))
    assert fetch(f"{wire.url}/x").size == len(VOICE)


@pytest.mark.usefixtures("outside")
def test_a_host_that_cannot_be_found_is_not_reachable(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(errors.NotReachableError):
        fetch("https://files.example/x")


@pytest.mark.usefixtures("outside")
def test_a_link_in_capitals_goes_through_the_proxy_too(
    fetch: Fetch, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", wire.url)
    wire.will(says(VOICE))
    assert fetch("HTTP://127.0.0.1:1/x").size == len(VOICE)
    assert len(wire.calls) == 1

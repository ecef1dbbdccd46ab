from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.settings import Settings, base_url


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "https://wahelp.ru"),
        ({"host": "  "}, "https://wahelp.ru"),
        *[
            ({"host": f"{scheme}wahelp.ru{path}"}, "https://wahelp.ru")
            for scheme in ("", "https://", "HTTPS://")
            for path in ("", "/", "//", "/api", "/api/", "/api/app", "/api/app/")
        ],
        ({"host": "localhost", "port": 8080, "scheme": "http"}, "http://localhost:8080"),
        ({"host": "http://localhost:1/", "port": 1}, "http://localhost:1"),
        ({"host": "http://localhost:1/", "port": 0}, "http://localhost:1"),
        ({"host": "localhost:1", "scheme": "http"}, "http://localhost:1"),
        ({"host": "https://localhost:", "port": 2}, "https://localhost:2"),
        ({"host": "http://x.test", "scheme": "https"}, "http://x.test"),
        ({"host": "https://x.test/prefix/api/app"}, "https://x.test/prefix"),
        ({"host": "https://x.test/my-api"}, "https://x.test/my-api"),
        ({"host": "https://[::1]:8080/api"}, "https://[::1]:8080"),
    ],
    ids=lambda value: value.get("host") if isinstance(value, dict) else "",
)
def test_every_way_to_write_the_host_ends_in_the_same_address(given: dict[str, Any], expected: str) -> None:
    assert base_url(**given) == expected


@pytest.mark.parametrize(
    "host",
    ["ftp://wahelp.ru", "https://", "https://u:s3cret@wahelp.ru", "https://:s3cret@wahelp.ru", "wahelp.ru:x",
     "https://wahelp.ru?x=s3cret", "::1", "waheLp .ru"],
)  # fmt: skip
def test_what_is_no_address_is_refused_unquoted(host: str) -> None:
    with pytest.raises(InputError, match="host: must be the address") as caught:
        base_url(host)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "port"), [("http://localhost:1", 2), ("localhost", 65536), ("localhost", -1)]
)
def test_a_port_that_cannot_be_meant_is_refused(host: str, port: int) -> None:
    with pytest.raises(InputError, match=r"^port: "):
        base_url(host, port)


def test_settings_show_no_credentials() -> None:
    shown = repr(Settings(login="boss", password="s3cret", access_token="t0ken"))
    assert not [secret for secret in ("boss", "s3cret", "t0ken") if secret in shown]


@pytest.mark.parametrize(("timeout", "expected"), [(30, 10), (2, 2)])
def test_a_connection_is_waited_for_no_longer_than_an_answer(timeout: float, expected: float) -> None:
    assert Settings(timeout=timeout).connect_timeout == expected


@pytest.mark.parametrize(("login", "password", "can"), [("l", "p", True), ("l", "", False), ("", "p", False)])
def test_a_login_takes_both_halves(login: str, password: str, can: bool) -> None:
    assert Settings(login=login, password=password).can_log_in is can

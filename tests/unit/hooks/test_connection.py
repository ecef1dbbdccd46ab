"""What a connection says, whichever way it came."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import certifi
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.hooks import WahelpAsyncHook, WahelpHook

ENVIRONMENT = "AIRFLOW_CONN_WAHELP_DEFAULT"


def settings_of(monkeypatch: pytest.MonkeyPatch, value: Any) -> Any:
    monkeypatch.setenv(ENVIRONMENT, value if isinstance(value, str) else json.dumps(value))
    return WahelpHook().get_conn().settings


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "https://wahelp.ru"),
        ("https://wahelp.ru", "https://wahelp.ru"),
        ("wahelp.ru", "https://wahelp.ru"),
        ("https://wahelp.ru/", "https://wahelp.ru"),
        ("https://wahelp.ru/api", "https://wahelp.ru"),
        ("https://wahelp.ru/api/", "https://wahelp.ru"),
        ("wahelp.ru/api/app/", "https://wahelp.ru"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("https://proxy.example.com/wahelp/api", "https://proxy.example.com/wahelp"),
    ],
)
def test_every_spelling_of_a_host_is_one_address(
    monkeypatch: pytest.MonkeyPatch, host: str, url: str
) -> None:
    assert settings_of(monkeypatch, {"conn_type": "wahelp", "host": host}).base_url == url


@pytest.mark.parametrize(
    "host", ["ftp://wahelp.ru", "https://", "https://me:secret@wahelp.ru", "https://a:b"]
)
def test_a_host_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with pytest.raises(InputError, match=r"^host: must be the address"):
        settings_of(monkeypatch, {"conn_type": "wahelp", "host": host})


EXTRA = {
    "access_token": "abc",
    "project_id": 7,
    "channel_uuid": "c-1",
    "timeout": 2.5,
    "retries": 0,
    "verify": False,
    "token_cache": "process",
}


@pytest.mark.parametrize(
    "value",
    [
        {"conn_type": "wahelp", "host": "http://h:1", "login": "me", "password": "p/w", "extra": EXTRA},
        {
            "conn_type": "wahelp",
            "host": "http://h:1",
            "login": "me",
            "password": "p/w",
            "extra": json.dumps({key: str(entry) for key, entry in EXTRA.items()}),
        },
        "wahelp://me:p%2Fw@http%3A%2F%2Fh%3A1/?"
        + "&".join(f"{key}={quote(str(entry))}" for key, entry in EXTRA.items()),
        f"wahelp://http://me:p%2Fw@h:1/?__extra__={quote(json.dumps(EXTRA))}",
    ],
    ids=["json", "json with words", "uri", "uri with __extra__"],
)
def test_every_form_of_a_connection_says_the_same(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    settings = settings_of(monkeypatch, value)
    assert (settings.base_url, settings.login, settings.password) == ("http://h:1", "me", "p/w")
    assert (settings.access_token, settings.timeout, settings.retries) == ("abc", 2.5, 0)
    assert settings.verify is False


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"timeout": "soon"}, "timeout: must be a number"),
        ({"timeout": 0}, "timeout: must be a number"),
        ({"retries": -1}, "retries: must be a number"),
        ({"verify": "perhaps"}, "verify: must be true or false"),
        ({"token_cache": "cloud"}, "token_cache: must be one of 'host', 'process'"),
        ({"project_id": "shop"}, "project_id: must be a whole number"),
        ({"channel_uuid": "../x"}, "channel_uuid: must be the channel's uuid"),
        ({"ca_bundle": "/no/such.pem"}, "ca_bundle: must be the path"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any], words: str
) -> None:
    monkeypatch.setenv(ENVIRONMENT, json.dumps({"conn_type": "wahelp", "extra": extra}))
    passed, said = WahelpHook().test_connection()
    assert not passed
    assert said.startswith(words)
    assert asyncio.run(WahelpAsyncHook().test_connection()) == (False, said)
    with pytest.raises(InputError, match=f"^{words}") as caught:
        WahelpHook().get_conn()
    assert isinstance(caught.value, AirflowFailException)


def test_a_ca_bundle_is_what_certificates_are_checked_with(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"ca_bundle": certifi.where()}
    assert settings_of(monkeypatch, {"conn_type": "wahelp", "extra": extra}).verify == certifi.where()
    extra = {"ca_bundle": certifi.where(), "verify": "false"}
    assert settings_of(monkeypatch, {"conn_type": "wahelp", "extra": extra}).verify is False

"""What a connection says, whichever way it came."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from urllib.parse import quote

import certifi
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowNotFoundException

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.connection_form import FIELDS
from airflow_provider_wahelp.hooks import WahelpAsyncHook, WahelpHook
from airflow_provider_wahelp.hooks.extra import _warn_of_mask

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
    "default_region": "kz",
    "login_scope": "process",
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
    assert WahelpHook().region() == "KZ"
    assert (settings.base_url, settings.login, settings.password) == ("http://h:1", "me", "p/w")
    assert (settings.access_token, settings.timeout, settings.retries) == ("abc", 2.5, 0)
    assert settings.verify is False


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"timeout": "soon"}, "timeout: must be a number$"),
        ({"timeout": True}, "timeout: must be a number, not true or false$"),
        ({"timeout": [30]}, "timeout: must be a number, not a list$"),
        ({"timeout": 0}, "timeout: must be a number, 0.001 or more$"),
        ({"timeout": "nan"}, "timeout: must be a number, 0.001 or more$"),
        ({"timeout": 10**400}, "timeout: must be a number"),
        ({"retries": -1}, "retries: must be a number, 0 or more$"),
        ({"retries": 2.5}, "retries: must be a whole number, not a number with a fraction$"),
        ({"retries": "2.5"}, "retries: must be a whole number$"),
        ({"verify": "perhaps"}, "verify: must be true or false$"),
        ({"verify": []}, "verify: must be true or false, not a list$"),
        ({"verify": 2}, "verify: must be true or false, not a number$"),
        ({"login_scope": "cloud"}, "login_scope: must be one of 'host', 'process'$"),
        ({"language": "de"}, "language: must be one of 'en', 'ru'$"),
        ({"login_scope": 1}, "login_scope: must be a text, not a number$"),
        ({"default_region": "Russia"}, 'default_region: must be the ISO code of a country, e.g. "RU"$'),
        ({"project_id": "shop"}, "project_id: must be a whole number$"),
        ({"project_id": 0}, "project_id: must be a whole number above 0"),
        ({"project_id": {"id": 101}}, "project_id: must be a whole number, not an object$"),
        ({"project_id": False}, "project_id: must be a whole number, not true or false$"),
        ({"channel_uuid": "../x"}, "channel_uuid: must be the channel's uuid"),
        ({"channel_uuid": 201}, "channel_uuid: must be a text, not a number$"),
        ({"access_token": ["s3cret"]}, "access_token: must be a text, not a list$"),
        ({"projectid": 101}, "projectid: is no key of a Wahelp connection's extra; is project_id meant"),
        ({"Channel": "c-1"}, "Channel: .* is channel_uuid meant"),
        ({"token": "s3cret"}, "token: .* is access_token meant"),
        ({"colour": None}, "colour: .*; there are access_token, project_id, channel_uuid,"),
        ({"login": "me"}, "login: is a field of the connection, and no key of its extra"),
        ({"ca_bundle": "/no/such.pem"}, "ca_bundle: must be the path"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any], words: str
) -> None:
    monkeypatch.setenv(ENVIRONMENT, json.dumps({"conn_type": "wahelp", "extra": extra}))
    passed, said = WahelpHook().test_connection()
    assert not passed
    assert re.match(words, said)
    assert "s3cret" not in said
    assert asyncio.run(WahelpAsyncHook().test_connection()) == (False, said)
    with pytest.raises(InputError, match=f"^{words}") as caught:
        WahelpHook().get_conn()
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize(
    "extra", ["[1]", "5", "null", '"x"', "no JSON"], ids=["list", "number", "null", "text", "no JSON"]
)
def test_an_extra_that_is_no_object_is_refused(monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    monkeypatch.setenv(ENVIRONMENT, json.dumps({"conn_type": "wahelp", "extra": extra}))
    try:
        passed, said = WahelpHook().test_connection()
    except AirflowNotFoundException:
        pytest.skip("this Airflow takes such a connection for none")
    assert (passed, said) == (False, 'extra: must be a JSON object, e.g. {"project_id": 101}')


def test_what_a_form_leaves_empty_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow 3 saves null for it, Airflow 2 an empty text."""
    plain = settings_of(monkeypatch, {"conn_type": "wahelp"})
    for empty in (None, "", " "):
        extra = dict.fromkeys([field.name for field in FIELDS], empty)
        assert settings_of(monkeypatch, {"conn_type": "wahelp", "extra": extra}) == plain


@pytest.mark.parametrize("mask", ["***", "RATHER_LONG_SENSITIVE_FIELD_PLACEHOLDER"])
def test_a_mask_that_was_saved_counts_as_not_given_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, mask: str
) -> None:
    _warn_of_mask.cache_clear()
    extra = {**dict.fromkeys([field.name for field in FIELDS], mask), "timeout": 5}
    for _ in range(2):
        settings = settings_of(monkeypatch, {"conn_type": "wahelp", "extra": extra})
        assert (settings.access_token, settings.timeout, settings.retries) == ("", 5, 4)
    monkeypatch.setenv("AIRFLOW_CONN_ANOTHER", json.dumps({"conn_type": "wahelp", "extra": extra}))
    WahelpHook("another").get_conn()
    said = [record.getMessage() for record in caplog.records if record.name == _warn_of_mask.__module__]
    assert [re.findall(r"Connection '(\w+)'", line) for line in said] == [["wahelp_default"], ["another"]]
    assert (
        "in place of access_token, ca_bundle, channel_uuid, default_region, language, login_scope, "
        "project_id, retries, send_timeout, verify, webhook_token: that counts as not given." in said[0]
    )


def test_what_stands_in_airflow_2s_form_goes_before_what_was_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its button "Test" sends both."""
    extra = {"extra__wahelp__timeout": "7", "timeout": "5", "extra__wahelp__access_token": "new"}
    settings = settings_of(monkeypatch, {"conn_type": "wahelp", "extra": extra})
    assert (settings.timeout, settings.access_token) == (7, "new")


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "wahelp.ru", "port": 8443}, "https://wahelp.ru:8443"),
        ({"host": "http://wahelp.ru", "port": "8080"}, "http://wahelp.ru:8080"),
        ({"host": "http://127.0.0.1:8765", "port": 8765}, "http://127.0.0.1:8765"),
        ({"host": "http://127.0.0.1:8765", "port": 0}, "http://127.0.0.1:8765"),
        ({"port": 0}, "https://wahelp.ru"),
    ],
)
def test_a_port_is_honoured_and_0_is_none(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], url: str
) -> None:
    assert settings_of(monkeypatch, {"conn_type": "wahelp", **fields}).base_url == url


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"host": "http://127.0.0.1:8765", "port": 443}, "is 443, while the host names 8765: leave one"),
        ({"host": "wahelp.ru", "port": 99999}, "must be a number up to 65535"),
        ({"host": "wahelp.ru", "port": -1}, "must be a number up to 65535"),
    ],
)
def test_a_port_that_cannot_be_meant_is_refused(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=f"^port: {words}"):
        settings_of(monkeypatch, {"conn_type": "wahelp", **fields})


def test_a_ca_bundle_is_what_certificates_are_checked_with(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"ca_bundle": certifi.where()}
    assert settings_of(monkeypatch, {"conn_type": "wahelp", "extra": extra}).verify == certifi.where()
    extra = {"ca_bundle": certifi.where(), "verify": "false"}
    assert settings_of(monkeypatch, {"conn_type": "wahelp", "extra": extra}).verify is False

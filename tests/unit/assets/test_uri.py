"""The one spelling of a channel's address."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from airflow_provider_wahelp.assets.uri import ChannelUri, sanitize_uri

UUID = "0b5a7a9e-1f1c-4d7e-9a52-6f2d4c1e8b3a"
URI = f"wahelp://wahelp.ru/101/{UUID}"


@pytest.mark.parametrize(
    "uri",
    [URI, URI + "/", URI.upper(), f"wahelp://WAHELP.ru/101/{UUID.upper()}"],
)
def test_a_channel_has_one_spelling(uri: str) -> None:
    assert sanitize_uri(urlsplit(uri)).geturl() == URI
    assert ChannelUri.parse(uri) == ("wahelp.ru", "101", UUID, False)


def test_its_messages_have_an_address_of_their_own() -> None:
    messages = ChannelUri.parse(URI.upper() + "/MESSAGES/")
    assert (messages.partitioned, str(messages)) == (True, f"{URI}/messages")
    assert sanitize_uri(urlsplit(f"{URI}/messages/")).geturl() == f"{URI}/messages"


@pytest.mark.parametrize(
    "host", ["wahelp.ru", "127.0.0.1:8080", "[::1]:8080", "localhost", "xn--80ak6aa92e.com"]
)
def test_any_host(host: str) -> None:
    uri = f"wahelp://{host}/1/c"
    assert str(ChannelUri.parse(uri)) == uri
    assert sanitize_uri(urlsplit(uri)).geturl() == uri


@pytest.mark.parametrize(
    "uri",
    [
        f"https://wahelp.ru/101/{UUID}",
        "wahelp://wahelp.ru",
        "wahelp://wahelp.ru/101",
        f"wahelp://wahelp.ru/101/{UUID}/statuses",
        f"wahelp:///101/{UUID}",
        f"wahelp://wahelp.ru/0/{UUID}",
        f"wahelp://wahelp.ru/demo/{UUID}",
        "wahelp://wahelp.ru/101/a b",
        "wahelp://wahelp.ru/101/канал",
        f"wahelp://вахелп.рф/101/{UUID}",
        f"wahelp://wahelp.ru:port/101/{UUID}",
        f"wahelp://me:secret@wahelp.ru/101/{UUID}",
        f"wahelp://me@wahelp.ru/101/{UUID}",
        f"{URI}?a=1",
        f"{URI}#top",
        "wahelp",
        "",
    ],
)
def test_what_names_no_channel_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"An asset's URI|Port") as caught:
        sanitize_uri(urlsplit(uri))
    assert "secret" not in str(caught.value)

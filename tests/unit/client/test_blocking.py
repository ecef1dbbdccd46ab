"""What only requests can do to a call; what both clients share is in test_exchange and test_retries."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
import requests_mock
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from airflow_provider_wahelp.client import Settings, WahelpClient, calls, errors

from .wire import TEXT, Blocking, Wire, resets, says

URL = "https://wahelp.ru/api/app/projects/1/channels/c-1/send_message/301"
SEND = calls.send_message(1, "c-1", 301, TEXT)
OK = {"json": {"success": True, "data": {"id": 1}}}


@pytest.fixture
def client() -> WahelpClient:
    with WahelpClient(Settings(access_token="ready"), sleep=lambda _: None) as made:
        yield made


def refused() -> Exception:
    return requests.ConnectionError(MaxRetryError(None, "/", NewConnectionError(None, "refused")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fault", "repeated"),
    [
        (requests.ConnectTimeout(), True),
        (refused(), True),
        (requests.ReadTimeout(), False),
        (requests.ConnectionError(ProtocolError("aborted", ConnectionResetError())), False),
        (requests.exceptions.ChunkedEncodingError(), False),
        (requests.ConnectionError(), False),
    ],
    ids=["connect-timeout", "refused", "read-timeout", "reset", "cut", "unexplained"],
)
def test_a_send_is_repeated_only_if_it_never_left(
    client: WahelpClient, requests_mock: requests_mock.Mocker, fault: Exception, repeated: bool
) -> None:
    requests_mock.post(URL, [{"exc": fault}, OK])
    if repeated:
        assert client.perform(SEND).id == 1
    else:
        with pytest.raises(errors.ConnectionLostError, match="not known"):
            client.perform(SEND)
    assert requests_mock.call_count == 1 + repeated


def test_a_lost_send_stays_unknown_where_the_caller_is_handling_an_unreachable_host(wire: Wire) -> None:
    """The pattern of a fallback: the second messenger is tried in the ``except`` of the first."""
    client = Blocking(Settings(base_url=wire.url, access_token="ready"))
    nowhere = Blocking(Settings(base_url="http://127.0.0.1:1", access_token="ready", retries=0))
    wire.will(resets)
    try:
        nowhere.perform(SEND)
    except errors.NotReachableError:
        with pytest.raises(errors.ConnectionLostError):
            client.perform(SEND)
    assert len(wire.calls) == 1


def test_connecting_has_a_timeout_of_its_own(
    client: WahelpClient, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.post(URL, **OK)
    client.perform(SEND)
    assert requests_mock.last_request.timeout == (10, 75)


def test_an_unreachable_host_is_named_without_the_address_of_the_call(requests_mock: Any) -> None:
    requests_mock.post(URL, exc=refused())
    with (
        WahelpClient(Settings(access_token="ready", retries=0)) as client,
        pytest.raises(errors.NotReachableError) as caught,
    ):
        client.perform(SEND)
    assert caught.value.words == "NewConnectionError"


def test_what_is_waited_for_is_told_until_an_answer_comes(wire: Wire) -> None:
    told: list[str] = []
    settings = Settings(base_url=wire.url, access_token="ready")
    with WahelpClient(settings, sleep=lambda _: told.append(client.trouble)) as client:
        wire.will(says(status=503, retry_after="7"))
        client.perform(calls.get_channel(101, "uuid"))
        assert client.trouble == ""
    assert len(told) == 1
    assert re.fullmatch(r"Wahelp \(.+, HTTP 503\), which is asked again within [78] s", told[0])

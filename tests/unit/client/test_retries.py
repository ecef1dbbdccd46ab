"""What is repeated: the table of the design, over real sockets, with both clients."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from tenacity import RetryCallState, Retrying

from airflow_provider_wahelp.client import calls, errors, retries
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.settings import Settings

from .wire import TEXT, Blocking, Clients, Wire, cuts, keeps_silent, ok, resets, says

READ = calls.get_account()
LOOK_UP = calls.find_contact(1, "+79161234567")
SEND = calls.send_message(1, "c-1", 301, TEXT)
CREATE = calls.create_project("Shop")
ALL = [
    pytest.param(READ, id="GET"),
    pytest.param(LOOK_UP, id="POST-that-reads"),
    pytest.param(SEND, id="POST-send"),
    pytest.param(CREATE, id="POST-create"),
]
UNKNOWN = {
    "reset": (resets, errors.ConnectionLostError),
    "cut-mid-body": (cuts, errors.ConnectionLostError),
    "silence": (keeps_silent, errors.ReadTimeoutError),
    "408": (says({"message": "Request Timeout"}, 408), errors.ReadTimeoutError),
    "500": (says(status=500), errors.ServerError),
    "502-html": (says(b"<html>Bad Gateway</html>", 502), errors.ServerError),
    "503": (says(status=503), errors.ServerError),
    "503-with-retry-after": (says(status=503, retry_after="7"), errors.ServerError),
    "504": (says(status=504), errors.ServerError),
    "200-html": (says(b"<html>Login</html>"), errors.UnreadableAnswerError),
    "200-cut-json": (says(b'{"success": true, "data": {"id'), errors.UnreadableAnswerError),
    "200-of-no-object": (ok([7]), errors.UnreadableAnswerError),
    "200-nested-too-deep": (says(b"[" * 100_000), errors.UnreadableAnswerError),
    "200-broken-gzip": (says(b"no gzip", content_encoding="gzip"), errors.UnreadableAnswerError),
}
PERMANENT = {
    "400": (says({"message": "bad"}, 400), errors.RejectedError),
    "403": (says(status=403), errors.ForbiddenError),
    "404-html": (says(b"<html>", 404), errors.NotFoundError),
    "405": (says(status=405), errors.NotFoundError),
    "409": (says({"errors": ["exists"]}, 409), errors.RejectedError),
    "422": (says({"errors": {"phone": ["wrong"]}}, 422), errors.RejectedError),
    "200-success-false": (says({"success": False, "message": "no"}), errors.RejectedError),
    "200-success-0": (says({"success": 0}), errors.RejectedError),
}


def cases(table: dict[str, Any]) -> list[Any]:
    return [pytest.param(*row, id=name) for name, row in table.items()]


HASTY = {"timeout": 0.5, "send_timeout": 0.5}


@pytest.mark.parametrize(("fault", "error"), cases(UNKNOWN))
def test_a_read_of_unknown_outcome_is_repeated(
    clients: Clients, wire: Wire, fault: Any, error: type[errors.WahelpError]
) -> None:
    client = clients(wire.url, access_token="ready", **(HASTY if fault is keeps_silent else {}))
    wire.will(fault)
    assert client.perform(READ).id == 1
    assert (len(wire.calls), len(client.waits)) == (2, 1)


@pytest.mark.parametrize("call", [SEND, CREATE], ids=["send", "create"])
@pytest.mark.parametrize(("fault", "error"), cases(UNKNOWN))
def test_a_change_of_unknown_outcome_is_not_repeated_and_the_error_says_so(
    clients: Clients, wire: Wire, fault: Any, error: type[errors.WahelpError], call: Call[Any]
) -> None:
    client = clients(wire.url, access_token="ready", **(HASTY if fault is keeps_silent else {}))
    wire.will(fault)
    with pytest.raises(error, match="not known whether Wahelp carried it out") as caught:
        client.perform(call)
    assert caught.value.may_have_happened
    assert (len(wire.calls), client.waits) == (1, [])


@pytest.mark.parametrize(
    "body", [{"message": "Service is under maintenance"}, {"success": True, "data": {"id": None}}, {}]
)
def test_a_send_whose_answer_names_no_message_is_of_unknown_outcome(
    client: Blocking, wire: Wire, body: Any
) -> None:
    wire.will(says(body))
    with pytest.raises(errors.UnreadableAnswerError) as caught:
        client.perform(SEND)
    assert caught.value.may_have_happened
    assert len(wire.calls) == 1


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def in_a_minute_by_a_clock(ahead: float) -> Any:
    """Turn away for a minute, by a server's clock that many seconds ahead of this host's."""

    def reply(handler: Any) -> None:
        handler.date_time_string = lambda timestamp=None: http_date(ahead)
        says(status=429, retry_after=http_date(ahead + 60))(handler)

    return reply


@pytest.mark.parametrize(
    ("call", "status"),
    [(READ, 429), (LOOK_UP, 429), (SEND, 429), (CREATE, 429), (READ, 503), (LOOK_UP, 503)],
    ids=["GET", "POST-that-reads", "POST-send", "POST-create", "GET-503", "POST-that-reads-503"],
)
@pytest.mark.parametrize(
    ("told", "least"), [(lambda: "7", 7), (lambda: http_date(60), 50)], ids=["seconds", "date"]
)
def test_whatever_was_turned_away_is_repeated_no_sooner_than_told(
    client: Blocking, wire: Wire, call: Call[Any], status: int, told: Any, least: float
) -> None:
    wire.will(says(status=status, retry_after=told()))
    client.perform(call)
    assert len(wire.calls) == 2
    assert [least <= wait <= least + 11 for wait in client.waits] == [True]


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_date_is_read_by_the_clock_of_the_server_that_named_it(
    client: Blocking, wire: Wire, hours: int
) -> None:
    wire.will(in_a_minute_by_a_clock(hours * 3600.0))
    client.perform(SEND)
    assert len(wire.calls) == 2
    assert [59 <= wait <= 71 for wait in client.waits] == [True]


def test_a_wait_beyond_the_deadline_is_left_to_the_caller_at_once(client: Blocking, wire: Wire) -> None:
    wire.will(says(status=429, retry_after="3600"))
    with pytest.raises(
        errors.WahelpError, match="Nothing was carried out; it may be repeated in 3600 s"
    ) as caught:
        client.perform(SEND)
    assert caught.value.retry_after == 3600
    assert (len(wire.calls), client.waits) == (1, [])


@pytest.mark.parametrize(
    "reply",
    [
        says(status=429),
        says({"success": False, "error": "Too Many Requests"}),
        says("Слишком много попыток", 400),
    ],
    ids=["429", "2xx", "400-in-Russian"],
)
def test_a_rate_limit_without_a_time_is_waited_out_for_a_send_too(
    client: Blocking, wire: Wire, reply: Any
) -> None:
    wire.will(reply)
    assert client.perform(SEND).id == 1
    assert len(wire.calls) == 2


@pytest.mark.parametrize("call", ALL)
@pytest.mark.parametrize(("fault", "error"), cases(PERMANENT))
def test_a_refusal_is_final(
    client: Blocking, wire: Wire, fault: Any, error: type[errors.WahelpError], call: Call[Any]
) -> None:
    wire.will(fault)
    with pytest.raises(errors.WahelpError) as caught:
        client.perform(call)
    assert type(caught.value) is error
    assert not caught.value.temporary
    assert (len(wire.calls), client.waits) == (1, [])


@pytest.mark.parametrize("call", ALL)
def test_a_quota_that_is_spent_is_left_to_the_retries_of_the_task(
    client: Blocking, wire: Wire, call: Call[Any]
) -> None:
    wire.will(says({"message": "Мессенджер не подключен"}, 402))
    with pytest.raises(errors.PaymentRequiredError) as caught:
        client.perform(call)
    assert (caught.value.temporary, caught.value.may_have_happened) == (True, False)
    assert (len(wire.calls), client.waits) == (1, [])


@pytest.mark.parametrize("call", ALL)
def test_a_refused_connection_is_tried_again_whatever_the_call(clients: Clients, call: Call[Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = clients(f"http://127.0.0.1:{port}", retries=2, login="", access_token="ready")
    with pytest.raises(errors.NotReachableError, match="Nothing was carried out") as caught:
        client.perform(call)
    assert type(caught.value) is errors.NotReachableError
    assert len(client.waits) == 2


def test_a_name_that_cannot_be_looked_up_is_tried_again(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    client = clients("http://wahelp.test", retries=1, access_token="ready")
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(errors.NotReachableError):
        client.perform(SEND)
    assert len(client.waits) == 1


def test_a_proxy_that_cannot_be_reached_is_tried_again(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    client = clients("http://wahelp.test", retries=1, access_token="ready")
    with pytest.raises(errors.NotReachableError):
        client.perform(SEND)
    assert len(client.waits) == 1


def test_patience_ends_with_the_number_of_repetitions(clients: Clients, wire: Wire) -> None:
    client = clients(wire.url, retries=3)
    wire.will(*[says(status=500)] * 9)
    with pytest.raises(errors.ServerError):
        client.perform(READ)
    assert (len(wire.calls), len(client.waits)) == (4, 3)


def test_patience_ends_with_the_deadline(clients: Clients, wire: Wire) -> None:
    client = clients(wire.url, deadline=0)
    wire.will(says(status=500))
    with pytest.raises(errors.ServerError):
        client.perform(READ)
    assert (len(wire.calls), client.waits) == (1, [])


def test_what_is_no_error_of_the_client_is_never_repeated() -> None:
    assert not retries.may_repeat(READ, RuntimeError())


def test_waits_grow_from_a_jittered_beginning_to_a_cap() -> None:
    state = RetryCallState(Retrying(), None, (), {})
    state.set_exception((errors.ServerError, errors.ServerError("x"), None))
    most = []
    for state.attempt_number in range(1, 12):
        drawn = [retries.wait(state) for _ in range(200)]
        assert len(set(drawn)) > 1
        most.append(max(drawn))
    assert most[0] <= retries.FIRST_WAIT
    assert retries.LONGEST_WAIT / 2 < most[-1] <= retries.LONGEST_WAIT


def test_many_that_are_told_the_same_time_do_not_come_back_together() -> None:
    state = RetryCallState(Retrying(), None, (), {})
    state.set_exception((errors.RateLimitedError, errors.RateLimitedError("x", retry_after=5), None))
    drawn = {retries.wait(state) for _ in range(50)}
    assert len(drawn) > 1
    assert 5 <= min(drawn) <= max(drawn) <= 6


def test_the_defaults_leave_room_for_every_repetition() -> None:
    assert retries.LONGEST_WAIT * Settings().retries < Settings().deadline

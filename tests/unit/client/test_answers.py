# ruff: noqa: RUF001 - the API speaks Russian
from __future__ import annotations

import html
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.answers import Envelope, open_envelope, read_list, read_object
from airflow_provider_wahelp.client.models import Project, User

from .wire import PASSWORD, PHONE, TEXT, answer

CUT = (TEXT[:8], PASSWORD[2:], "\\u0417", "%D0")


def error_of(
    body: Any, status: int = 422, private: tuple[str, ...] = (), **headers: str
) -> errors.WahelpError:
    with pytest.raises(errors.WahelpError) as caught:
        open_envelope(answer(body, status, **headers), "do it", private)
    return caught.value


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"success": True, "data": {"id": 1}}, Envelope({"id": 1})),
        ({"data": [1], "has_more": True}, Envelope([1], True)),
        ({"data": [1], "has_more": False}, Envelope([1], False)),
        ({"data": [1], "has_more": None}, Envelope([1], None)),
        ({"data": [1], "has_more": "yes"}, Envelope([1], None)),
        ({"success": True}, Envelope(None)),
        ({"success": True, "data": None}, Envelope(None)),
        ({"id": 1}, Envelope({"id": 1})),
        ([1, 2], Envelope([1, 2])),
        (None, Envelope(None)),
        (b"", Envelope(None)),
        (b" \n", Envelope(None)),
        (b'\xef\xbb\xbf{"data": 1}', Envelope(1)),
    ],
    ids=repr,
)
def test_an_envelope_is_opened(body: Any, expected: Envelope) -> None:
    raw = b"null" if body is None else body
    assert open_envelope(answer(raw), "do it") == expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Номер занят."}, "Номер занят"),
        ({"error": "taken"}, "taken"),
        ({"errors": ["one", "two", "one"]}, "one; two"),
        ({"errors": {"phone": ["bad", {"x": "worse"}]}, "message": "invalid"}, "invalid; bad; worse"),
        ({"error": {"code": 5, "message": " so \n so "}}, "so so"),
        ({"detail": [{"msg": "field required"}]}, "field required"),
        ({"error": None, "message": 17}, ""),
        (["a", {"b": "c"}], "a; c"),
        ("plain JSON", "plain JSON"),
        ("Сервис недоступен".encode(), "Сервис недоступен"),
        ("Ошибка".encode("cp1251"), "������"),
        (b"<!DOCTYPE html><html><h1>token</h1>", "a page of HTML"),
        (b"", ""),
        ({"message": "x" * 400}, "x" * 300 + "…"),
    ],
)
def test_words_are_found_in_an_error_of_any_shape(body: Any, words: str) -> None:
    error = error_of(body)
    assert error.words == words
    assert "do it" in str(error)
    assert "HTTP 422" in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.RejectedError),
        (401, errors.TokenRefusedError),
        (402, errors.PaymentRequiredError),
        (403, errors.ForbiddenError),
        (404, errors.NotFoundError),
        (405, errors.NotFoundError),
        (408, errors.ReadTimeoutError),
        (422, errors.RejectedError),
        (429, errors.RateLimitedError),
        (501, errors.NotFoundError),
        (500, errors.ServerError),
        (503, errors.ServerError),
        (504, errors.ServerError),
        (302, errors.RedirectedError),
    ],
)
def test_a_status_has_a_meaning(status: int, kind: type[errors.WahelpError]) -> None:
    assert type(error_of({}, status)) is kind


@pytest.mark.parametrize("said", [False, "false"])
def test_a_success_that_is_false_is_a_refusal_whatever_the_status(said: object) -> None:
    assert type(error_of({"success": said, "message": "no"}, 200)) is errors.RejectedError


@pytest.mark.parametrize("status", [200, 400, 404, 422])
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("У номера нет нужного мессенджера", errors.MessengerMissingError),
        ("МЕССЕНДЖЕР НЕ ПОДКЛЮЧЕН", errors.MessengerMissingError),
        ("Номер не подключён", errors.MessengerMissingError),
        ("номер  не\nзарегистрирован", errors.MessengerMissingError),
        ("Слишком много попыток входа", errors.RateLimitedError),
        ("Too Many Requests.", errors.RateLimitedError),
    ],
)
@pytest.mark.parametrize("key", ["message", "error", "errors", "data", "reason"])
def test_a_wording_has_a_meaning_under_any_key(
    status: int, words: str, kind: type[errors.WahelpError], key: str
) -> None:
    body = {"success": False, key: {"phone": [words]}}
    assert type(error_of(body, status)) is kind


@pytest.mark.parametrize("escaped", [str, html.escape, quote], ids=["as-it-is", "HTML", "address"])
def test_a_wording_in_what_was_sent_has_none(escaped: Callable[[str], str]) -> None:
    text = "Номер не подключен? Звоните нам"
    error = error_of({"message": "bad", "data": {"text": escaped(text)}}, private=(text,))
    assert type(error) is errors.RejectedError


def test_a_wording_keeps_its_meaning_though_words_of_it_were_sent() -> None:
    body = {"message": "У номера нет нужного мессенджера"}
    error = error_of(body, private=("Нет имени", "Нет", "У номера нет хозяина"))
    assert type(error) is errors.MessengerMissingError


@pytest.mark.parametrize(
    "body",
    [
        {"message": f"{PHONE}: {TEXT}, {PASSWORD}"},
        {"errors": {"x": [PHONE, {"y": f"{TEXT}!{PASSWORD}"}]}},
        f"{PHONE} {TEXT} {PASSWORD}".encode(),
        {"message": f"cannot read {json.dumps({'text': TEXT, 'password': PASSWORD})}"},
        f"<p>{html.escape(quote(TEXT))} {quote(PHONE)}</p>".encode(),
        {"message": f"{TEXT[:14]}… {PASSWORD[2:]}"},
        {"message": "8 (916) 123-45-67 and +7 916 123 45 67"},
        {"message": "exists", "data": {"name": "Анна", "phone": PHONE}},
    ],
    ids=["message", "nested", "plain", "JSON", "HTML", "cut", "another-spelling", "somebody-elses-record"],
)
def test_an_error_quotes_nothing_private(body: Any) -> None:
    error = error_of(body, private=(PHONE, TEXT, PASSWORD))
    for shown in (str(error), repr(error), error.words):
        for secret in (PHONE, PHONE[1:], "123-45-67", "123 45 67", TEXT, PASSWORD, "Анна", *CUT):
            assert secret not in shown


def test_the_decoded_body_is_there_for_a_program() -> None:
    assert error_of({"message": "x", "code": 7}).payload == {"message": "x", "code": 7}
    assert error_of(b"plain").payload is None


def in_a_minute(**options: bool) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=60), **options)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (lambda: "7", 7, 7),
        (lambda: " 1.5 ", 1.5, 1.5),
        (lambda: "-3", 0, 0),
        (lambda: in_a_minute(usegmt=True), 40, 60),
        (in_a_minute, 40, 60),
        (lambda: "Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
    ],
    ids=["whole", "fraction", "negative", "GMT", "+0000", "past"],
)
def test_retry_after_is_read_as_seconds(value: Callable[[], str], least: float, most: float) -> None:
    told = answer(b"", 429, retry_after=value()).retry_after
    assert told is not None
    assert least <= told <= most


@pytest.mark.parametrize(
    "value", ["", "soon", "inf", "nan", "1e999", "5, 5", "Wed, 99 Foo 2015 07:28:00 GMT"]
)
def test_a_retry_after_that_is_no_time_is_none(value: str) -> None:
    assert answer(b"", 429, retry_after=value).retry_after is None


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_no_object_is_an_unreadable_answer(data: Any) -> None:
    with pytest.raises(TypeError, match="no project"):
        read_object(Project)(Envelope(data))


def test_a_list_is_read_without_what_is_no_object() -> None:
    page = read_list(User)(Envelope([{"id": 1}, None, "x", {"id": 2}], True))
    assert ([user.id for user in page.items], page.has_more) == ([1, 2], True)
    assert read_list(User)(Envelope(None)).items == []
    with pytest.raises(TypeError, match="no list of users"):
        read_list(User)(Envelope({"id": 1}))


def test_what_is_printed_of_an_answer_is_nothing_personal() -> None:
    whole = answer({"data": {"access_token": PASSWORD}}, set_cookie=PASSWORD)
    assert PASSWORD not in repr(whole)
    assert PASSWORD not in repr(open_envelope(whole, "log in"))

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (arguments.project_id, 101, 101),
        (arguments.project_id, " 101 ", 101),
        (arguments.limit, None, None),
        (arguments.limit, "", None),
        (arguments.limit, "5", 5),
        (arguments.channel_uuid, " 3f2a-b_1 ", "3f2a-b_1"),
        (arguments.user_id, 301, 301),
        (arguments.user_id, "301", 301),
        (arguments.user_id, "007", "007"),
        (arguments.user_id, str(2**63 - 1), 2**63 - 1),
        (arguments.user_id, 2**63, str(2**63)),
        (arguments.user_id, str(2**63), str(2**63)),
        (arguments.message_id, "m-1", "m-1"),
        (arguments.name, " Shop ", "Shop"),
        (arguments.name, 5, "5"),
        (arguments.text, " *Hi*\n ", " *Hi*\n "),
        (arguments.text, "\U0001f600", "\U0001f600"),
        (arguments.channel_type, "WhatsApp", "whatsapp"),
        (arguments.url, " https://example.com:8443/in?token=x ", "https://example.com:8443/in?token=x"),
        (arguments.entities, "channel.message", ["channel.message"]),
        (arguments.entities, ("project", "channel.user"), ["project", "channel.user"]),
        (arguments.idempotency_key, None, None),
        (arguments.idempotency_key, " order 7, ready ", "order 7, ready"),
        (arguments.idempotency_key, 0, "0"),
        (arguments.if_exists, "fail", "fail"),
        (arguments.webhook_api, "hook", "hook"),
    ],
)
def test_an_argument_becomes_what_the_api_takes(
    check: Callable[[Any], Any], value: Any, expected: Any
) -> None:
    assert check(value) == expected


REFUSED: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "project_id": (
        arguments.project_id,
        [None, "", 0, "0", -1, True, 1.0, "1.0", "x", "²", "1/2"],
    ),
    "limit": (arguments.limit, [0, -5, "many", False]),
    "channel_uuid": (arguments.channel_uuid, [None, "", "None", "a/b", "..", "a b", True, 1.5, "a?b"]),
    "user_id": (arguments.user_id, ["5/../6", "", False]),
    "message_id": (arguments.message_id, ["None", "5?x"]),
    "name": (arguments.name, [None, "", "  ", True, ["x"], "A\ud83d"]),
    "text": (arguments.text, [None, "", "\n ", {"a": 1}, "cut in half: \ud83d", "\udcff.csv"]),
    "channel_type": (arguments.channel_type, [None, "", "sms"]),
    "url": (
        arguments.url,
        [None, "", "example.com/in", "ftp://x", "https://", "https://a b", "http://[::1", "http://x:y/"],
    ),
    "entities": (arguments.entities, [None, "", [], [5], b"ab", "Channel Message", ["a."]]),
    "idempotency_key": (
        arguments.idempotency_key,
        ["", " \n", "None", " None ", True, 1.5, ["x"], "half \ud83d"],
    ),
    "if_exists": (arguments.if_exists, ["maybe", None, ["reuse"]]),
    "api": (arguments.webhook_api, [None, "both"]),
}


@pytest.mark.parametrize(
    ("check", "argument", "value"),
    [(check, argument, value) for argument, (check, values) in REFUSED.items() for value in values],
)
def test_a_bad_argument_is_named(check: Callable[[Any], Any], argument: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        check(value)
    assert caught.value.argument == argument


@pytest.mark.parametrize("argument", ["project_id", "limit", "channel_uuid", "user_id", "message_id"])
def test_a_number_of_more_digits_than_python_reads_is_refused(argument: str) -> None:
    check, _ = REFUSED[argument]
    for value in ("9" * 5000, 10**5000):
        with pytest.raises(InputError) as caught:
            check(value)
        assert caught.value.argument == argument


@pytest.mark.parametrize("argument", ["name", "text", "idempotency_key"])
def test_what_cannot_be_spelt_is_refused(argument: str) -> None:
    check, _ = REFUSED[argument]
    for value in ("half \ud83d", 10**5000):
        with pytest.raises(InputError) as caught:
            check(value)
        assert caught.value.argument == argument


@pytest.mark.parametrize("argument", ["project_id", "channel_uuid", "channel_type", "url", "entities", "api"])
def test_a_bad_argument_is_never_quoted(argument: str) -> None:
    check, _ = REFUSED[argument]
    with pytest.raises(InputError) as caught:
        check("Анна Иванова")
    assert "Анна" not in f"{caught.value}{caught.value!r}"


@pytest.mark.parametrize(("user", "phone"), [(None, "+7"), (301, ""), ("301", None), (0, None)])
def test_one_of_user_and_phone_says_who_is_written_to(user: Any, phone: Any) -> None:
    arguments.recipient(user, phone)


@pytest.mark.parametrize(("user", "phone"), [(None, None), ("", ""), (301, "+79161234567")])
def test_none_or_both_of_user_and_phone_are_refused(user: Any, phone: Any) -> None:
    with pytest.raises(InputError, match="exactly one") as caught:
        arguments.recipient(user, phone)
    assert "9161234567" not in str(caught.value)

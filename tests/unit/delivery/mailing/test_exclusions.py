"""Whom a mailing must leave out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.exclusions import Suppression
from airflow_provider_wahelp.delivery.mailing.rows import Unreadable

PHONE = "+79160000001"


def suppress(entries: Any, argument: str = "suppress") -> Suppression:
    suppression = Suppression()
    suppression.add(entries, argument)
    return suppression


@pytest.mark.parametrize(
    "entry",
    [
        PHONE,
        "8 (916) 000-00-01",
        79160000001,
        79160000001.0,
        "79160000001.0",
        Decimal(79160000001),
        {"phone": "7 916 000 00 01"},
        {"phone": 79160000001, "user_id": None},
        {"phone": f" {PHONE} ", "user_id": "", "name": "Anna"},
    ],
)
def test_a_phone_is_compared_by_its_digits(entry: Any) -> None:
    suppression = suppress(iter([entry]))
    assert suppression.has_phone(PHONE)
    assert suppression.has_phone("8 (916) 000-00-01")
    assert not suppression.has_phone("+79160000002")
    assert suppression.phones_given


@pytest.mark.parametrize(
    "entry",
    [
        {"user_id": 301},
        {"user_id": 301.0},
        {"user_id": "301.0"},
        {"user_id": "301"},
        {"phone": "", "user_id": " 301 "},
    ],
)
def test_a_user_is_compared_by_id(entry: Any) -> None:
    suppression = suppress([entry])
    assert suppression.has_user(301)
    assert suppression.has_user("301")
    assert not suppression.has_user(30)
    assert not suppression.has_user(None)
    assert not suppression.has_user("79160000001@c.us")  # whatever ids the API has
    assert not suppression.phones_given


def test_an_entry_may_name_both() -> None:
    suppression = suppress([{"phone": PHONE, "user_id": "a-b"}])
    assert suppression.has_phone(PHONE)
    assert suppression.has_user("a-b")


def test_a_plain_number_is_a_phone_and_no_user() -> None:
    assert not suppress([79160000001]).has_user(79160000001)


def test_nobody() -> None:
    suppression = Suppression()
    assert not suppression.phones_given
    assert not suppression.has_phone(PHONE)
    assert not suppression.has_user(301)


@pytest.mark.parametrize(
    "entry",
    [
        "secret",
        "+7916",
        float("nan"),
        True,
        None,
        "",
        [PHONE],
        {},
        {"phone": None, "user_id": ""},
        {"phone": " "},
        {"phone": "secret", "user_id": 301},
        {"phone": PHONE, "user_id": "../secret"},
        {"user_id": True},
        {"Phone": PHONE},
        Unreadable("is no JSON"),
    ],
)
def test_an_entry_that_cannot_be_understood_is_refused_by_its_number(entry: Any) -> None:
    with pytest.raises(InputError, match=r"^suppress: entry 2: .+") as caught:
        suppress([PHONE, entry])
    for value in ("secret", "7916", "301"):
        assert value not in str(caught.value)
    assert "  " not in str(caught.value)


def test_the_reason_is_said() -> None:
    with pytest.raises(InputError, match="blocked: entry 1: it is no JSON"):
        suppress([Unreadable("is no JSON")], "blocked")
    with pytest.raises(InputError, match="blocked: entry 1: phone must be a phone number"):
        suppress(["x"], "blocked")


@pytest.mark.parametrize("entries", [PHONE, b"x", {"phone": PHONE}, None, 5])
def test_what_is_no_list_is_refused(entries: Any) -> None:
    with pytest.raises(InputError, match="suppress: must be a list"):
        suppress(entries)

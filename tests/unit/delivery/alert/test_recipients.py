"""Who an alert is for: each recipient once, by the normalised phone."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.alert.recipients import AlertRecipient, recipients

PHONE = "+79161112233"
BY_PHONE, BY_ID = AlertRecipient(PHONE), AlertRecipient(user_id=301)


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (PHONE, [BY_PHONE]),
        ([PHONE, 301], [BY_PHONE, BY_ID]),
        ([301, 301], [BY_ID]),
        ("8 (916) 111-22-33, 79161112233\n+7 916 111 22 33", [BY_PHONE]),
    ],
)
def test_each_recipient_is_returned_once(to: Any, expected: list[AlertRecipient]) -> None:
    assert [*dict.fromkeys(who.with_number(None) for who in recipients(to, None, None))] == expected


def test_one_phone_or_one_user_takes_the_place_of_a_list() -> None:
    assert [who.with_number(None) for who in recipients(None, "8 (916) 111-22-33", "")] == [BY_PHONE]
    assert recipients([], None, "301") == [BY_ID]


def test_the_parsing_of_a_dag_does_not_look_into_the_numbering_plans() -> None:
    (unknown,) = recipients("+0000000000", None, None)
    with pytest.raises(InputError, match=r"^to: "):
        unknown.with_number(None)


def test_a_phone_without_a_country_code_needs_a_region() -> None:
    (ten_digits,) = recipients(None, "9161112233", None)
    assert ten_digits.needs_region
    assert ten_digits.with_number("RU") == BY_PHONE
    with pytest.raises(InputError, match=r"^phone: .*default_region"):
        ten_digits.with_number(None)


@pytest.mark.parametrize("to", [{"phone": PHONE}, [None], [""], [True], ["12"], range(0), 7.5])
def test_what_names_nobody_is_refused(to: Any) -> None:
    with pytest.raises(InputError, match=r"^to: must be phone numbers") as caught:
        recipients(to, None, None)
    assert PHONE not in str(caught.value)


def test_a_recipient_is_masked_wherever_it_is_shown() -> None:
    assert [str(BY_PHONE), str(BY_ID)] == ["+7*****2233", "user 301"]
    assert PHONE[2:] not in repr(BY_PHONE)

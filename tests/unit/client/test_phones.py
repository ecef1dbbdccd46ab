from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import phones
from airflow_provider_wahelp.client.errors import InputError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("+71234567890", "+71234567890"),
        ("79161234567", "+79161234567"),
        (79161234567, "+79161234567"),
        (" +7 (916) 123-45-67 ", "+79161234567"),
        ("+7\u00a0916\u00a0123.45.67", "+79161234567"),
        ("8 916 123-45-67", "+79161234567"),
        ("89161234567", "+79161234567"),
        ("+375291234567", "+375291234567"),
        ("4915112345678", "+4915112345678"),
        ("+49 151.12345678", "+4915112345678"),
        ("+84951234567", "+84951234567"),
    ],
)
def test_a_number_is_a_plus_and_digits(given: Any, expected: str) -> None:
    assert phones.normalise(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        None, "", "Anna", "12345", "+7 916", "+79161234567890123", "+7916123456a", "++79161234567",
        "7+9161234567", "+0009161234567", "+89161234567", True, ["+79161234567"],
        79161234567.0, 4915112345678.0, "4915112345678.0", "+٧٩١٦١٢٣٤٥٦٧", "\ud83d",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_number_is_refused_unquoted(given: Any) -> None:
    with pytest.raises(InputError, match="phone: must be a phone number") as caught:
        phones.normalise(given)
    assert len(str(given)) < 7 or str(given) not in str(caught.value)


def test_a_number_that_python_does_not_spell_is_none() -> None:
    with pytest.raises(InputError, match="phone: must be a phone number"):
        phones.normalise(10**5000)


def test_parsing_a_dag_costs_no_numbering_plans() -> None:
    assert phones.check("+7 916 123") == "+7 916 123"


@pytest.mark.parametrize("given", ["+7 (916) 123-45-67", "79161234567", 79161234567])
def test_numbers_are_compared_by_digits(given: Any) -> None:
    assert phones.digits(given) == "79161234567"

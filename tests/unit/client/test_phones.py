"""What a phone may be written as, and which number it is."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_wahelp.client import phones
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.phone_text import MUST


class Whole:
    """A whole number that is not Python's own, as NumPy has them."""

    def __index__(self) -> int:
        return 79161234567


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("+71234567890", "+71234567890"),  # the number of Wahelp's guide, which nobody has
        ("71234567890", "+71234567890"),
        ("79161234567", "+79161234567"),
        (79161234567, "+79161234567"),
        (" +7 (916) 123-45-67 ", "+79161234567"),
        ("(+7) 916 123 45 67", "+79161234567"),
        ("+7\u00a0916\u00a0123.45.67", "+79161234567"),
        ("8 916 123-45-67", "+79161234567"),
        ("8 (916) 123-45-67", "+79161234567"),
        ("89161234567", "+79161234567"),
        ("8 701 000 00 01", "+77010000001"),
        ("77010000001", "+77010000001"),
        ("+375291234567", "+375291234567"),
        ("380501234567", "+380501234567"),
        ("4915112345678", "+4915112345678"),
        ("+49 151.12345678", "+4915112345678"),
        ("+84951234567", "+84951234567"),
        ("+7 812 234-56-78", "+78122345678"),  # begins with what is a prefix elsewhere
    ],
)
def test_a_number_is_a_plus_and_digits(given: Any, expected: str) -> None:
    assert phones.normalise(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("+44 (0) 20 7946 0958", "+442079460958"),
        ("+49 (0)30 123456", "+4930123456"),
        ("+54 11 15 2345 6789", "+5491123456789"),
        ("+54 9 11 2345 6789", "+5491123456789"),
        ("+789161234567", "+79161234567"),
        ("8 10 49 30 123456", "+4930123456"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("5215512345678", "+525512345678"),
        ("+39 06 1234 5678", "+390612345678"),
    ],
)
def test_no_typed_digit_stays_that_the_number_has_not(given: str, expected: str) -> None:
    assert phones.normalise(given) == expected
    assert phones.digits(given) == expected[1:]


@pytest.mark.parametrize(
    "given",
    [
        79161234567.0, Decimal(79161234567), Decimal("79161234567.00"), Decimal("7.9161234567E+10"), Whole(),
        "79161234567.0", "79161234567.00", "79161234567,00", "+79161234567.0", " 79161234567.0\u200e",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_whole_number_is_its_digits_whatever_type_a_table_has(given: Any) -> None:
    assert phones.normalise(given) == "+79161234567"


@pytest.mark.parametrize(
    "mark",
    [
        *"\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad",
        *(chr(code) for code in range(sys.maxunicode) if unicodedata.category(chr(code)) == "Zs"),
        *"\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63\t\n",
    ],
    ids=ascii,
)
def test_what_nobody_sees_and_what_divides_digits_is_no_part_of_a_number(mark: str) -> None:
    assert phones.normalise(f"{mark}+7{mark}916{mark}123-45{mark}67{mark}") == "+79161234567"
    assert phones.check(f"{mark}+7{mark}9161234567") is not None


@pytest.mark.parametrize("given", ["+٧٩١٦١٢٣٤٥٦٧", "＋７（９１６）１２３－４５－６７", "+७९१६१२३४५६७"])  # noqa: RUF001
def test_digits_of_any_script_are_digits(given: str) -> None:
    assert phones.normalise(given) == "+79161234567"


def test_a_link_is_the_number_that_it_calls() -> None:
    assert (
        phones.normalise("tel:+7-916-123-45-67") == phones.normalise("TEL: 8 916 1234567") == "+79161234567"
    )


@pytest.mark.parametrize(
    ("given", "region", "expected"),
    [
        ("9161234567", "RU", "+79161234567"),
        ("(916) 123-45-67", "ru", "+79161234567"),
        ("9161234567", "KZ", "+79161234567"),
        (9161234567.0, "RU", "+79161234567"),
        ("8 (916) 123-45-67", "RU", "+79161234567"),
        ("84951234567", "RU", "+74951234567"),
        ("84951234567", "KZ", "+74951234567"),
        ("84951234567", "VN", "+84951234567"),
        ("7010000001", "KZ", "+77010000001"),
        ("87010000001", "RU", "+77010000001"),
        ("80291234567", "BY", "+375291234567"),
        ("8 029 123-45-67", "BY", "+375291234567"),
        ("0501234567", "UA", "+380501234567"),
        ("79161234567", "RU", "+79161234567"),
        ("79161234567", "BY", "+79161234567"),
        ("79161234567", "KZ", "+79161234567"),
        ("380501234567", "RU", "+380501234567"),
        ("8 10 49 30 123456", "RU", "+4930123456"),
        ("81049 30 123456", "KZ", "+4930123456"),
        ("0049 30 123456", "FR", "+4930123456"),
        ("011 49 30 123456", "US", "+4930123456"),
        ("+49 30 123456", "RU", "+4930123456"),
        ("11 15 2345 6789", "AR", "+5491123456789"),
        ("5215512345678", "MX", "+525512345678"),
    ],
)
def test_a_number_without_a_country_code_is_of_the_country_that_is_named(
    given: Any, region: str, expected: str
) -> None:
    assert phones.normalise(given, default_region=region) == expected


@pytest.mark.parametrize("given", ["9161234567", "9251234567", "9601234567", "9607712345", "501234567"])
def test_a_number_of_no_country_is_refused_and_the_argument_named(given: str) -> None:
    with pytest.raises(InputError, match=r"it has no country code; .*default_region"):
        phones.normalise(given)


@pytest.mark.parametrize("given", ["80291234567", "00493012345678", "8 (029) 123-45-67"])
def test_a_national_form_of_a_country_that_is_not_known_is_refused(given: str) -> None:
    with pytest.raises(InputError, match=r"no country has such a number; .*default_region"):
        phones.normalise(given)


def test_a_number_of_two_readings_is_refused_with_both() -> None:
    with pytest.raises(InputError, match=r"a number of VN, or one of RU as dialled there; .*default_region"):
        phones.normalise("84951234567")
    assert phones.normalise("8 (495) 123-45-67") == "+74951234567"  # nobody writes Vietnam's so


@pytest.mark.parametrize("region", [None, "RU", "US"])
@pytest.mark.parametrize(
    "given",
    [
        "+79990000", "+12345678", "+79161234567890123", "+0009161234567", "+89161234567", "+999123456789",
        "+7916123456", "1" * 11,
    ],
)  # fmt: skip
def test_what_no_country_has_is_refused(given: str, region: str | None) -> None:
    with pytest.raises(InputError):
        phones.normalise(given, region)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "missing"),
        (float("nan"), "missing"),
        (Decimal("NaN"), "missing"),
        (float("inf"), "number of digits"),
        (True, "of type bool"),
        (["+79161234567"], "of type list"),
        (b"+79161234567", "of type bytes"),
        (79161234567.5, "fraction"),
        (Decimal("79161234567.5"), "fraction"),
        ("79161234567.5", "fraction"),
        ("4930123456,75", "fraction"),
        (-79161234567, "number of digits"),
        (10**5000, "number of digits"),
        (Decimal("1E+5000"), "number of digits"),
        ("", "empty"),
        (" \u200e", "empty"),
        ("12345", "too few"),
        ("+7 916", "too few"),
        ("++79161234567", "plus in the wrong place"),
        ("7+9161234567", "something else"),
        ("Anna", "something else"),
        ("+7916123456a", "something else"),
        ("\ud83d", "something else"),
        ("None", "something else"),
        ("7.9161234567E+10", "spreadsheet"),
        ("7,916E+10", "spreadsheet"),
        ("+79161234567 доб. 12", "extension"),
        ("+79161234567 ext. 5", "extension"),
        ("+79161234567x5", "extension"),
        ("+79161234567#5", "extension"),
        ("tel:+79161234567;ext=5", "extension"),
        ("+79161234567, +79031112233", "something else"),
    ],
    ids=lambda given: ascii(given) if isinstance(given, str) else "",
)
def test_what_is_no_number_is_refused_unquoted_with_what_to_do(given: Any, why: str) -> None:
    for refused in (phones.normalise, phones.check):
        with pytest.raises(InputError) as caught:
            refused(given)
        assert str(caught.value).startswith(f"phone: {MUST}: ")
        assert why in str(caught.value)
        assert not re.search(r"\d{3}|916", str(caught.value))


@pytest.mark.parametrize("value", ["Russia", "R", "+7", 7, "RUS", "\u0420\u0424"])
def test_a_country_is_named_by_its_code(value: Any) -> None:
    for refused in (phones.check_region, phones.normaliser):
        with pytest.raises(InputError, match="default_region: must be the ISO code of a country"):
            refused(value)


def test_a_country_that_does_not_exist_is_refused_once_the_plans_are_there() -> None:
    assert phones.check_region(" ru ") == "RU"
    assert phones.check_region("") is phones.check_region(None) is None
    with pytest.raises(InputError, match="default_region"):
        phones.normalise("9161234567", "XX")


@pytest.mark.parametrize("given", ["+7 916 123", "9161234567", "8 10 49 30 123456", "+52 1 55 1234 5678"])
def test_parsing_a_dag_refuses_only_what_is_no_number_anywhere(given: str) -> None:
    assert phones.check(f" {given} ") == given


def test_parsing_a_dag_costs_no_numbering_plans() -> None:
    code = (
        "import sys; from airflow_provider_wahelp.client import phones as p;"
        "p.check('+7 916 123'); p.check_region('RU'); assert 'phonenumbers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "given", ["+7 (916) 123-45-67", "79161234567", 79161234567, "8 916 123 45 67", 79161234567.0]
)
def test_numbers_are_compared_by_digits(given: Any) -> None:
    assert phones.digits(given) == "79161234567"


@pytest.mark.parametrize(
    ("given", "expected"), [("84951234567", "84951234567"), ("+7 916", "7916"), ("Anna", ""), (None, "")]
)
def test_what_is_no_number_is_compared_by_the_digits_that_it_has(given: Any, expected: str) -> None:
    assert phones.digits(given) == expected

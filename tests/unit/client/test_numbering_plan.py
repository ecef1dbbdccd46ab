"""The compiled numbering plans against ``phonenumbers``, over numbers of all regions.

More than a hundred thousand are compared; with ``WAHELP_NUMBERS=10``, a fifth of that.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import phonenumbers
import pytest
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc

from airflow_provider_wahelp.client import phones
from airflow_provider_wahelp.client.errors import InputError

DIGITS = "0123456789"
FICTIONAL = "+7123456"
EACH = int(os.environ.get("WAHELP_NUMBERS") or 46)
"""Numbers of each kind of each region, written as at home and as abroad."""


def _reference(written: str, region: str | None) -> str:
    """Return what ``phonenumbers`` makes of a number; ``""`` if it is not valid."""
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return ""
    valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else ""


def _ours(written: str, region: str | None) -> str:
    try:
        return phones.normalise(written, region)
    except InputError:
        return ""


def _nationals(chance: random.Random, plan: PhoneMetadata) -> Iterator[str]:
    """Yield numbers at the edges of a plan: an example of each kind, with some of its digits changed."""
    kinds = [kind for kind in vars(plan).values() if isinstance(kind, PhoneNumberDesc)]
    for example in filter(None, (kind.example_number for kind in kinds)):
        for _ in range(EACH):
            head = chance.randrange(len(example) + 1)
            number = example[:head] + "".join(chance.choices(DIGITS, k=len(example) - head))
            yield chance.choice([number, number, number, number[:-1], number + chance.choice(DIGITS)])


def _plans() -> Iterator[tuple[int, str, PhoneMetadata]]:
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        for region in regions:
            plan = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            assert plan is not None
            yield code, region, plan


def _prefixes(code: int, plan: PhoneMetadata) -> list[str]:
    """Return what may stand before a number in its country."""
    national = plan.national_prefix or ""
    abroad = (plan.preferred_international_prefix or plan.international_prefix or "").replace("~", "")
    abroad = abroad if abroad.isdigit() else "00"
    ways = [f"{abroad}{other}" for other in (code, 1, 7, 44)]
    return [
        "",
        "",
        national,
        national,
        str(code),
        f"{code}{national}",
        f"{national}15",
        "0",
        "8",
        "15",
        *ways,
    ]


def _old_mexican(number: str) -> str:
    return f"+52{number[4:]}" if number.startswith("+521") else number


def test_numbers_of_all_regions_are_what_phonenumbers_says() -> None:
    chance = random.Random(20261128)
    compared = valid = 0
    for code, region, plan in _plans():
        prefixes = _prefixes(code, plan)
        for national in _nationals(chance, plan):
            abroad = f"+{code}{chance.choice(['', '', '', *prefixes])}{national}"
            home = f"{chance.choice(prefixes)}{national}"
            expected = _reference(abroad, None)
            found = _ours(abroad, None)
            assert found == expected or _excused(abroad, found, expected), abroad
            compared, valid = compared + 1, valid + bool(expected)
            if region != "001":  # no country
                expected, found = _reference(home, region), _ours(home, region)
                assert found == expected or _excused(f"+{home}", found, expected, least=11), (home, region)
                compared, valid = compared + 1, valid + bool(expected)
    assert compared > 2_200 * EACH
    assert compared / 5 < valid < compared * 4 / 5


def _excused(number: str, found: str, expected: str, least: int = 0) -> bool:
    """Return whether we know better, or refuse what is too short or too long to be looked at."""
    if not found:
        return not 7 <= len(number) - 1 <= (15 if least else 17)
    international = {_reference(number, None), _reference(_old_mexican(number), None)}
    ours = found in international and len(number) > least
    return not expected and (ours or found.startswith(FICTIONAL))


@pytest.mark.parametrize("number", ["+79161234567", "+442079460958", "+12125550123", "+5491123456789"])
def test_a_number_that_is_e164_is_not_asked_of_phonenumbers(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(phonenumbers, "parse")
    assert phones.normalise(number) == number
    assert phones.normalise(number[1:]) == number


@pytest.mark.parametrize(
    ("written", "region"),
    [("9161234567", "RU"), ("8 (916) 123-45-67", "RU"), ("79161234567", "RU"), ("79161234567", "KZ")],
)
def test_the_usual_forms_of_a_country_are_not_asked_of_phonenumbers(
    written: str, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones.normaliser(region)
    monkeypatch.delattr(phonenumbers, "parse")
    assert phones.normalise(written, region) == "+79161234567"


def test_whatever_is_in_a_cell_is_not_remembered() -> None:
    from airflow_provider_wahelp.client import numbering_plan

    phones.normalise("+79161234567")
    before = len(numbering_plan._TAKEN)
    for number in range(2000):
        _ours(f"+0{number}9161234567", None)
        _ours(f"Anna {number}", None)
    assert len(numbering_plan._TAKEN) == before

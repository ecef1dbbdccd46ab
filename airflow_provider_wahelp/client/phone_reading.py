"""Which number a phone is: what was written, read by the numbering plans."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_wahelp.client.numbering_plan import Region, country, international, taken
from airflow_provider_wahelp.client.phone_text import refuse, written

_WITH_COUNTRY_CODE = 11  # digits: Spain's own have nine, Russia's, India's and America's ten
_RUSSIAN_NATIONAL = re.compile(r"8[0-9]{10}")
_RUSSIAN_ABROAD = re.compile(r"810[1-9][0-9]+")
_SPOKEN_NATIONAL = re.compile(r"\W*8[^0-9]")
_HOW = 'write it with + and its country code, or name its country in default_region, e.g. "RU"'
_NOBODY = "no country has such a number"


class Reader:
    """Makes E.164 of phones, as :mod:`~airflow_provider_wahelp.client.phones` says.

    :param region: the country of numbers without a country code; ``None`` where nothing is known of it.
    """

    __slots__ = ("_region",)

    def __init__(self, region: Region | None) -> None:
        self._region = region

    def __call__(self, phone: Any) -> str:
        """Return a phone as E.164.

        :param phone: a phone number in any form.
        :raises InputError: if it is no valid number, or may be more than one.
        """
        if type(phone) is str and phone[:1] == "+" and taken(phone):
            return phone
        number = written(phone)
        if number[0] == "+":
            return international(number) or refuse(_NOBODY)
        if self._region:
            return self._region.read(number) or _with_country_code(number) or refuse(f"{_NOBODY}; {_HOW}")
        if number[0] != "8" and len(number) >= _WITH_COUNTRY_CODE and taken(f"+{number}"):
            return f"+{number}"
        return _of_no_country(number, spoken=bool(_SPOKEN_NATIONAL.match(str(phone))))


def _with_country_code(digits: str) -> str:
    return international(f"+{digits}") if len(digits) >= _WITH_COUNTRY_CODE else ""


def _of_no_country(digits: str, *, spoken: bool) -> str:
    if len(digits) < _WITH_COUNTRY_CODE:
        refuse(f"it has no country code; {_HOW}")
    national = _russian(digits)
    if national and spoken:
        return national
    abroad = _with_country_code(digits)
    if national and abroad:
        refuse(
            f"it may be a number of {country(abroad)}, or one of {country(national)} as dialled there; {_HOW}"
        )
    return national or abroad or refuse(f"{_NOBODY}; {_HOW}")


def _russian(digits: str) -> str:
    """Return what a number is that was written as Russians and Kazakhs dial it; ``""`` if none."""
    if _RUSSIAN_ABROAD.fullmatch(digits) and (found := international(f"+{digits[3:]}")):
        return found
    return international(f"+7{digits[1:]}") if _RUSSIAN_NATIONAL.fullmatch(digits) else ""

"""Phone numbers: whatever a phone was written as becomes E.164, in one place.

How a number is read, where a *country* is what ``default_region`` names:

1. Marks that nobody sees, spaces, dashes, brackets and dots are dropped; digits of any script are digits; a
   whole number of any type is its digits (``79990000001.0`` as well); ``tel:`` is dropped. Anything else,
   an extension as well, is refused.
2. With a ``+``: as ``phonenumbers`` reads it. What is not valid by the country's numbering plan is refused.
   Mexico's old mobile form, ``+52 1`` and ten digits, is the number without the 1.
3. Without a ``+``, and with a country: as that country writes its own numbers, and those abroad with its
   international prefix. If it has no such number, eleven digits and more are a number with its country code.
4. Without a ``+`` and a country: fewer than eleven digits are refused, as many countries have such numbers.
   Eleven and more are a number with its country code. But ``8`` and ten digits may be a number of Russia or
   Kazakhstan as it is dialled there, and ``810`` their way abroad. If one of the two readings is a valid
   number, that is taken. If both are, it is the one of there where something stands after the 8, as in
   ``8 (495)``; otherwise the number is refused.

One person is one number: no typed digit stays that the number has not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from airflow_provider_wahelp.client.base_error import InputError

_REGION = r"\s*([A-Za-z]{2})\s*"
_REGION_MUST = 'must be the ISO code of a country, e.g. "RU"'


def digits(phone: object) -> str:
    """Return the digits of a phone number: what numbers are compared by (docs/api.md, 4.2).

    :param phone: a phone number in any form; of what is none, its digits as they are.
    """
    try:
        return normalise(phone)[1:]
    except InputError:
        return re.sub(r"[^0-9]", "", str(phone))


def check(phone: Any) -> str:
    """Refuse what cannot be a phone number, cheaply enough for the parsing of a DAG.

    :param phone: a phone number in any form.
    :return: the number as it was given, as a string.
    :raises InputError: if it is none.
    """
    from airflow_provider_wahelp.client.phone_text import written  # a DAG file hardly ever names a phone

    found = written(phone)
    return phone.strip() if isinstance(phone, str) else found


def check_region(value: Any) -> str | None:
    """Return the country of numbers that are written without a country code, cheaply; ``None`` for none.

    :param value: its ISO code, e.g. ``RU``.
    :raises InputError: if it cannot be one.
    """
    if value is None or value == "":
        return None
    found = re.fullmatch(_REGION, value) if isinstance(value, str) else None
    if not found:
        raise InputError("default_region", _REGION_MUST)
    return found[1].upper()


def normalise(phone: Any, default_region: str | None = None) -> str:
    """Return a phone number as E.164, ``+`` and digits; see the module for what is understood.

    :param phone: a phone number in any form.
    :param default_region: the ISO code of the country of numbers without a country code.
    :raises InputError: if it is no valid number, or may be more than one.
    """
    return normaliser(default_region)(phone)


@cache
def normaliser(default_region: str | None = None) -> Callable[[Any], str]:
    """Return what makes E.164 of many phones: :func:`normalise` for one country.

    :param default_region: the ISO code of the country of numbers without a country code.
    :raises InputError: if there is no such country.
    """
    from airflow_provider_wahelp.client.numbering_plan import Region, is_region
    from airflow_provider_wahelp.client.phone_reading import Reader

    name = check_region(default_region)
    if name and not is_region(name):
        raise InputError("default_region", _REGION_MUST)
    return Reader(Region(name) if name else None)

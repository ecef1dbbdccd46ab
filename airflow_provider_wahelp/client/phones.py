"""Phone numbers, normalised in one place."""

from __future__ import annotations

import re

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError

_ALLOWED = re.compile(r"(?!\d+\.\d$)\+?[0-9\s().\-\u00a0]+")  # not 79161234567.0, as tables give it
_SHORTEST, _LONGEST = 7, 15  # E.164
_MUST = "must be a phone number with its country code, e.g. +7XXXXXXXXXX"  # digits would be masked
_SPOKEN_NATIONAL = re.compile(r"8[\s(\-\u00a0]")  # "8 (495) ..." is Moscow, "84951..." is Vietnam
_RUSSIAN_NATIONAL = re.compile(r"8\d{10}")


def digits(phone: object) -> str:
    """Return the digits of a phone number: what numbers are compared by (docs/api.md, 4.2).

    :param phone: a phone number in any form.
    """
    return re.sub(r"[^0-9]", "", str(phone))


def check(phone: object) -> str:
    """Refuse what cannot be a phone number, cheaply enough for the parsing of a DAG.

    :param phone: a phone number, with or without ``+`` and punctuation.
    :return: the number as it was given, as a string.
    :raises InputError: if it is none.
    """
    text = arguments.spelt(phone).strip()
    if not _ALLOWED.fullmatch(text) or not _SHORTEST <= len(digits(text)) <= _LONGEST:
        raise InputError("phone", _MUST)
    return text


def normalise(phone: object) -> str:
    """Return a phone number as ``+`` and digits, checked against its country's numbering plan.

    A Russian number in its national form (``8`` and ten digits) is understood, where it cannot be the
    number of another country.

    :param phone: a phone number, with or without ``+`` and punctuation.
    :raises InputError: if it is no number that could exist.
    """
    text = check(phone)
    if _SPOKEN_NATIONAL.match(text) and _RUSSIAN_NATIONAL.fullmatch(digits(text)):
        return f"+7{digits(text)[1:]}"
    if _possible(f"+{digits(text)}"):
        return f"+{digits(text)}"
    if not text.startswith("+") and _RUSSIAN_NATIONAL.fullmatch(digits(text)):
        return f"+7{digits(text)[1:]}"
    raise InputError("phone", _MUST)


def _possible(number: str) -> bool:
    import phonenumbers  # 60 ms, and a DAG file never needs it

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False

"""What a phone was written as, reduced to a plus and digits; knows nothing of countries."""

from __future__ import annotations

import math
import operator
import re
from decimal import Decimal
from itertools import chain
from typing import Any, NoReturn

from airflow_provider_wahelp.client.base_error import InputError

MUST = "must be a phone number with its country code, e.g. +7 and ten digits"  # an example would be masked

# fmt: off
_INVISIBLE = (
    0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
)
_SPACES = (
    *range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F,
    0x3000,
)
_DASHES = (
    0x2D, *range(0x2010, 0x2016), 0x2043, 0x207B, 0x2212, 0x2E3A, 0x2E3B, 0x30FC, 0xFE58, 0xFE63, 0xFF0D,
)
# fmt: on
_HIDDEN = dict.fromkeys(chain(_INVISIBLE, _SPACES))
_PUNCTUATION = tuple(map(ord, "().（）．"))  # noqa: RUF001 - as wide as a digit that was written so
_MARKS: dict[int, str | None] = {
    **dict.fromkeys(chain(_INVISIBLE, _SPACES, _DASHES, _PUNCTUATION)),
    **dict.fromkeys((0xFE62, 0xFF0B), "+"),
}
_BARE = re.compile(  # E.164 has 15 digits at most; a prefix may come on top
    r"\+[0-9]{7,17}|[0-9]{7,15}|(?:810|0)[0-9]{7,18}"
)
# These are compiled when they are first used: a DAG file hardly ever needs them.
_LINK = r"(?i)\W*tel:"
# A number of a table, "79990000001.0". Where dots divide a phone, fewer digits stand before the first.
_DECIMAL = r"(\W*(?:\d{10,}|\d{7,9}(?=[.,]\d\W*\Z)))[.,](\d+)\W*"
_POWER = r"\W*\d+([.,]\d+)?[eE]\+?\d+\W*"
_EXTENSION = r"(?i)доб|вн|ext|#|[xх;]|,\s*\d{1,5}\W*\Z"  # noqa: RUF001 - both alphabets
_MOST = 10**19


def refuse(why: str) -> NoReturn:
    """Refuse a phone.

    :param why: what is wrong with it and what to do, without what was written.
    """
    raise InputError("phone", f"{MUST}: {why}")


def written(phone: Any) -> str:
    """Return the digits of a phone, after a ``+`` where it was written with one.

    :param phone: a text, or a whole number of whatever type tables have.
    :raises InputError: if it cannot be a phone of any country.
    """
    text = phone if isinstance(phone, str) else _spelt(phone)
    if _BARE.fullmatch(text):
        return text
    if "." in text or "," in text:
        text = _whole(text)
    bare = text.translate(_MARKS)
    return bare if _BARE.fullmatch(bare) else _unusual(text)


def _spelt(phone: Any) -> str:
    if phone is None:
        refuse("it is missing (NULL)")
    number = _of_float(phone) if isinstance(phone, float | Decimal) else _of_index(phone)
    return str(number) if 0 < number < _MOST else refuse("no phone has such a number of digits")


def _of_float(phone: float | Decimal) -> int:
    if math.isnan(phone):
        refuse("it is missing (NaN)")
    if not -_MOST < phone < _MOST:
        return _MOST
    return (
        int(phone)
        if phone == int(phone)
        else refuse("it is a number with a fraction; give the phone as text")
    )


def _of_index(phone: Any) -> int:
    """Return a whole number as Python has it: NumPy's are not its own."""
    if isinstance(phone, bool) or not hasattr(phone, "__index__"):
        refuse(f"it is of type {type(phone).__name__}; give it as text, or as a whole number")
    return operator.index(phone)


def _whole(text: str) -> str:
    found = re.fullmatch(_DECIMAL, text.translate(_HIDDEN))
    if not found:
        return text
    if found[2].strip("0"):
        refuse("it is a number with a fraction; give the phone as text")
    return found[1]


def _unusual(text: str) -> str:
    """Return the digits of a phone that is a link, or in other digits than ours."""
    link = re.match(_LINK, text)
    text = text[link.end() :] if link else text
    bare = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text.translate(_MARKS))
    return bare if _BARE.fullmatch(bare) else refuse(_why(text, bare))


def _why(text: str, bare: str) -> str:
    if not bare:
        return "it is empty"
    if re.fullmatch(_POWER, text):
        return "a spreadsheet has rounded it (7.9E+10); format the column as text and export it again"
    if bare.lstrip("+").isdecimal():
        return "it has too few or too many digits, or a plus in the wrong place"
    if bare[:7].lstrip("+").isdecimal() and re.search(_EXTENSION, text):
        return "a message cannot go to an extension; give the number of a person, and one number only"
    return "it holds something else than digits and punctuation"

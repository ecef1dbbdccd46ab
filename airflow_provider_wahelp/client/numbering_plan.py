"""The numbering plans of the world, as compiled patterns: which numbers exist, and how a country writes them.

``phonenumbers`` has the plans and is the reference. A pattern decides the usual case, a number that is valid
as it stands, in a fiftieth of the time; whatever it does not take is asked of ``phonenumbers`` itself. A
test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import cast

import phonenumbers  # 60 ms, and a DAG file never needs it: import this module only where a phone is read
from phonenumbers import PhoneMetadata

_KINDS = (  # what a number can be, the likeliest first
    "mobile", "fixed_line", "voip", "toll_free", "premium_rate", "shared_cost", "personal_number", "pager",
    "uan", "voicemail",
)  # fmt: skip
_FICTIONAL = {7: r"123456\d{4}"}  # the number of Wahelp's guide and its neighbours: nobody has them
_OLD_MOBILE = {52: "1"}  # Mexico gave it up in 2019, and WhatsApp still writes it
_NEVER = re.compile(r"(?!)")
_HEAD = re.compile(r"\+[1-9][0-9]{2}")


class Plan:
    """The numbering plan of a calling code, which several countries may share.

    :param code: the calling code.
    """

    def __init__(self, code: int) -> None:
        countries = [_metadata(code, region) for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]]
        main, plus = countries[0], rf"\+{code}"
        self._start = len(f"+{code}")
        self._prefix = _compiled(main.national_prefix_for_parsing)
        self._viable = _compiled(main.general_desc.national_number_pattern if main.general_desc else None)
        valid = rf"{plus}(?:{_valid(countries)}|{_FICTIONAL.get(code, '(?!)')})"
        self.valid = re.compile(valid, re.ASCII).fullmatch
        # A prefix that may be empty, as Argentina's, would refuse every number here.
        plain = rf"(?!{plus}(?:{self._prefix.pattern})){valid}"
        fast = None if self._prefix.match("") else re.compile(plain, re.ASCII).fullmatch
        #: Returns something true for a number that is valid and would not be taken for one with a prefix.
        self.takes: Callable[[str], object] = fast or self.keeps

    def keeps(self, number: str) -> bool:
        """Return whether a number is valid, and stays what it is, though its start looks like a prefix.

        :param number: ``+`` and digits.
        """
        return bool(self.valid(number)) and not self._changes(number[self._start :])

    def _changes(self, national: str) -> bool:
        """Return whether ``phonenumbers`` might take something off the start of a number."""
        prefix = self._prefix.match(national)
        if not prefix or not prefix.end():
            return False
        rest, viable = national[prefix.end() :], self._viable.fullmatch
        return bool(prefix.lastindex or not viable(national) or viable(rest))


class Region:
    """How a country writes its own numbers, and those of others.

    :param name: its ISO code, e.g. ``RU``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        home = _metadata(phonenumbers.country_code_for_region(name), name)
        self._code = str(home.country_code)
        self._abroad = _compiled(home.international_prefix)
        self._prefix = _compiled(home.national_prefix_for_parsing)
        starts = rf"{self._abroad.pattern}|{self._prefix.pattern}|{self._code}"
        self._plain = _compiled(rf"(?!{starts})[0-9]+")
        self._valid = _plan(home.country_code or 0).valid
        self._lengths = home.general_desc.possible_length if home.general_desc else ()

    def read(self, digits: str) -> str:
        """Return what digits without a plus are in this country, as E.164; ``""`` if no number.

        :param digits: the digits as they were written.
        """
        if self._plain.fullmatch(digits):
            return number if self._valid(number := f"+{self._code}{digits}") else ""
        prefix = self._prefix.match(digits)
        if self._abroad.match(digits) or (prefix and prefix.lastindex):
            return asked(digits, self.name)
        shorter = {digits.removeprefix(self._code), digits[prefix.end() if prefix else 0 :]} - {digits}
        found = [number for rest in shorter if taken(number := f"+{self._code}{rest}")]
        clear = len(found) == 1 and len(found[0]) - len(self._code) - 1 in self._lengths
        return found[0] if clear and not self._valid(f"+{self._code}{digits}") else asked(digits, self.name)


class _Taken(dict[str, Callable[[str], object]]):
    """By the first four characters of a number: whether the plan of its calling code takes it."""

    def __missing__(self, head: str) -> Callable[[str], object]:
        code = _code(head)
        if not code:
            return _NEVER.match  # and forget it: anything can be written in a cell
        self[head] = _plan(code).takes
        return self[head]


_TAKEN = _Taken()


def taken(number: str) -> object:
    """Return, truthy or falsy, whether a text is a valid number in E.164: nothing is to be done to it.

    :param number: any text.
    """
    return _TAKEN[number[:4]](number)


def international(number: str) -> str:
    """Return a number with its country code as E.164; ``""`` if no country has it.

    :param number: ``+`` and digits.
    """
    if taken(number):
        return number
    code = _code(number[:4])
    if not code:
        return ""
    return number if _plan(code).keeps(number) else asked(number, None) or _without_old_mobile(number, code)


def asked(number: str, region: str | None) -> str:
    """Return a number as ``phonenumbers`` reads it, as E.164; ``""`` if it is not valid.

    :param number: digits, after a plus or not.
    :param region: the country that digits without a plus were written in.
    """
    try:
        found = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(found):
        return ""
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def country(number: str) -> str:
    """Return the ISO code of the country that a number belongs to.

    :param number: a valid number in E.164.
    """
    return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""


def is_region(name: str) -> bool:
    """Return whether a country has a numbering plan.

    :param name: its ISO code.
    """
    return name in phonenumbers.SUPPORTED_REGIONS


@cache
def _plan(code: int) -> Plan:
    return Plan(code)


def _code(head: str) -> int:
    """Return the calling code that a number begins with; 0 if there is none."""
    if not _HEAD.fullmatch(head):
        return 0
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return next((code for end in (2, 3, 4) if (code := int(head[1:end])) in codes), 0)


def _metadata(code: int, region: str) -> PhoneMetadata:
    return cast("PhoneMetadata", PhoneMetadata.metadata_for_region_or_calling_code(code, region))


def _compiled(pattern: str | None) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII) if pattern else _NEVER


def _without_old_mobile(number: str, code: int) -> str:
    old = f"+{code}{_OLD_MOBILE.get(code, '-')}"
    return asked(f"+{code}{number[len(old) :]}", None) if number.startswith(old) else ""


def _valid(countries: list[PhoneMetadata]) -> str:
    """Return a pattern of the valid numbers of a calling code.

    The first digits that a country has for itself decide alone; otherwise any country may have the number.
    """
    pattern = "(?!)"
    for found in reversed(countries):
        own, leading = _numbers(found), found.leading_digits
        pattern = f"(?:(?={leading}){own}|(?!{leading}){pattern})" if leading else f"(?:{own}|{pattern})"
    return pattern


def _numbers(plan: PhoneMetadata) -> str:
    """Return a pattern of the numbers of a country that are of some kind: Germany has kinds with too many."""
    kinds = [getattr(plan, kind) for kind in _KINDS]
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    general = plan.general_desc.national_number_pattern if plan.general_desc else None
    return rf"(?=(?:{general or '(?!)'})\Z)(?:{'|'.join(dict.fromkeys(patterns))})"

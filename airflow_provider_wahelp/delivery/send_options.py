"""What the options of a send must be: its texts, its wait, its limits. Cheap: DAG files import it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, get_args

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.arguments import Awaited
from airflow_provider_wahelp.client.base_error import InputError

MOST_VARIANTS = 16
WAIT_TIMEOUT = timedelta(days=1)
FALLBACK_AFTER = timedelta(minutes=10)
POLL_INTERVAL = 30.0
DAILY_CAP = 300
"""Messages a number and day, as the vendor's support says (docs/api.md, 6)."""

_DAY = 86_400.0
LONGEST = 90 * _DAY
"""Seconds of the longest period of ``per_person``: for so long it is remembered who was written to."""

_UNITS = {"hour": 3600.0, "day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY}
_SPELT = rf"(\d{{1,9}}) per (?:(\d{{1,9}}) )?({'|'.join(_UNITS)})s?"


class PerPerson:
    """So many messages at most to one person in any period. A plain class: each DAG file waits for it.

    :param seconds: the period.
    :param words: how the author has spelt it.
    """

    def __init__(self, most: int, seconds: float, words: str) -> None:
        self.most = most
        self.seconds = seconds
        self.words = words


def message_texts(value: Any) -> Any:
    """Return the text of a message, or a list of texts, of which each person gets one."""
    return each_checked(value, arguments.text) if isinstance(value, list | tuple) else arguments.text(value)


def each_checked(values: Sequence[Any], check: Callable[[Any], str]) -> list[str]:
    """Return texts, each of which is checked.

    :raises InputError: if one is wrong, with its number, counted from 1; or if they are too many.
    """
    if not 0 < len(values) <= MOST_VARIANTS:
        raise InputError("text", f"must be a text, or a list of {MOST_VARIANTS} at most")
    return [_numbered(number, value, check) for number, value in enumerate(values, start=1)]


def fallback(value: Any) -> list[str]:
    """Return the channels to try after the first one."""
    listed = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
    try:
        uuids = [arguments.channel_uuid(uuid) for uuid in listed]
    except InputError:
        uuids = []
    if not uuids:
        raise InputError("fallback", "must be a list of channels, each by its uuid")
    return uuids


def remember_in(value: Any) -> str:
    """Return where to remember which channel has reached whom: a Variable's name, or a path."""
    if not isinstance(value, str) or not value.strip():
        raise InputError("remember_in", "must be the name of an Airflow Variable or an object storage path")
    return value.strip()


def require_fallback(channels: Any, **given: Any) -> None:
    """Refuse arguments that mean nothing without ``fallback``.

    :param given: the arguments that need it.
    :raises InputError: naming the first of them.
    """
    for name, value in given.items():
        if value is not None and not channels:
            raise InputError(name, "needs fallback: another channel to try")


def seconds(value: Any, argument: str) -> float:
    """Return a duration in seconds.

    :raises InputError: if it is anything else.
    """
    try:
        number = value.total_seconds() if isinstance(value, timedelta) else float(str(value))
    except ValueError:
        number = 0.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise InputError(argument, "must be a timedelta, or a number of seconds above 0")
    return number


wait_for: Callable[[Any], Awaited] = arguments.one_of("wait_for", get_args(Awaited))
wait_timeout = partial(seconds, argument="wait_timeout")
fallback_after = partial(seconds, argument="fallback_after")
poll_interval = partial(seconds, argument="poll_interval")
reminder_after = partial(seconds, argument="reminder_after")


def daily_cap(value: Any) -> int | None:
    """Return messages in 24 hours; ``None`` for no limit."""
    return None if value in (None, "") else whole(value, "daily_cap", "messages in 24 hours")


def per_person(value: Any) -> PerPerson:
    """Return the limit that is spelt ``3 per week``, ``1 per day`` or ``5 per 30 days``."""
    words = " ".join(str(value).split()).lower()
    found = re.fullmatch(_SPELT, words)
    most, times, unit = found.groups() if found else ("0", None, "day")
    seconds = int(times or 1) * _UNITS[unit]
    if not (int(most) and 0 < seconds <= LONGEST):
        must = 'must be so many messages in a time, 90 days at most, e.g. "3 per week" or "5 per 30 days"'
        raise InputError("per_person", must)
    return PerPerson(int(most), seconds, words)


def silent_for(value: Any) -> float:
    """Return in seconds for how long somebody must not have written to be left out."""
    words = " ".join(value.split()).lower() if isinstance(value, str) else ""
    if spelt := re.fullmatch(r"(\d{1,4}) ?(hour|day|week)s?", words):
        value = int(spelt[1]) * _UNITS[spelt[2]]
    try:
        return seconds(value, "silent_for")
    except InputError:
        must = 'must be a timedelta, a number of seconds above 0, or e.g. "30 days"'
        raise InputError("silent_for", must) from None


def yes_or_no(argument: str, value: Any) -> bool:
    """Return whether something is wanted: a word such as "no" must not mean yes."""
    if not isinstance(value, bool):
        raise InputError(argument, "must be True or False; it is no template")
    return value


def whole(value: Any, argument: str, unit: str) -> int:
    """Return a whole number above 0."""
    number = 0 if isinstance(value, bool) else arguments.whole(arguments.spelt(value).strip())
    if not number:
        raise InputError(argument, f"must be a whole number above 0: {unit}")
    return number


def _numbered(number: int, value: Any, check: Callable[[Any], str]) -> str:
    try:
        return check(value)
    except InputError as error:
        raise InputError("text", f"entry {number}: {error.must}") from None

"""What the limits of a send must be. Cheap: literals are checked when a DAG file is parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.wait_options import seconds

if TYPE_CHECKING:
    from airflow_provider_wahelp.delivery.limits.send_limits import PerPerson

DAILY_CAP = 300
"""Messages a number and day, as the vendor's support says (docs/api.md, 6)."""

_DAY = 86_400.0
LONGEST = 90 * _DAY
"""Seconds of the longest period of ``per_person``: for so long it is remembered who was written to."""

_UNITS = {"hour": 3600.0, "day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY}
_SPELT = rf"(\d{{1,9}}) per (?:(\d{{1,9}}) )?({'|'.join(_UNITS)})s?"


def daily_cap(value: Any) -> int | None:
    """Return messages in 24 hours; ``None`` for no limit."""
    return None if value in (None, "") else whole(value, "daily_cap", "messages in 24 hours")


def per_person(value: Any) -> PerPerson:
    """Return the limit that is spelt ``3 per week``, ``1 per day`` or ``5 per 30 days``."""
    from airflow_provider_wahelp.delivery.limits.send_limits import PerPerson

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

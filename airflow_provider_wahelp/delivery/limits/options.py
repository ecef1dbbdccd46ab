"""What the limits of a send must be. Cheap: literals are checked when a DAG file is parsed."""

from __future__ import annotations

from typing import Any, NamedTuple

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.limits.daily_cap import DAILY_CAP


class SendLimits(NamedTuple):
    """What holds a message back, besides the pace.

    :param daily_cap: messages in any 24 hours through the channel; ``None`` for no limit.
    :param warm_up: whether the channel's number is new.
    :param urgent: whether nothing of this holds it back; it counts all the same.
    """

    daily_cap: int | None = DAILY_CAP
    warm_up: bool = False
    urgent: bool = False


def daily_cap(value: Any) -> int | None:
    """Return messages in 24 hours; ``None`` for no limit."""
    return None if value in (None, "") else whole(value, "daily_cap", "messages in 24 hours")


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

"""What the manners of a mailing must be. Cheap: literals are checked when a DAG file is parsed."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.wait_options import seconds

_DAY = 86_400
_UNITS = {"hour": 3_600, "day": _DAY, "week": 7 * _DAY}
_SPELT = re.compile(rf"\s*(\d{{1,4}})\s*({'|'.join(_UNITS)})s?\s*", re.IGNORECASE)


def silent_for(value: Any) -> float:
    """Return in seconds for how long somebody must not have written to be left out."""
    if isinstance(value, str) and (spelt := _SPELT.fullmatch(value)):
        value = int(spelt[1]) * _UNITS[spelt[2].lower()]
    try:
        return seconds(value, "silent_for")
    except InputError:
        must = 'must be a timedelta, a number of seconds above 0, or e.g. "30 days"'
        raise InputError("silent_for", must) from None


def stop_after_complaints(value: Any) -> int:
    """Return how many people who ask to stop within an hour hold a mailing."""
    number = 0 if isinstance(value, bool) else arguments.whole(arguments.spelt(value).strip())
    if not number:
        raise InputError("stop_after_complaints", "must be a whole number above 0: people within an hour")
    return number


def channels(value: Any) -> list[str]:
    """Return the numbers that a mailing goes through; a template puts commas between them."""
    listed = value.split(",") if isinstance(value, str) else value
    try:
        uuids = [arguments.channel_uuid(uuid) for uuid in listed] if isinstance(listed, list | tuple) else []
    except InputError:
        uuids = []
    if len(uuids) < 2 or len(set(uuids)) < len(uuids):  # noqa: PLR2004
        raise InputError("channels", "must be a list of two channels or more, each once, by its uuid")
    return uuids


def check_together(given: Any, **others: Any) -> None:
    """Refuse what does not go together with several channels.

    :param given: the channels.
    :param others: arguments that are for one channel.
    """
    for name, value in others.items():
        if given and value:
            raise InputError("channels", f"does not go together with {name}")

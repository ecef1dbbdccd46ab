"""What the manners of a mailing must be. Cheap: literals are checked when a DAG file is parsed."""

from __future__ import annotations

from typing import Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.errors import InputError


def stop_after_complaints(value: Any) -> int:
    """Return how many people who ask to stop within an hour hold a mailing."""
    number = 0 if isinstance(value, bool) else arguments.whole(arguments.spelt(value).strip())
    if not number:
        raise InputError("stop_after_complaints", "must be a whole number above 0: people within an hour")
    return number


def complaints_to(value: Any) -> list[str]:
    """Return the phones that are asked whether a mailing goes on; a template puts commas between them."""
    listed = value.split(",") if isinstance(value, str) else value
    try:
        checked = [phones.check(phone) for phone in listed] if isinstance(listed, list | tuple) else []
    except InputError:
        checked = []
    if not checked:
        raise InputError("complaints_to", "must be a phone with its country code, or a list of them")
    return checked


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

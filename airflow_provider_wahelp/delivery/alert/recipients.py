"""Who an alert is for, and how it goes there. Cheap: literals are checked when a DAG file is parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.masking import mask_phone

_MUST = 'must be phone numbers with their country code, e.g. ["+71234567890"], or ids of users, e.g. [301]'
_SEPARATORS = re.compile(r"[,;\n]")


@dataclass(frozen=True)
class AlertRecipient:
    """One person, by phone or as a user of a channel.

    :param phone: the number; or
    :param user_id: the user.
    """

    phone: str = field(default="", repr=False)
    user_id: int | str | None = None

    def __str__(self) -> str:
        """Say who it is, masked."""
        return mask_phone(self.phone) if self.phone else f"user {self.user_id}"


@dataclass(frozen=True)
class Way:
    """How an alert goes.

    :param project_id: the project; the connection's by default.
    :param channels: the channels to try in turn; ``None`` is the connection's.
    :param name: the name of somebody who is added by phone.
    """

    project_id: int | str | None = None
    channels: Sequence[str | None] = (None,)
    name: str | None = None


def addressees(to: Any, phone: Any, user_id: Any) -> list[AlertRecipient]:
    """Return whom an alert is for, each once.

    :param to: phones and ids of users; or
    :param phone: one phone; or
    :param user_id: one user.
    :raises InputError: if it is not exactly one of the three, or not what it must be.
    """
    if sum(value not in (None, "", [], ()) for value in (to, phone, user_id)) != 1:
        raise InputError("to, phone, user_id", "exactly one of the three must say who is written to")
    if phone not in (None, ""):
        return [AlertRecipient(phone=phones.check(phone))]
    if user_id not in (None, ""):
        return [AlertRecipient(user_id=arguments.user_id(user_id))]
    return check_to(to)


def check_to(value: Any) -> list[AlertRecipient]:
    """Return the people of a list: a text is a phone, a number the id of a user.

    :param value: the list; a text, as a template makes it, may be several phones with commas between.
    :raises InputError: if it is no such list.
    """
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, Sequence) or not listed:
        raise InputError("to", _MUST)
    each = [part for entry in listed for part in _parts(entry)]
    return list(dict.fromkeys(map(_person, each)))


def _parts(value: Any) -> list[Any]:
    return _SEPARATORS.split(value) if isinstance(value, str) else [value]


def _person(value: Any) -> AlertRecipient:
    try:
        if isinstance(value, int):
            return AlertRecipient(user_id=arguments.user_id(value))
        return AlertRecipient(phone=phones.check(value))
    except InputError:
        raise InputError("to", _MUST) from None

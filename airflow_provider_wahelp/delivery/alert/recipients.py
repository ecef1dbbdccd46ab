"""The recipients of an alert, and its channels. Cheap: literals are checked when a DAG file is parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.masking import mask_phone

_MUST = 'must be phone numbers with their country code, e.g. ["+71234567890"], or ids of users, e.g. [301]'
_SEPARATORS = re.compile(r"[,;\n]")


@dataclass(frozen=True)
class AlertRecipient:
    """One person, by phone or as a user of a channel.

    :param phone: the number, as it was written until :meth:`with_number`; or
    :param user_id: the user.
    :param argument: what an error calls the phone.
    """

    phone: str = field(default="", repr=False)
    user_id: int | str | None = None
    argument: str = field(default="phone", repr=False, compare=False)

    def __str__(self) -> str:
        """Name the recipient, masked."""
        return mask_phone(self.phone) if self.phone else f"user {self.user_id}"

    @property
    def needs_region(self) -> bool:
        """Whether it depends on a country which number the phone is."""
        return bool(self.phone) and not self.phone.startswith("+")

    def with_number(self, region: str | None) -> Self:
        """Return the recipient with the normalised number.

        :param region: the country of a phone without a country code.
        :raises InputError: if the phone is no valid number.
        """
        if not self.phone:
            return self
        try:
            return replace(self, phone=phones.normalise(self.phone, region))
        except InputError as error:
            raise InputError(self.argument, error.must) from None


@dataclass(frozen=True)
class Channels:
    """The channels that an alert may go through.

    :param project_id: their project; ``None`` is the connection's.
    :param uuids: the channels, to be tried in turn; ``None`` is the connection's.
    :param name: the name under which a new phone is added to them; ``None``: its number.
    """

    project_id: int | str | None
    uuids: Sequence[str | None]
    name: str | None


def recipients(to: Any, phone: Any, user_id: Any) -> list[AlertRecipient]:
    """Return the recipients of an alert, each once.

    :param to: phones and ids of users; or
    :param phone: one phone; or
    :param user_id: one user.
    :raises InputError: if not exactly one of the three is given, or if it is not what it must be.
    """
    if sum(value not in (None, "", [], ()) for value in (to, phone, user_id)) != 1:
        raise InputError("to, phone, user_id", "exactly one of the three must be given")
    if phone not in (None, ""):
        return [AlertRecipient(phone=phones.check(phone))]
    if user_id not in (None, ""):
        return [AlertRecipient(user_id=arguments.user_id(user_id))]
    listed = [to] if isinstance(to, str) else to
    if not isinstance(listed, Sequence) or not listed:
        raise InputError("to", _MUST)
    each = [part for entry in listed for part in _parts(entry)]
    return list(dict.fromkeys(_recipient(part) for part in each))


def _parts(entry: Any) -> list[Any]:
    """Return the parts of an entry: a template may make several phones with commas between."""
    return _SEPARATORS.split(entry) if isinstance(entry, str) else [entry]


def _recipient(value: Any) -> AlertRecipient:
    """Return the recipient that an entry names: a text is a phone, a number is the id of a user."""
    try:
        if isinstance(value, int):
            return AlertRecipient(user_id=arguments.user_id(value))
        return AlertRecipient(phone=phones.check(value), argument="to")
    except InputError:
        raise InputError("to", _MUST) from None

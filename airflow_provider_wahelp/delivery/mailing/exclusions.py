"""Whom a mailing must leave out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.rows import Unreadable
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

_NOBODY = (None, "")


class Suppression:
    """Phones and users that must not be written to.

    :param entries: phones, or mappings with a ``phone``, a ``user_id`` or both; numbers in any form.
    :param argument: what an error calls them.
    :raises InputError: if an entry cannot be understood: whom it means would be written to otherwise. It
        names the entry's number, counted from 1, and never what it holds.
    """

    def __init__(self, entries: Iterable[Any], argument: str = "suppress") -> None:
        if isinstance(entries, str | bytes | Mapping) or not isinstance(entries, Iterable):
            raise InputError(argument, "must be a list of phones, or of mappings with a phone or a user_id")
        self._phones: set[int] = set()
        self._users: set[Id] = set()
        for number, entry in enumerate(entries, start=1):
            try:
                self._add(entry)
            except InputError as error:
                raise InputError(argument, f"entry {number}: {_reason(error)}") from None

    @property
    def phones_given(self) -> bool:
        """Whether any phone is suppressed, so that the phone of a user is worth looking up."""
        return bool(self._phones)

    def has_phone(self, phone: str) -> bool:
        """Return whether a phone is suppressed.

        :param phone: the number, in any form.
        :raises InputError: if it is none.
        """
        return _number(phone) in self._phones

    def has(self, phone: str) -> bool:
        """Return whether a phone is suppressed, of one that need not be any.

        :param phone: what the API has for one.
        """
        try:
            return self.has_phone(phone)
        except InputError:
            return False

    def has_user(self, user_id: Id | None) -> bool:
        """Return whether a user is suppressed by id.

        :param user_id: the user, ``301`` or ``"301"``, or whatever the API has for an id; ``None`` is nobody.
        """
        return user_id is not None and arguments.as_id(user_id) in self._users

    def add_users(self, users: Iterable[Id]) -> None:
        """Suppress users whose phones are suppressed.

        :param users: their ids.
        """
        self._users.update(users)

    def _add(self, entry: Any) -> None:
        if isinstance(entry, Unreadable):
            raise InputError("", f"it {entry.reason}")
        if not isinstance(entry, Mapping):
            self._phones.add(_number(entry))
            return
        phone, user_id = _filled(entry.get("phone")), _filled(entry.get("user_id"))
        if phone in _NOBODY and user_id in _NOBODY:
            raise InputError("", "must hold a phone or a user_id")
        if phone not in _NOBODY:
            self._phones.add(_number(phone))
        if user_id not in _NOBODY:
            self._users.add(arguments.user_id(user_id))


def _filled(cell: Any) -> Any:
    return cell.strip() if isinstance(cell, str) else cell


def _number(phone: Any) -> int:
    """Return a phone's digits, as a number: a million of them fit in less."""
    if not isinstance(phone, str | int):
        raise InputError("phone", "must be a phone number, as a string or a whole number")
    return int(phones.digits(phones.normalise(phone)))


def _reason(error: InputError) -> str:
    return f"{error.argument} {error.must}".strip()


OPTED_OUT = "their last message to the channel was a stop word"


SUPPRESSED = "on the suppression list"


def screen(worklist: Worklist, unwanted: Container[Id], reason: str) -> None:
    """Leave out users who must not be written to.

    :param worklist: the worklist.
    :param unwanted: their ids.
    :param reason: why, for the report.
    """
    for number in [number for number, user_id in worklist.users() if user_id in unwanted]:
        worklist.settle(number, Outcome.SUPPRESSED, reason)

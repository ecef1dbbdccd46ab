"""Recipients that a mailing must leave out."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.limits.silence import Silence
from airflow_provider_wahelp.delivery.mailing.cells import user_id_of
from airflow_provider_wahelp.delivery.mailing.outcome import OPTED_OUT, SUPPRESSED, Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.rows import Unreadable
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist


class Suppression:
    """Phones and users that must not be written to.

    :param region: the country of phones without a country code.
    """

    def __init__(self, region: str | None = None) -> None:
        self._region = region
        self._phones: set[int] = set()
        self._users: set[Id] = set()

    def add(self, entries: Iterable[Any], argument: str = "suppress") -> None:
        """Suppress some more.

        :param entries: phones, or mappings with a ``phone``, a ``user_id`` or both; numbers in any form.
        :param argument: what an error calls them.
        :raises InputError: if an entry cannot be understood: whom it means would be written to otherwise. It
            names the entry's number, counted from 1, and never what it holds.
        """
        if isinstance(entries, str | bytes | Mapping) or not isinstance(entries, Iterable):
            raise InputError(argument, "must be a list of phones, or of mappings with a phone or a user_id")
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
        """Return whether a phone, in any form, is suppressed; what is no phone is not."""
        try:
            return bool(self._phones) and self._number(phone) in self._phones
        except InputError:
            return False

    def has_normalised(self, phone: str) -> bool:
        """Return whether a phone is suppressed, of one that was normalised; nobody has an empty one."""
        return bool(phone) and int(phone[1:]) in self._phones

    def has_user(self, user_id: Id | None) -> bool:
        """Return whether a user is suppressed: ``301`` and ``"301"`` are the same, ``None`` is nobody."""
        return user_id is not None and arguments.as_id(user_id) in self._users

    def add_users(self, users: Iterable[Id]) -> None:
        """Suppress users whose phones are suppressed, by their ids."""
        self._users.update(map(arguments.as_id, users))

    def _add(self, entry: Any) -> None:
        if isinstance(entry, Unreadable):
            raise InputError("", f"it {entry.reason}")
        if not isinstance(entry, Mapping):
            self._phones.add(self._number(entry))
            return
        phone, user_id = entry.get("phone"), user_id_of(entry)
        if phone is None or (isinstance(phone, str) and not phone.strip()):
            if user_id is None:
                raise InputError("", "must hold a phone or a user_id")
        else:
            self._phones.add(self._number(phone))
        if user_id is not None:
            self._users.add(user_id)

    def _number(self, phone: Any) -> int:
        """Return a phone's digits, as a number: a million of them fit in less."""
        return int(phones.normalise(phone, self._region)[1:])


def _reason(error: InputError) -> str:
    return f"{error.argument} {error.must}".strip()


@dataclass
class Exclusions:
    """Decides which recipients must not be written to through a channel, and why. Nothing else decides it.

    :param suppression: phones, and users of this channel.
    :param read_opt_outs: reads which of its users have opted out, when that is first needed.
    :param silence: tells of the others who has not written for long, once that is read.
    :param stopped_elsewhere: returns whether somebody has opted out of another number of the mailing.
    """

    suppression: Suppression
    read_opt_outs: Callable[[], Container[Id]] = tuple
    silence: Silence | None = None
    stopped_elsewhere: Callable[[QueuedMessage], bool] = lambda person: False

    @cached_property
    def opt_outs(self) -> Container[Id]:
        """The users that have opted out."""
        return self.read_opt_outs()

    def read(self) -> None:
        """Read the opt-outs now: it may take an hour."""
        _ = self.opt_outs

    def reason(self, person: QueuedMessage) -> str:
        """Return why a recipient must not be written to; ``""`` if they may be."""
        if self.suppression.has_normalised(person.phone):
            return SUPPRESSED
        if self.stopped_elsewhere(person):
            return OPTED_OUT
        return self._of(person.user_id, person.phone)

    def screen(self, worklist: Worklist) -> None:
        """Leave out the waiting people that must not be written to, as far as they are known by now."""
        self.read()
        for people in worklist.waiting_people(users_only=self.silence is None):
            with worklist.at_once():
                for person in people:
                    if reason := self._of(person.user_id, person.phone):
                        worklist.settle(person.number, Outcome.SUPPRESSED, reason)

    def _of(self, user_id: Id | None, phone: str) -> str:
        if self.suppression.has_user(user_id):
            return SUPPRESSED
        if user_id in self.opt_outs:
            return OPTED_OUT
        return self.silence.of(user_id, phone) if self.silence else ""

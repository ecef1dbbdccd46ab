"""The user ids of phones, remembered for some days: a phone is looked up once."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.storage.cache import KeyValueCache
from airflow_provider_wahelp.storage.keys import keyed_hash
from airflow_provider_wahelp.storage.state.interface import State

KEPT = 7 * 86_400.0
"""Seconds for which an id is remembered: a number that was corrected in Wahelp is another person's by now."""

_COMPARED = 10
"""Digits by which phones are compared, the last ones: answers write phones otherwise (docs/api.md, 4.2)."""


class UserIdCache:
    """The ids of a channel's users by phone. It stores digests of the phones, not the phones.

    It may forget at any time, which costs a lookup. Safe to share between threads.

    :param state: where they are remembered.
    :param key: the key of the digests, :func:`~airflow_provider_wahelp.storage.state.shared.shared_key`.
    :param scope: what the ids belong to: the server, the project and the channel.
    :param clock: returns the time, in seconds since 1970.
    """

    def __init__(self, state: State, key: bytes, scope: str, clock: Callable[[], float] = time.time) -> None:
        self._cache = KeyValueCache(state)
        self._hash = keyed_hash(key, b"people", scope.encode() + b"\0")
        self._clock = clock

    def get(self, phone: str) -> Id | None:
        """Return the id of the user with a phone, if it is known."""
        return self.get_many([phone]).get(phone)

    def get_many(self, phones: Sequence[str]) -> dict[str, Id]:
        """Return the ids of the users with these phones, as far as they are known.

        :param phones: the normalised numbers.
        """
        names = {self._name(phone): phone for phone in phones}
        found = {names[name]: json.loads(kept) for name, kept in self._cache.read(list(names)).items()}
        now = self._clock()
        return {phone: user_id for phone, (user_id, at) in found.items() if abs(now - at) < KEPT}

    def put(self, phone: str, user_id: Id) -> None:
        """Remember the id of the user with a phone."""
        name = self._name(phone)
        self._cache.write(name, json.dumps([user_id, self._clock()]).encode(), KEPT)
        self._cache.write(self._name_of_user(user_id), self._name(comparable(phone)) + name, KEPT)

    def forget(self, phone: str) -> None:
        """Forget a phone, as the channel no longer has its user."""
        self._cache.forget(self._name(phone))

    def learn(self, user_id: Id | None, phone: str | None) -> None:
        """Forget the phone that a user is remembered for, if an answer tells another phone of the user."""
        if user_id is None or not phone:
            return
        kept = self._cache.read([self._name_of_user(user_id)]).values()
        compared = self._name(comparable(phone))
        for remembered in kept:
            if not remembered.startswith(compared):
                self._cache.forget(remembered[len(compared) :])

    def close(self) -> None:
        """Close the file."""
        self._cache.close()

    def _name(self, phone: str) -> bytes:
        digest = self._hash.copy()
        digest.update(phone.encode())
        return digest.digest()

    def _name_of_user(self, user_id: Id) -> bytes:
        return self._name(f"\0{user_id}")


def is_same_phone(one: str, other: str) -> bool:
    """Return whether two phones are one, as far as the way they are written tells."""
    return comparable(one) == comparable(other)


def comparable(phone: str) -> str:
    """Return what of a phone is compared, however it is written."""
    return re.sub(r"\D", "", phone)[-_COMPARED:]

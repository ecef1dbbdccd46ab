"""The user ids of phones, remembered on the host: a phone is looked up once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.storage.cache import KeyValueCache
from airflow_provider_wahelp.storage.keys import keyed_hash


class UserIdCache:
    """The ids of a channel's users by phone. It stores digests of the phones, not the phones.

    It may forget at any time, which costs a lookup. Safe to share between threads.

    :param directory: where the file is; ``None``: in memory only.
    :param scope: what the ids belong to: the server, the project and the channel.
    :param key: the key of the digests, :func:`~airflow_provider_wahelp.storage.keys.digest_key`.
    """

    def __init__(self, directory: Path | None, scope: str, key: bytes) -> None:
        self._cache = KeyValueCache(directory)
        self._hash = keyed_hash(key, b"people", scope.encode() + b"\0")

    def get(self, phone: str) -> Id | None:
        """Return the id of the user with a phone, if it is known."""
        return self.get_many([phone]).get(phone)

    def get_many(self, phones: Sequence[str]) -> dict[str, Id]:
        """Return the ids of the users with these phones, as far as they are known.

        :param phones: the normalised numbers.
        """
        names = {self._name(phone): phone for phone in phones}
        return {names[name]: json.loads(user) for name, user in self._cache.read(list(names)).items()}

    def put(self, phone: str, user_id: Id) -> None:
        """Remember the id of the user with a phone."""
        self._cache.write(self._name(phone), json.dumps(user_id).encode())

    def forget(self, phone: str) -> None:
        """Forget a phone, as the channel no longer has its user."""
        self._cache.forget(self._name(phone))

    def close(self) -> None:
        """Close the file."""
        self._cache.close()

    def _name(self, phone: str) -> bytes:
        digest = self._hash.copy()
        digest.update(phone.encode())
        return digest.digest()

"""Who is who in a channel, remembered on the host: a phone is looked up once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.storage.cache import KeyValueCache

_DIGEST = 16  # bytes: two phones never meet, and a million take 50 MB


class UserIdCache:
    """Which user of a channel a phone is, remembered on the host without readable numbers.

    It may forget at any time; that costs a lookup and fails nothing. Safe to share between threads.

    :param directory: where it is remembered; ``None``: in memory only.
    :param scope: what the ids belong to: the server, the project and the channel.
    :param key: without it nobody can find out, by trying, whose number is remembered.
    """

    def __init__(self, directory: Path | None, scope: str, key: bytes) -> None:
        self._shelf = KeyValueCache(directory)
        self._digest = hashlib.blake2b(
            scope.encode() + b"\0", key=hashlib.sha256(key).digest(), digest_size=_DIGEST, person=b"people"
        )

    def get(self, phone: str) -> Id | None:
        """Return the user that a phone is, if that is known.

        :param phone: the normalised number.
        """
        return self.get_many([phone]).get(phone)

    def get_many(self, phones: Sequence[str]) -> dict[str, Id]:
        """Return the users of those phones that are known.

        :param phones: the normalised numbers.
        """
        names = {self._name(phone): phone for phone in phones}
        return {names[name]: json.loads(user) for name, user in self._shelf.read(list(names)).items()}

    def put(self, phone: str, user_id: Id) -> None:
        """Remember which user a phone is.

        :param phone: the normalised number.
        :param user_id: the user.
        """
        self._shelf.write(self._name(phone), json.dumps(user_id).encode())

    def forget(self, phone: str) -> None:
        """Forget a phone, as its user turned out not to be there any more.

        :param phone: the normalised number.
        """
        self._shelf.forget(self._name(phone))

    def close(self) -> None:
        """Close the file."""
        self._shelf.close()

    def _name(self, phone: str) -> bytes:
        digest = self._digest.copy()
        digest.update(phone.encode())
        return digest.digest()

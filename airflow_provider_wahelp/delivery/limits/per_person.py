"""How many messages a person gets in a period, over all mailings, DAGs and channels of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.delivery.send_options import LONGEST, PerPerson
from airflow_provider_wahelp.storage.keys import keyed_hash
from airflow_provider_wahelp.storage.state.interface import Records, State

T = TypeVar("T")

_SCOPE = "people"
_PATIENCE = 10.0  # seconds to wait for the others


class PersonalMessage(NamedTuple):
    """A message and whom it is for, as digests.

    :param key: what the message is known by: it counts once, also over retries and fallback channels.
    :param names: what the person is known by: their phone, and their user in the channel.
    """

    key: bytes
    names: tuple[bytes, ...]


class People:
    """Who was written to, and when, in a state that tasks share: digests under a key, no phones.

    :param key: of the digests, :func:`~airflow_provider_wahelp.storage.state.shared.shared_key`.
    :param scope: the server and the project.
    :param limit: what holds a message back; ``None``: it is only counted.
    """

    def __init__(self, state: State, key: bytes, scope: str, limit: PerPerson | None) -> None:
        self._state = state
        self._hash = keyed_hash(key, b"per person", scope.encode() + b"\0")
        self._limit = limit

    def message(
        self, task: str, key: str, channel_uuid: str, user_id: Id | None, phone: str
    ) -> PersonalMessage:
        """Return a message as it is counted.

        :param task: the task instance that sends it; ``key``: which of its messages it is.
        """
        user = "" if user_id is None else f"user {channel_uuid} {user_id}"
        known = filter(None, (phone and f"phone {phone}", user))
        return PersonalMessage(self._digest(f"message {task} {key}"), tuple(map(self._digest, known)))

    def admit(self, messages: Sequence[PersonalMessage]) -> list[bool]:
        """Count those of some messages that may go, and return which ones.

        :raises StateAwayError: if the state does not answer.
        """

        def work(records: Records) -> list[bool]:
            now, written = records.now(), _Written(records, messages, self._limit)
            admitted = []
            for message in messages:
                admitted.append(written.has_room(message))
                if admitted[-1]:
                    written.add(message, now)
            return admitted

        return self._alone(work)

    def held(self, messages: Iterable[tuple[PersonalMessage, int]]) -> Iterator[bool]:
        """Yield of messages whether they would be held back. Nothing is counted.

        :param messages: each with its number among those of its mailing to the same person, from 1.
        """
        some = list(messages)

        def work(records: Records) -> list[bool]:
            written = _Written(records, [message for message, _ in some], self._limit)
            return [not written.has_room(message, number) for message, number in some]

        yield from self._alone(work)

    def give_back(self, messages: Sequence[PersonalMessage]) -> None:
        """Count messages no more: they did not go."""

        def work(records: Records) -> None:
            for message in messages:
                for name in message.names:
                    records.drop(name, message.key)

        self._alone(work)

    def _alone(self, work: Callable[[Records], T]) -> T:
        return self._state.alone(_SCOPE, _PATIENCE, LONGEST, work)

    def _digest(self, name: str) -> bytes:
        digest = self._hash.copy()
        digest.update(name.encode())
        return digest.digest()


class _Written:
    """What has gone to some people, for one who is alone with the records."""

    def __init__(
        self, records: Records, messages: Sequence[PersonalMessage], limit: PerPerson | None
    ) -> None:
        self._records = records
        self._limit = limit
        names = list(dict.fromkeys(chain.from_iterable(message.names for message in messages)))
        since = records.now() - limit.seconds if limit else 0.0
        found = records.members_of(names, since) if limit else {}
        self._keys = {name: {key for key, _ in found.get(name, ())} for name in names}

    def has_room(self, message: PersonalMessage, number: int = 1) -> bool:
        """Return whether a message may go; one that was counted before goes on."""
        keys = set[bytes]().union(*(self._keys[name] for name in message.names))
        return self._limit is None or message.key in keys or len(keys) + number <= self._limit.most

    def add(self, message: PersonalMessage, now: float) -> None:
        """Count a message."""
        for name in message.names:
            self._keys[name].add(message.key)
            self._records.add(name, message.key, now)

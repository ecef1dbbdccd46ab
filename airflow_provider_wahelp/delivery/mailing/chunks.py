"""What the ledger knows of a mailing: chunk by chunk, what was begun and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.delivery.ledger import Ledger
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage

T = TypeVar("T")

BATCH = 200
"""People, or news of messages, that are dealt with at once: their entry in the ledger stays below 64 KB."""


class Begun(NamedTuple):
    """A send that was begun.

    :param key: what it is filed under.
    :param digest: what its text is recognised by.
    :param began: when, in seconds since 1970.
    :param by_host: whether by this host's clock and not by the server's.
    """

    key: str
    digest: str
    user_id: Id
    began: float
    by_host: bool

    @classmethod
    def of(cls, person: QueuedMessage) -> Begun:
        """Return the send to somebody."""
        user_id = "" if person.user_id is None else person.user_id
        return cls(person.key, person.digest, user_id, person.began or 0.0, bool(person.by_host))


class Done(NamedTuple):
    """A send that needs nothing more.

    :param key: what it is filed under.
    :param outcome: what became of it; ``waiting`` if it was begun and certainly did not happen.
    :param at: when it was begun, in seconds since 1970, by the server's clock.
    :param status: how far the message has got since.
    :param over: whether it is no longer waited for.
    """

    key: str
    outcome: str
    message_id: Id | None
    user_id: Id | None = None
    at: float | None = None
    status: str = "sent"
    over: bool = False


@dataclass(frozen=True)
class Chunk:
    """Some sends that were begun together.

    :param generation: how often the task had been cleared.
    :param begun: those whose outcome is not known.
    :param done: the others.
    """

    generation: int
    begun: Sequence[Begun]
    done: Sequence[Done] = ()


class Chunks:
    """The chunks of one mailing, in the order in which they were begun.

    :param ledger: where they are kept; ``None`` before Airflow 3.3, unless the author names a path.
    :param key: what the mailing is filed under.
    :param channel_uuid: the channel that they go through.
    """

    def __init__(self, ledger: Ledger | None, key: str, generation: int, channel_uuid: str = "") -> None:
        self._ledger = ledger
        self._key = key
        self._generation = generation
        self._channel = channel_uuid
        self._next = 0

    def begun_in(self, *, again: bool) -> str | None:
        """Return the channel that the first of them went through; ``None`` where nothing was begun.

        :param again: whether what was sent before the task was cleared is to be sent once more.
        """
        kept = self._ledger.read(self._name(0)) if self._ledger else None
        if not kept or (again and kept["generation"] != self._generation):
            return None
        return kept.get("channel") or None

    def read(self) -> Iterator[Chunk]:
        """Yield what earlier attempts have left. To be read to its end before anything is written."""
        while self._ledger and (kept := self._ledger.read(self._name(self._next))):
            self._next += 1
            yield Chunk(
                kept["generation"],
                [Begun(*entry) for entry in kept["begun"]],
                [Done(*entry) for entry in kept["done"]],  # the last fields may be left out
            )

    def begin(self, begun: Sequence[Begun]) -> int:
        """Keep what is begun, durably, before this returns.

        :return: the chunk's number.
        """
        number = self._next
        self._next += 1
        self.end(number, begun, ())
        return number

    def end(self, number: int, begun: Sequence[Begun], done: Sequence[Done]) -> None:
        """Keep what became of a chunk."""
        if self._ledger:
            entries: dict[str, Any] = {"begun": list(map(list, begun)), "done": list(map(_plain, done))}
            where = {"generation": self._generation, "channel": self._channel}
            self._ledger.write(self._name(number), {**where, **entries})

    def add(self, done: Sequence[Done]) -> None:
        """Keep what was found out later of sends of any chunk."""
        self.end(self._next, (), done)
        self._next += 1

    def _name(self, number: int) -> str:
        return f"{self._key}/chunk/{number}"


def _plain(done: Done) -> list[Any]:
    """Return what is kept of a send: the end is left out where it says nothing."""
    return list(done) if done.status != "sent" or done.over else list(done[:5])


def batched(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items in lists of a size that a ledger's entry and a SQL statement take."""
    entries = iter(items)
    while some := list(islice(entries, BATCH)):
        yield some

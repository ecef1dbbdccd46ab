"""What a shared state can do, wherever it is kept. Each operation is atomic, by the clock of the state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")

KEPT = 3 * 86_400_000
"""Milliseconds for which a log remembers a message: twice the longest window, see ``Seen``, and more."""


class StateAwayError(Exception):
    """The shared state does not answer, or refuses. Whether it did what it was asked is not known.

    :param words: what happened, without an address or a password.
    """


class Rate(NamedTuple):
    """So many messages at most in any window of so many milliseconds."""

    most: int
    window: int


@dataclass(frozen=True)
class Limits:
    """What a message keeps to.

    :param rates: all of them hold.
    :param interval: milliseconds from one place of an even timetable to the next; 0 without one.
    :param jitter: milliseconds by which a message goes before or after its place at most.
    """

    rates: Sequence[Rate] = ()
    interval: float = 0.0
    jitter: float = 0.0

    @property
    def span(self) -> int:
        """The longest window."""
        return max((rate.window for rate in self.rates), default=0)


class Seen(NamedTuple):
    """What was in a log when it was looked at: by this, somebody notices that a server has lost a part of it.

    :param last: when the last message was sent, in milliseconds since 1970; 0 if none was.
    :param number: how many messages the longest window held.
    """

    last: int
    number: int


class Turn(NamedTuple):
    """What became of asking for a message.

    :param wait: 0 if it was counted; else the milliseconds until asking again is worth it.
    :param now: the time by the clock of the state, in milliseconds since 1970.
    :param last: when the message before was sent; 0 if none was.
    :param held: the number of the rate that holds it; -1 if none does.
    :param seen: what the log holds now.
    """

    wait: int
    now: int
    last: int
    held: int
    seen: Seen


class Records(Protocol):
    """Small records and sorted lists of their names, for one who is alone with them.

    What is written shows once the work is over, and not to the work itself.
    """

    def now(self) -> float:
        """Return the time by the clock of the state, in seconds since 1970."""

    def get(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the records with these names that exist."""

    def put(self, name: bytes, content: bytes) -> None:
        """Write a record."""

    def members(self, group: bytes, since: float = 0.0) -> list[tuple[bytes, float]]:
        """Return the names of a list since a moment, each with its own, in their order."""

    def members_of(self, groups: Sequence[bytes], since: float) -> dict[bytes, list[tuple[bytes, float]]]:
        """Return the names of some lists since a moment, as :meth:`members` does; no empty list."""

    def add(self, group: bytes, name: bytes, at: float) -> None:
        """Put a name on a list, at a moment; one that is on it moves there."""

    def drop(self, group: bytes, name: bytes) -> None:
        """Take a name off a list; a name leaves it by itself, some time after its moment."""


class State(Protocol):
    """What tasks share. Safe to share between threads.

    Names are digests: a state can be read by others. Every operation may raise :class:`StateAwayError`.
    """

    shared: bool
    """Whether several hosts share it; else it is of this host alone, and never away."""

    def take(self, name: bytes, limits: Limits, shift: float, seen: Seen | None = None) -> Turn:
        """Count a message, if its limits have room for it.

        :param name: what the log is called.
        :param shift: the milliseconds by which this message goes after its place, or before it.
        :param seen: what the log held the last time: what has vanished since is counted anew.
        """

    def count(self, name: bytes, window: int) -> int:
        """Return how many messages a log has of the last so many milliseconds, and of what lies ahead."""

    def read(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values of those names that exist."""

    def write(self, name: bytes, content: bytes, seconds: float | None = None) -> None:
        """Write a value, in place of an earlier one.

        :param seconds: for how long it is kept at least; ``None``: for good.
        """

    def claim(self, name: bytes, content: bytes, seconds: float) -> bool:
        """Write a value for so long, unless there is another one; return whether it is there now."""

    def forget(self, name: bytes, content: bytes | None = None) -> None:
        """Remove a value.

        :param content: only this one.
        """

    def alone(self, scope: str, seconds: float, kept: float, work: Callable[[Records], T]) -> T:
        """Do some work with the records of a scope, all or nothing, while everybody else waits.

        :param seconds: for how long to wait for the others.
        :param kept: for how many seconds a record is kept, and a name on a list after its moment.
        """

    def close(self) -> None:
        """Let go of files and connections; they are opened again when they are needed."""

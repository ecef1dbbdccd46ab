"""Sends that failed one after another: many in a row are the channel's doing or the account's."""

from __future__ import annotations

import itertools
import math
from threading import Lock

ROW = 5
"""Recipients in a row for whom a send failed: then the channel or the account is in doubt."""


class Strikes:
    """The sends that failed since one was accepted. Safe to share between threads.

    What one person is refused for is theirs as soon as a send is accepted that began later. Until then the
    channel or the account may be the reason, and the person is kept for a retry.
    """

    def __init__(self) -> None:
        self._moments = itertools.count(1)
        self._lock = Lock()
        self._standing: dict[int, int] = {}
        """The recipients of the failed sends, by the moment."""
        self._accepted: list[int] = []
        """Moments since the first of those in which sends were accepted: they were on their way before it."""
        self._limit = ROW
        self.probing = False
        """Whether a few may be written to in spite of the doubt."""
        self.last = ""
        """Why the last one failed."""

    @property
    def many(self) -> bool:
        """Whether so many failed in a row that the channel or the account is in doubt."""
        with self._lock:
            people = len(set(self._standing.values()))
            return people >= self._limit and people > len(self._accepted)

    @property
    def stopped(self) -> bool:
        """Whether nobody is to be written to."""
        return self.many and not self.probing

    @property
    def count(self) -> int:
        """How many stand."""
        return len(self._standing)

    def begin(self) -> int:
        """Return the moment in which a send begins."""
        return next(self._moments)

    def add(self, number: int, reason: str) -> int:
        """Count a send that failed; return the moment.

        :param number: of the recipient: many in a row are many people.
        """
        with self._lock:
            moment = next(self._moments)
            self._standing[moment] = number
            self.last = reason
            return moment

    def accepted(self, began: int) -> None:
        """End the row for all that failed before a moment, as a send that began then was accepted."""
        if not self._standing:
            return
        with self._lock:
            self._standing = {moment: who for moment, who in self._standing.items() if moment > began}
            first = min(self._standing, default=math.inf)
            self._accepted = [each for each in (*self._accepted, next(self._moments)) if each > first]

    def stands(self, moment: int) -> bool:
        """Return whether nothing has shown yet that the failure of a moment was one person's."""
        return moment in self._standing

    def forgive(self) -> None:
        """Note that channel and account work: it takes more in a row from now on to doubt them again."""
        self._limit *= 2

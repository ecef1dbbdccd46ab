"""What goes on failing: since when, how often and on how many days, until it succeeds."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from airflow_provider_wahelp.storage.cache import KeyValueCache
from airflow_provider_wahelp.storage.keys import keyed_hash

KEPT = 30 * 86_400.0
"""Seconds after its last failure at which a streak is forgotten."""


class Streak(NamedTuple):
    """Failures of one thing without a success between them.

    :param since: when the first was, in seconds since 1970.
    :param failures: how many there were.
    :param days: on how many days, by the clock of the alert.
    :param day: the last of them.
    :param event: which failure was the last.
    """

    since: float
    failures: int = 0
    days: int = 0
    day: str = ""
    event: str = ""


class Streaks:
    """Keeps what fails, for all that share a state. What is lost there begins anew.

    :param cache: where it is kept.
    :param key: the key of digests.
    """

    def __init__(self, cache: KeyValueCache, key: bytes) -> None:
        self._cache = cache
        self._key = key

    def fail(self, subject: object, event: object, at: datetime) -> Streak:
        """Note a failure and return the streak that it belongs to; one that is told of twice is one.

        :param subject: what has failed, as JSON can tell it.
        :param event: which failure it is, likewise.
        :param at: when it failed, in the zone whose days count.
        """
        known = self.get(subject) or Streak(at.timestamp())
        event, day = self._digest(event).hex(), f"{at:%F}"
        if known.event == event:
            return known
        streak = Streak(known.since, known.failures + 1, known.days + (known.day != day), day, event)
        self._cache.write(self._digest(subject), json.dumps(streak).encode(), KEPT)
        return streak

    def get(self, subject: object) -> Streak | None:
        """Return the streak of something; ``None`` if it does not fail."""
        name = self._digest(subject)
        known = self._cache.read([name]).get(name)
        return Streak(*json.loads(known)) if known else None

    def end(self, subject: object) -> None:
        """Forget the streak of something."""
        self._cache.forget(self._digest(subject))

    def close(self) -> None:
        """Let go of the state."""
        self._cache.close()

    def _digest(self, thing: object) -> bytes:
        return keyed_hash(self._key, b"failing", json.dumps(thing).encode()).digest()

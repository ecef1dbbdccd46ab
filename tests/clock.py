"""A clock that stands still until a test moves it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """Tells a time.

    :param now: the time, in seconds.
    """

    now: float

    def __call__(self) -> float:
        """Return the time."""
        return self.now

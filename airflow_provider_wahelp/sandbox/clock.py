"""The sandbox's own time."""

from __future__ import annotations

import time

_FARTHEST = 100 * 365 * 86_400.0  # a date has to stay a date


class Clock:
    """The wall clock, plus however far it was moved ahead."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Return the sandbox's time as seconds since the epoch."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the clock ahead.

        :param seconds: how far; time never runs backwards.
        """
        if not 0 <= seconds <= _FARTHEST - self.offset:
            raise ValueError("seconds must be zero or more, and within a hundred years in all")
        self.offset += seconds

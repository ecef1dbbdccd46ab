"""How far apart messages go: one after the other, and not like clockwork."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrate_limiter import RateItem

MARGIN = 1_000
"""Milliseconds by which a window is longer than it says: the way to the server takes now more, now less."""

_MINUTE = 60_000 + MARGIN
_JITTER = 0.2  # of the spacing, early or late: a gap is between 0.6 and 1.4 of it
_SLACK, _SLACKEST = 0.4, 0.05  # the spacing is this much wider than the window, so that the two seldom meet


@dataclass(frozen=True)
class Spacing:
    """Messages one after the other, and not like clockwork.

    A message has a place on an even timetable and goes a little before or after it. What it was off by is
    kept with it and made up for by the next: chance never adds up to a burst, nor to a slower pace.

    :param interval: milliseconds from place to place.
    """

    interval: float

    def place(self, last: RateItem | None, now: int) -> float:
        """Return the place of the next message."""
        return last.timestamp + self._clipped(float(last.name)) + self.interval if last else now

    def due(self, last: RateItem | None, now: int, chance: float) -> int:
        """Return when the next message goes, given a chance from -1 to 1."""
        return math.ceil(self.place(last, now) + chance * self._most) if last else now

    @property
    def _most(self) -> float:
        return _JITTER * self.interval

    def _clipped(self, off: float) -> float:
        """Forgive what is more than chance: places that were missed, and what a slower task was off by."""
        return max(-self._most, min(off, self._most))


def window(per_minute: float) -> tuple[int, int]:
    """Return how many messages may go in how many milliseconds: whole ones, so that a half takes longer."""
    count = math.ceil(per_minute)
    return count, math.ceil(_MINUTE * count / per_minute)


def spacing(per_minute: float) -> Spacing:
    """Return how far apart messages go at a pace."""
    count, milliseconds = window(per_minute)
    return Spacing(milliseconds / count * (1 + min(_SLACKEST, _SLACK / count)))

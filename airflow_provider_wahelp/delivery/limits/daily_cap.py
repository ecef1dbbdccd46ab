"""How many messages a number may send in a day: fewer while it is new."""

from __future__ import annotations

from typing import NamedTuple

FIRST_DAY, MORE_EACH_DAY = 100, 20
"""What a new number may send on its first day, and how many more on each day after it.

The first is the support's word (docs/api.md, 6). How it rises is a guess: after ten days it is 300.
"""

_DAY = 86_400_000  # milliseconds


class DailyCap(NamedTuple):
    """The messages of any 24 hours.

    :param most: of a number that is not new.
    :param warm_up: whether the number is new when its first message goes.
    """

    most: int
    warm_up: bool = False

    def after(self, milliseconds: int) -> int:
        """Return the cap of a number whose first message went so long ago."""
        if not self.warm_up:
            return self.most
        return min(self.most, FIRST_DAY + MORE_EACH_DAY * (max(0, milliseconds) // _DAY))

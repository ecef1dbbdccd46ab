"""The clock that stamps the history's messages, beside the one of the answers' ``Date`` header."""

from __future__ import annotations

import math
from typing import NamedTuple

LONGEST_ZONE = 14 * 3600.0
"""Seconds: no zone is further from UTC, so a time that is read in another zone's name is off by no more."""

_LOOSEST = 6.0  # seconds between the two bounds of what an answer can teach
_SLACK = 2.0  # seconds by which a clock that was learnt, or has just stamped a message, may have drifted
_SET_BACK = 300.0  # seconds by which a clock that nothing is known of may have been set back
_WORTH = 0.3  # seconds
_MINUTE = 60.0


class Offset(NamedTuple):
    """The seconds by which the history's clock is ahead of the server's, at least and at most."""

    low: float
    high: float

    def says_more_than(self, other: Offset) -> bool:
        """Return whether it contradicts another finding, or is closer by enough to be worth a write."""
        closer = (other.high - other.low) - (self.high - self.low)
        return closer >= _WORTH or not other.low <= self.low <= self.high <= other.high


def offset_of(stamped: float, asked: float, answered: float) -> Offset | None:
    """Return what a message that was just stamped tells of the clock; ``None`` if that is too little.

    :param stamped: the message's time. On a whole minute it may have lost its seconds.
    :param asked: the server's time when the message was posted, at the latest a second behind.
    :param answered: the server's time when its answer was here, at the latest a second behind.
    """
    found = Offset(stamped - answered - 1, stamped + 1 - asked)
    exact = stamped % _MINUTE != 0 or found.low <= 0 <= found.high
    return found if exact and found.high - found.low <= _LOOSEST else None


def agreed(known: Offset | None, found: Offset) -> Offset:
    """Return what two findings say together; if they contradict each other, a clock was set: the new one."""
    if known is None or found.low > known.high or found.high < known.low:
        return found
    return Offset(max(known.low, found.low), min(known.high, found.high))


class Window(NamedTuple):
    """From when on messages of the history may be the message of a send.

    :param certain: from here on they were stamped after it was begun; infinite if nothing tells.
    :param possible: before this they were stamped before it was begun.
    """

    certain: float
    possible: float


def window(began: float, now: float, offset: Offset | None, newest: float, *, coarse: bool) -> Window:
    """Return from when on the history's messages may be the message of a send.

    A clock that nothing is known of is behind by no more than the age of the newest message that it stamped,
    unless it was set back since: then that message looks younger than it is.

    :param began: when the send was begun, by the server's clock; ``now`` likewise.
    :param newest: the newest time of the history; minus infinity where it has none.
    :param coarse: whether the history's times are whole minutes.
    """
    if offset and newest <= now + offset.high + _SLACK:
        one_clock = offset.low <= 0 <= offset.high
        certain = _floor(began + (0 if one_clock else offset.low), coarse=coarse)
        return Window(certain, min(certain, began + offset.low) - _SLACK)
    certain = _floor(began, coarse=coarse)
    possible = certain - min(LONGEST_ZONE, max(0.0, now - newest) + _SET_BACK)
    ahead = newest > now + _SLACK  # then what is older than the send may look newer
    return Window(math.inf if ahead else certain, possible)


def _floor(seconds: float, *, coarse: bool) -> float:
    return seconds // _MINUTE * _MINUTE if coarse else math.floor(seconds)

"""How far apart messages go: one after the other, and not like clockwork."""

from __future__ import annotations

import math

from airflow_provider_wahelp.storage.state.interface import Limits, Rate

SLOWEST = 0.001
"""Messages a minute: one in sixteen hours."""

MARGIN = 1_000
"""Milliseconds by which a window is longer than it says: the way to the server takes now more, now less."""

DAY = 86_400_000 + MARGIN
"""Milliseconds of a day, with the margin."""

_MINUTE = 60_000 + MARGIN
_JITTER = 0.2  # of the spacing, early or late: a gap is between 0.6 and 1.4 of it
_SLACK, _SLACKEST = 0.4, 0.05  # the spacing is this much wider than the window, so that the two seldom meet


def limits(per_minute: float | None, daily_cap: int | None) -> Limits:
    """Return what messages keep to at a pace and with a cap: the rates in this order.

    Messages go one after the other, and not like clockwork. A message has a place on an even timetable and
    goes a little before or after it. What it was off by is kept with it and made up for by the next: chance
    never adds up to a burst, nor to a slower pace.
    """
    rates = [Rate(*window(per_minute))] if per_minute else []
    if daily_cap:
        rates.append(Rate(daily_cap, DAY))
    interval = spacing(per_minute) if per_minute else 0.0
    return Limits(tuple(rates), interval, _JITTER * interval)


def window(per_minute: float) -> tuple[int, int]:
    """Return how many messages may go in how many milliseconds: whole ones, so that a half takes longer."""
    count = math.ceil(per_minute)
    return count, math.ceil(_MINUTE * count / per_minute)


def spacing(per_minute: float) -> float:
    """Return how far apart messages go at a pace, in milliseconds."""
    count, milliseconds = window(per_minute)
    return milliseconds / count * (1 + min(_SLACKEST, _SLACK / count))

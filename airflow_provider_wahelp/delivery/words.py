"""Numbers, durations and times, as a log says them."""

from __future__ import annotations

from datetime import UTC, datetime


def people(count: int) -> str:
    """Return how many people there are, in words."""
    return f"{count:,} {'person' if count == 1 else 'people'}"


def duration(seconds: float) -> str:
    """Return a duration in words."""
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours >= 48:  # noqa: PLR2004
        return f"{hours // 24} days"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def days(seconds: float) -> str:
    """Return a duration in words, in whole days where it is one."""
    count, rest = divmod(seconds, 86_400)
    if rest or not count:
        return duration(seconds)
    return f"{count:,.0f} {'day' if count == 1 else 'days'}"


def clock_time(moment: datetime, now: datetime) -> str:
    """Return a moment as ``17:24 UTC``, with its day if that is another than today."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    day = "" if moment.date() == now.date() else f"{moment.day} {moment:%b} "
    return f"{day}{moment:%H:%M} UTC"

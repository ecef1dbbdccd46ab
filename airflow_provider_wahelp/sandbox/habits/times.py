"""How a service may spell times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.habits.habits import Habits

_MOSCOW = timezone(timedelta(hours=3))


def stamp(habits: Habits, seconds: float) -> dict[str, str]:
    """Return the field ``created_at``, unless this platform has none.

    :param habits: by which clock, in which zone and how times are spelled.
    :param seconds: when, by the server's clock, in seconds since the epoch.
    """
    if habits.times_format is None:
        return {}
    zone = UTC if habits.times_utc else _MOSCOW
    moment = datetime.fromtimestamp(seconds + habits.times_offset, zone)
    return {"created_at": moment.strftime(habits.times_format)}


def retry_after(habits: Habits, seconds: int, now: float) -> str:
    """Spell the header ``Retry-After``.

    :param habits: whether it is a date.
    :param seconds: how long to wait.
    :param now: what the server takes for the time.
    """
    return formatdate(ceil(now) + seconds, usegmt=True) if habits.retry_after_dates else str(seconds)

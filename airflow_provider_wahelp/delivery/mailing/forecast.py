"""The day on which the last message of a mailing goes, said before it begins if that is not today."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.delivery.mailing.outlook import Outlook
from airflow_provider_wahelp.delivery.mailing.words import people
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

log = logging.getLogger(__name__)

_QUICK = 0.1
"""Seconds from one message to the next without a pace, about: the cap and the nights decide the day."""


@dataclass(frozen=True)
class Forecast:
    """Tells that a mailing will not end today, in the log and in the report.

    :param zone: whose days count.
    """

    outlook: Outlook
    worklist: Worklist
    zone: str

    def tell(self, seconds: float) -> None:
        """Tell it of the recipients that wait now.

        :param seconds: the time, since 1970.
        """
        if not (self.outlook.pace.limited or self.outlook.windows):
            return
        left = sum(self.worklist.waiting_by_zones().values())
        if left and (ends := self._ends(datetime.fromtimestamp(seconds, UTC), left)):
            log.warning("The mailing to %s will not end today: %s", people(left), ends)
            self.worklist.results.ends = f"not sent yet; the mailing will not end today: {ends}"

    def _ends(self, now: datetime, left: int) -> str:
        """Return in words when it ends; nothing if that is today."""
        end = self.outlook.end(now, left, self.outlook.pace.interval or _QUICK)
        if end is None:
            return "it takes more than a hundred days"
        day, today = (moment.astimezone(ZoneInfo(self.zone)).date() for moment in (end, now))
        return "" if day == today else f"its last message goes about {day:%a} {day.day} {day:%b} {day.year}"

"""The day on which the last message of a mailing goes, said before it begins if that is not today."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.delivery.mailing.outlook import Outlook
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.words import people

log = logging.getLogger(__name__)

_QUICK = 0.1
"""Seconds from one message to the next without a pace, about: the cap and the nights decide the day."""


@dataclass(frozen=True)
class Forecast:
    """Tells that a mailing will not end today, in the log and in the report.

    :param numbers: of each number what it has before it, and who waits for it: the last one ends the mailing.
    :param zone: whose days count.
    """

    numbers: Sequence[tuple[Outlook, Worklist]]
    zone: str

    def tell(self, seconds: float) -> None:
        """Tell it of the recipients that wait now.

        :param seconds: the time, since 1970.
        """
        counts = [sum(worklist.waiting_by_zones().values()) for _, worklist in self.numbers]
        if ends := self._ends(datetime.fromtimestamp(seconds, UTC), counts):
            log.warning("The mailing to %s will not end today: %s", people(sum(counts)), ends)
            for _, worklist in self.numbers:
                worklist.results.ends = f"not sent yet; the mailing will not end today: {ends}"

    def _ends(self, now: datetime, counts: Sequence[int]) -> str:
        """Return in words when the last number ends; nothing if that is today."""
        last = now
        for (outlook, _), left in zip(self.numbers, counts, strict=True):
            if not left or not (outlook.pace.limited or outlook.windows):
                continue
            end = outlook.end(now, left, outlook.pace.interval or _QUICK)
            if end is None:
                return "it takes more than a hundred days"
            last = max(last, end)
        day, today = (moment.astimezone(ZoneInfo(self.zone)).date() for moment in (last, now))
        return "" if day == today else f"its last message goes about {day:%a} {day.day} {day:%b} {day.year}"

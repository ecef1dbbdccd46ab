"""When a recipient may be written to: by quiet hours, pace, daily cap and exclusions."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import compress
from operator import not_

from airflow_provider_wahelp.delivery.limits.rate_limit import AWAY_LONG, Pace
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions
from airflow_provider_wahelp.delivery.mailing.personal_limit import PersonalLimit
from airflow_provider_wahelp.delivery.mailing.queued_message import WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows
from airflow_provider_wahelp.delivery.words import clock_time
from airflow_provider_wahelp.storage.state.interface import StateAwayError

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds. A task that would have to wait longer frees its worker instead."""


@dataclass
class Gate:
    """Says which recipients of one channel may be written to now, and when the others may.

    :param exclusions: recipients that must not be written to at all.
    :param personal: recipients who have got enough; ``None``: nobody counts that.
    """

    worklist: Worklist
    pace: Pace
    windows: QuietWindows | None
    exclusions: Exclusions
    clock: Callable[[], float] = time.time
    personal: PersonalLimit | None = None
    held: float = field(default=0.0, init=False)
    """Seconds until the pace or the cap admits a message; 0 if the task itself waits for that."""
    _closed: tuple[float, Collection[str]] = field(default=(-math.inf, ()), init=False)

    def take(self) -> float:
        """Count a message and return 0; or return the seconds until it is worth asking again."""
        seconds = self.pace.take()
        self.held = seconds if seconds > PATIENCE else 0.0
        return seconds

    def admitted(self, people: Sequence[QueuedMessage]) -> tuple[list[QueuedMessage], list[QueuedMessage]]:
        """Count messages that are about to go; return whose may, and who has got enough."""
        if not self.personal or not people:
            return list(people), []
        try:
            found = self.personal.admit(people)
        except StateAwayError:
            self.held = AWAY_LONG
            return [], []
        return list(compress(people, found)), list(compress(people, map(not_, found)))

    @property
    def enough(self) -> str:
        """Why somebody who has got enough is held back."""
        return self.personal.reason if self.personal else ""

    def give_back(self, people: Iterable[QueuedMessage]) -> None:
        """Count messages no more that did not go."""
        if self.personal:
            self.personal.give_back(people)

    def close(self) -> None:
        """Let go of what tasks share."""
        self.pace.close()
        if self.personal:
            self.personal.close()

    def quiet(self) -> Collection[str]:
        """Return the zones that have quiet hours this second. Any thread may ask."""
        if self.windows is None:
            return ()
        now = self.clock()
        if not 0 <= now - self._closed[0] < 1:
            self._closed = now, self.windows.closed(self.worklist.zones, self._now())
        return self._closed[1]

    def is_quiet(self, person: QueuedMessage) -> bool:
        """Return whether a recipient has quiet hours."""
        return person.zones in self.quiet()

    def opens(self) -> datetime | None:
        """Return when the next recipient may be written to; ``None`` if no recipient waits."""
        if self.held:
            return self._now() + timedelta(seconds=self.held)
        zones = self.worklist.waiting_zones()
        if not zones:
            return None
        return self.windows.opens(zones, self._now()) if self.windows else self._now()

    def what_holds(self) -> str:
        """Return in words what is waited for; the progress tells of quiet hours anyway."""
        if not self.held:
            return ""
        if self.pace.away:
            return "the shared state"
        return "the daily cap" if self.pace.capped else "the pace"

    def tell(self, until: datetime | None) -> None:
        """Say what the remaining recipients wait for, and until when."""
        zones = self.worklist.waiting_zones()
        if self.windows and zones and not self.held:
            waiting, opens = self.worklist.results.totals()[WAITING], self.windows.told(zones, self._now())
            log.info("Quiet hours hold until %s: %s not written to yet", opens, f"{waiting:,}")
        if until and self.held and self.pace.capped:
            log.info("The daily cap is reached: the next may go at %s", clock_time(until, self._now()))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

"""How far a mailing is, as the task's log tells it: how fast, until when, what is waited for."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from airflow_provider_wahelp.client.masking import scrub
from airflow_provider_wahelp.delivery.mailing.outcome import SEND_OUTCOMES, Outcome
from airflow_provider_wahelp.delivery.mailing.outlook import Outlook, Speed
from airflow_provider_wahelp.delivery.words import clock_time, duration, people

FAILURES_IN_LOG = 5

_LONGEST = 300.0  # seconds between two lines at the most
_THINNING = 6  # a line tells of a sixth of the time so far: an eight-hour mailing takes a hundred and twenty
_RATE_LINES = 12  # the rate is that of so many lines: what was at first tells nothing of what comes


class Failures:
    """Puts the first failures of a mailing into words."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._failures = 0

    def failed(self, number: int, recipient: str, reason: str) -> None:
        """Say of a failure why, if it is one of the first.

        :param reason: why; phone numbers in it are masked.
        """
        self._failures += 1
        if self._failures <= FAILURES_IN_LOG:
            self._log.warning("Row %d (%s): %s", number, scrub(recipient), scrub(reason))
        elif self._failures == FAILURES_IN_LOG + 1:
            self._log.warning("Further failures are in the report only")


class Progress(Failures):
    """Counts outcomes, and says in the log how far it is: every few seconds, then less often. For one thread.

    :param total: how many recipients there are; 0 if that is not known.
    :param every: seconds between two lines at first.
    """

    def __init__(
        self,
        log: logging.Logger,
        total: int,
        outlook: Outlook,
        every: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(log)
        self._every = every
        self._clock = clock
        self._outlook = outlook
        self.label = ""
        """What comes before each line, where another mailing or channel writes lines too."""
        self.expect(total)

    def expect(self, total: int) -> None:
        """Begin to count, now.

        :param total: how many recipients there are; 0 if that is not known.
        """
        self.totals: dict[str, int] = {outcome.value: 0 for outcome in SEND_OUTCOMES}
        self._total = total
        self._started = self._said = self._moved = self._clock()
        self._next = self._started + self._every
        self._done = 0
        self._lines = deque([(self._started, 0)], maxlen=_RATE_LINES)

    def start(self, channel_uuid: str) -> None:
        """Say to how many, through which channel, how fast, and until when."""
        speed, now = self._speed(self._started), _moment(self._started)
        fast = speed.words or "as fast as Wahelp answers"
        end = self._end(speed, now)
        left = f": about {duration((end - now).total_seconds())}, until {clock_time(end, now)}" if end else ""
        whom = f"{people(self._total)} through channel {channel_uuid}"
        self._log.info("Writing to %s, %s%s", whom, fast, left)
        for rule in self._outlook.rules(now):
            self._log.info("%s", rule)

    def add(self, outcome: Outcome, count: int = 1) -> None:
        """Count recipients whose outcome is known."""
        self.totals[outcome] += count
        self._done += count
        self._moved = self._clock()

    def tick(self, reason: str = "") -> None:
        """Say how far it is, if it is time for that.

        :param reason: what is waited for, where nothing moves.
        """
        now = self._clock()
        if not self._said <= now < self._next:  # also where the clock was set back
            self._said, self._next = now, now + self._pause(now)
            self._say(now, reason if now - self._moved >= self._every else "")

    def outlook(self) -> dict[str, Any]:
        """Return how fast it goes in words, when it ends in seconds since 1970, and what holds it."""
        speed, now = self.speed, _moment(self._clock())
        end = self._end(speed, now)
        quiet = self._outlook.quiet(now)
        return {"speed": speed.words, "ends": end.timestamp() if end else None, "holds": quiet or ""}

    @property
    def left(self) -> int:
        """How many recipients are still to be counted."""
        return self._total - self._done

    @property
    def speed(self) -> Speed:
        """How fast it goes now."""
        return self._speed(self._clock())

    def finish(self) -> None:
        """Say what it came to."""
        counted = (f"{count:,} {name.replace('_', ' ')}" for name, count in self.totals.items() if count)
        took = duration(self._clock() - self._started)
        of = f" of {self._total:,} done ({self._percent} %)" if self._total else " done"
        done = f"{self.label}{self._done:,}"
        self._log.info("%s%s in %s: %s", done, of, took, ", ".join(counted) or "no recipients")

    def close(self) -> None:
        """Say what it came to, if it came to anything."""
        if any(self.totals.values()):
            self.finish()

    def _say(self, seconds: float, reason: str) -> None:
        speed, now = self._speed(seconds), _moment(seconds)
        self._lines.append((seconds, self._done))
        end = self._end(speed, now)
        left = f"about {duration((end - now).total_seconds())} left ({clock_time(end, now)})" if end else ""
        quiet = self._outlook.quiet(now)
        waits = f"; waiting for {reason}" if reason else quiet and f"; quiet hours: {quiet}"
        so_far = ", ".join(filter(None, (self._so_far(), speed.words, left)))
        self._log.info("%s%s%s", self.label, so_far, waits)

    def _pause(self, now: float) -> float:
        return min(max(self._every, (now - self._started) / _THINNING), _LONGEST)

    def _speed(self, now: float) -> Speed:
        then, done = self._lines[0]
        return self._outlook.speed(self._done - done, now - then)

    def _end(self, speed: Speed, now: datetime) -> datetime | None:
        return self._outlook.end(now, self.left, speed.interval) if self.left > 0 else None

    def _so_far(self) -> str:
        """Return ``19 of 40 sent (47 %)``, with what else became of people."""
        others = (
            f", {count:,} {name.replace('_', ' ')}"
            for name, count in self.totals.items()
            if count and name != Outcome.SENT
        )
        return f"{self.totals[Outcome.SENT]:,} of {self._total:,} sent{''.join(others)} ({self._percent} %)"

    @property
    def _percent(self) -> int:
        return self._done * 100 // self._total if self._total else 100


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

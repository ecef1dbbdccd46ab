"""Who got it and who did not: the report of a mailing, and its lines in the task's log."""

from __future__ import annotations

import csv
import logging
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.masking import scrub
from airflow_provider_wahelp.delivery.storage import private_file, write_json_lines

SUFFIXES = (".csv", ".jsonl", ".ndjson")
FAILURES_IN_LOG = 5
_RATE_LINES = 12  # the rate is that of a minute: rows that an earlier attempt sent fly past, and tell nothing
_FORMULA = re.compile(r"(?!\+[0-9]+\Z)[=+\-@\t\r\n]")  # a spreadsheet runs it; +71234567890 is none


class Outcome(StrEnum):
    """What became of a recipient; the last four, where that is waited for."""

    SENT = "sent"
    SKIPPED = "skipped"
    SUPPRESSED = "suppressed"
    NO_MESSENGER = "no_messenger"
    FAILED = "failed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    READ = "read"
    FELL_BACK = "fell_back"
    UNDELIVERED = "undelivered"


ARRIVALS = (Outcome.DELIVERED, Outcome.READ, Outcome.FELL_BACK, Outcome.UNDELIVERED)
"""What becomes of what was sent."""

SENDINGS = tuple(outcome for outcome in Outcome if outcome not in ARRIVALS)
"""What becomes of a recipient while a mailing is sent."""


@dataclass(frozen=True)
class ReportRow:
    """A line of the report.

    :param number: the recipient's row in the source, from 1; 0 where the source no longer has it.
    :param key: what the send is filed under.
    :param user_id: the recipient as a user of the channel, where that is known.
    :param phone: the recipient's number, where that is known.
    :param outcome: what became of it.
    :param reason: why, where it was not sent.
    :param message_id: the message, where there is one.
    """

    number: int
    key: str = field(repr=False)
    user_id: int | str | None
    phone: str | None = field(repr=False)
    outcome: Outcome
    reason: str = ""
    message_id: int | str | None = None


@dataclass(frozen=True)
class ArrivalRow(ReportRow):
    """A line of the report of a mailing that is followed.

    :param status: how far the message has got: ``sent``, ``failed``, ``delivered`` or ``read``.
    :param channel_uuid: the channel of the message: the one that worked, or else the last that was tried.
    """

    status: str = ""
    channel_uuid: str = ""


def check_path(path: Any) -> str:
    """Refuse a path that no report can be written to, cheaply enough for the parsing of a DAG.

    :param path: where the report is to be written.
    :return: the path.
    :raises InputError: if its suffix is not one of :data:`SUFFIXES`.
    """
    if not str(path).lower().endswith(SUFFIXES):
        raise InputError("report_path", f"must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    return str(path)


def write_report(path: str, rows: Iterable[ReportRow], columns: type[ReportRow] = ReportRow) -> None:
    """Write a report as CSV with a header or as JSON Lines, by the path's suffix; it replaces an earlier one.

    In CSV an apostrophe is put before what a spreadsheet would take for a formula.

    :param path: any Airflow object storage path; a local file is readable for its owner alone.
    :param rows: the lines.
    :param columns: what kind of lines they are.
    :raises InputError: if the suffix is not one of :data:`SUFFIXES`.
    """
    if check_path(path).lower().endswith(".csv"):
        _write_csv(path, rows, columns)
    else:
        write_json_lines(path, map(vars, rows))


def _write_csv(path: str, rows: Iterable[ReportRow], columns: type[ReportRow]) -> None:
    with private_file(path) as file:
        table = csv.writer(file)
        table.writerow(column.name for column in fields(columns))
        table.writerows(map(_cell, vars(row).values()) for row in rows)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


class Progress:
    """Counts outcomes, and says in the log every few seconds how far it is. For one thread.

    :param log: where to.
    :param total: how many recipients there are; 0 if that is not known.
    :param every: seconds between two lines at least.
    :param clock: returns seconds.
    """

    def __init__(
        self,
        log: logging.Logger,
        total: int,
        every: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.totals: dict[str, int] = {outcome.value: 0 for outcome in SENDINGS}
        self._log = log
        self._total = total
        self._every = every
        self._clock = clock
        self._started = clock()
        self._next = self._started + every
        self._done = 0
        self._failures = 0
        self._lines = deque([(self._started, 0)], maxlen=_RATE_LINES)

    def add(self, outcome: Outcome, count: int = 1) -> None:
        """Count recipients whose outcome is known.

        :param outcome: what became of them.
        :param count: how many they are.
        """
        self.totals[outcome] += count
        self._done += count
        now = self._clock()
        if now >= self._next:
            self._next = now + self._every
            self._say(now)

    def failed(self, number: int, recipient: str, reason: str) -> None:
        """Put the first failures into words; they are counted by :meth:`add`.

        :param number: the row in the source, from 1.
        :param recipient: who, masked.
        :param reason: why; phone numbers in it are masked.
        """
        self._failures += 1
        if self._failures <= FAILURES_IN_LOG:
            self._log.warning("Row %d (%s): %s", number, scrub(recipient), scrub(reason))
        elif self._failures == FAILURES_IN_LOG + 1:
            self._log.warning("Further failures are in the report only")

    def finish(self) -> None:
        """Say what it came to."""
        counted = (f"{count:,} {name.replace('_', ' ')}" for name, count in self.totals.items() if count)
        took = _duration(self._clock() - self._started)
        self._log.info("%s in %s: %s", self._so_far(), took, ", ".join(counted) or "no recipients")

    def _say(self, now: float) -> None:
        then, done_then = self._lines[0]
        self._lines.append((now, self._done))
        rate = (self._done - done_then) / (now - then) if now > then else 0.0
        left = self._total - self._done
        rest = f", about {_duration(left / rate)} left" if rate and left > 0 else ""
        self._log.info("%s, %s a second%s", self._so_far(), f"{rate:,.1f}", rest)

    def _so_far(self) -> str:
        if not self._total:
            return f"{self._done:,} done"
        return f"{self._done:,} of {self._total:,} done ({self._done * 100 // self._total} %)"


def _duration(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004

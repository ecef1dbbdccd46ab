"""The report of a mailing while it is sent: it grows row by row, and at the end it is whole."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from airflow_provider_wahelp.delivery.mailing.growing_file import Pauses, growing_file
from airflow_provider_wahelp.delivery.mailing.report import ReportRow, put, write_report
from airflow_provider_wahelp.delivery.mailing.results import BEGUN, EVERYBODY, among

log = logging.getLogger(__name__)

Rows = Callable[[str], Iterable[ReportRow]]
"""Returns the lines of the recipients that meet a condition on the worklist."""


class Report:
    """Takes in what becomes of each recipient. This one keeps nothing: no report is wanted.

    :ivar outlook: returns what is to be expected, as far as anything is.
    :ivar until: when the mailing goes on.
    """

    outlook: Callable[[], Mapping[str, Any]] = dict
    until: datetime | None = None

    def add(self, number: int) -> None:
        """Note that more is known of a recipient, by the number of the row."""

    def change(self) -> None:
        """Note that a row has changed: all are written anew, which takes a while for many."""

    def tick(self) -> None:
        """Write down what is new, if it is time for that."""

    def renew(self) -> None:
        """Write anew what is known of all recipients."""

    def finish(self) -> None:
        """Write the whole report, with the recipients that are still to be written to."""


class GrowingReport(Report):
    """A report with a row for each recipient of which something is known, and at the end for all.

    A local file grows with each row; elsewhere a copy is uploaded now and then, beside the sending. Whatever
    goes wrong with either meanwhile is a warning: only the last write must succeed. For one thread.
    """

    def __init__(
        self, path: str, rows: Rows, columns: type[ReportRow], clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._rows = rows
        self._columns = columns
        self._clock = clock
        self._pauses = Pauses(clock)
        self._file = growing_file(path, clock)
        self._new: list[int] = []
        self._stale = self._warned = False

    def add(self, number: int) -> None:
        """Note that the outcome of a recipient without a row is known."""
        self._new.append(number)

    def change(self) -> None:
        """Note that a row has changed: all are written anew, which takes a while for many."""
        self._stale = True

    def tick(self) -> None:
        """Write down what is new, if it is time for that."""
        if self._stale:
            if self._pauses.over():
                self.renew()
            return
        with self._forgiving():
            if self._new:
                self._file.append(self._text(among(self._new)))
                self._new.clear()
            self._file.keep()

    def renew(self) -> None:
        """Write anew what is known of all recipients."""
        with self._forgiving(), self._pauses.measured():
            self._file.begin(lambda file: put(file, self._path, self._rows(BEGUN), header=self._columns))
            self._new.clear()
            self._stale = False

    def finish(self) -> None:
        """Write the whole report, with the recipients that are still to be written to."""
        self._file.close()
        write_report(self._path, self._rows(EVERYBODY), self._columns)

    def _text(self, where: str) -> str:
        text = io.StringIO(newline="")
        put(text, self._path, self._rows(where))
        return text.getvalue()

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever a storage can do must not stop the messages
            self._stale = True
            if not self._warned:
                self._warned = True
                words = "The report cannot be written so far (%s): it is tried again, and at the end"
                log.warning(words, type(error).__name__)


class RevisedReport(Report):
    """The same report for a fallback channel: each recipient has a row already, which changes."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def add(self, number: int) -> None:
        """Note that the row of a recipient changes."""
        self._report.change()

    def tick(self) -> None:
        """Write it down anew, if it is time for that."""
        self._report.tick()

    def renew(self) -> None:
        """Write it down anew before long."""
        self._report.change()

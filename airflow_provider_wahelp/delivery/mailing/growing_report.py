"""The report of a mailing while it is sent: it grows row by row, and at the end it is whole."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from airflow_provider_wahelp.delivery.mailing.report import ReportRow, put, write_report
from airflow_provider_wahelp.delivery.mailing.results import BEGUN, EVERYBODY, among
from airflow_provider_wahelp.storage.files import TEXT, is_local, private_file, storage_path

log = logging.getLogger(__name__)

_SOONEST, _LATEST = 30.0, 600.0  # seconds until it is uploaded, or written anew, once more
_THINNING = 10  # a tenth of the time so far, between the two
_SHARE = 50  # and no sooner than so many times what it took: the mailing does not wait for its report
_PIECE = 1 << 20

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
        self._pauses = _Pauses(clock)
        self._file = _LocalFile(path) if is_local(path) else _UploadedFile(path, _Pauses(clock))
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


class _Pauses:
    """How long to wait before repeating something that costs more, the more rows there are."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started = self._due = clock()

    def over(self) -> bool:
        """Return whether it is time."""
        return self._clock() >= self._due

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Do it; the next time is later, the longer this takes and the longer all takes."""
        began = time.perf_counter()
        try:
            yield
        finally:
            took, now = time.perf_counter() - began, self._clock()
            pause = min(max(_SOONEST, (now - self._started) / _THINNING), _LATEST)
            self._due = now + max(pause, took * _SHARE)


class _GrowingFile:
    _file: IO[str] | None = None

    def append(self, text: str) -> None:
        """Add whole lines to it, in one write: there is hardly a moment to read half of one in."""
        if self._file:
            self._file.write(text)
            self._file.flush()


class _LocalFile(_GrowingFile):
    """A file on a disk, private from its first byte."""

    def __init__(self, path: str) -> None:
        self._path = Path(storage_path(path).path)

    def begin(self, write: Callable[[IO[str]], None]) -> None:
        """Replace what was there, in one step."""
        self.close()
        with private_file(str(self._path)) as file:
            write(file)
        self._file = self._path.open("a", **TEXT)

    def keep(self) -> None:
        """Do nothing: it is there."""

    def close(self) -> None:
        """Leave it."""
        if self._file:
            self._file.close()
        self._file = None


class _UploadedFile(_GrowingFile):
    """A file in an object storage, which takes whole files only: a copy of what there is, now and then."""

    def __init__(self, path: str, pauses: _Pauses) -> None:
        self._target = storage_path(path)
        self._pauses = pauses
        self._pool: ThreadPoolExecutor | None = None
        self._upload: Future[None] | None = None

    def begin(self, write: Callable[[IO[str]], None]) -> None:
        """Begin it anew, on this host; it replaces what is there when it is uploaded."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "wahelp-report")
            _ = self._target.fs  # here, as only one thread of a task may ask Airflow for a connection
            self._target.parent.mkdir(parents=True, exist_ok=True)
        if self._file:
            self._file.close()
        self._file = tempfile.TemporaryFile("w+", **TEXT)  # noqa: SIM115 - it is open as long as it grows
        write(self._file)
        self._file.flush()

    def keep(self) -> None:
        """Upload it beside the sending, if it is time for that and nothing is on its way."""
        if self._upload and self._upload.done():
            upload, self._upload = self._upload, None
            upload.result()
        if self._file and self._pool and self._upload is None and self._pauses.over():
            descriptor = self._file.fileno()
            size = os.fstat(descriptor).st_size
            self._upload = self._pool.submit(self._put, os.dup(descriptor), size)

    def close(self) -> None:
        """Leave it, once what is on its way has come to its end: it must not replace what comes after it."""
        if self._pool:
            self._pool.shutdown()
        if self._file:
            self._file.close()
        self._file = self._pool = self._upload = None

    def _put(self, descriptor: int, size: int) -> None:
        try:
            with self._pauses.measured(), self._target.open("wb") as remote:  # type: ignore[no-untyped-call]
                for start in range(0, size, _PIECE):
                    remote.write(os.pread(descriptor, min(_PIECE, size - start), start))
        finally:
            os.close(descriptor)

"""A file that grows while a mailing is sent, on a disk or in an object storage."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from airflow_provider_wahelp.storage.files import TEXT, is_local, private_file, storage_path

_SOONEST, _LATEST = 30.0, 600.0  # seconds until it is uploaded, or written anew, once more
_THINNING = 10  # a tenth of the time so far, between the two
_SHARE = 50  # and no sooner than so many times what it took: the mailing does not wait for its report
_PIECE = 1 << 20


class Pauses:
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


class GrowingFile:
    """What both have: text is added to what is open."""

    _file: IO[str] | None = None

    def append(self, text: str) -> None:
        """Add whole lines to it, in one write: there is hardly a moment to read half of one in."""
        if self._file:
            self._file.write(text)
            self._file.flush()


class LocalFile(GrowingFile):
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


class UploadedFile(GrowingFile):
    """A file in an object storage, which takes whole files only: a copy of what there is, now and then."""

    def __init__(self, path: str, pauses: Pauses) -> None:
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


def growing_file(path: str, clock: Callable[[], float]) -> LocalFile | UploadedFile:
    """Return the file at a path: any Airflow object storage path."""
    return LocalFile(path) if is_local(path) else UploadedFile(path, Pauses(clock))

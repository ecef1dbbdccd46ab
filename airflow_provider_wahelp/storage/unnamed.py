"""A temporary file without a name: whatever ends the process, nothing of it remains."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast


class UnnamedFile:
    """A file that is written once and read by any number of threads."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as it may be read again

    @contextmanager
    def rewrite(self) -> Iterator[IO[bytes]]:
        """Write it from its beginning."""
        self._file.seek(0)
        self._file.truncate()
        yield self._file
        self._file.flush()

    def open(self) -> IO[bytes]:
        """Open it for reading; each reader is at a place of its own."""
        return cast("IO[bytes]", io.BufferedReader(_Reader(self._file)))


class _Reader(io.RawIOBase):
    """Reads a file that others read at the same time."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        read = os.preadv(self._file.fileno(), [buffer], self._at)
        self._at += read
        return read

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        size = os.fstat(self._file.fileno()).st_size
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: size}[whence]
        return self._at

"""What one process of a host may do at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class HostLock:
    """A lock between processes, and between the threads of one: the system's own, on a file of ours.

    The system opens it when its holder ends, however that ends. The file stays: removing it would let two in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self, *, wait: bool = False) -> None:
        """Lock the file. The process that holds the lock must not call this.

        :param wait: whether to wait for a holder.
        :raises BlockingIOError: if somebody holds it, and this is not to wait.
        :raises OSError: if there can be no such file.
        """
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle

    def release(self) -> None:
        """Let others in; nothing happens if it is not held."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

"""Directories and files that only their owner can read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def make_private(directory: Path) -> None:
    """Create a directory with mode 0700; an existing one stays as it is, and must be ours.

    :raises OSError: if it cannot be used.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = directory.stat()
    if kept.st_uid != os.getuid() or kept.st_mode & 0o022 or not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(f"{directory} belongs to somebody else, or others may write to it")


@contextmanager
def draft_of(file: Path) -> Iterator[Path]:
    """Yield a new file of mode 0600 in the directory of another, to be filled and then renamed or linked.

    So readers see the file as a whole or not at all. A draft that was not renamed is removed.

    :raises OSError: if it cannot be created.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mkstemp makes it 0600
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)

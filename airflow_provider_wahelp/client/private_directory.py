"""A directory for what is nobody else's business."""

from __future__ import annotations

import os
from pathlib import Path


def make_private(directory: Path) -> None:
    """Create a directory with mode 0700, or insist that one that exists is ours; it is left as it is.

    :raises OSError: if it cannot be used.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = directory.stat()
    if kept.st_uid != os.getuid() or kept.st_mode & 0o022 or not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(f"{directory} belongs to somebody else, or others may write to it")

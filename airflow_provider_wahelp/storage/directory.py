"""The directory that the tasks of a host share."""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path

from airflow_provider_wahelp.client.private_files import make_private

log = logging.getLogger(__name__)


def state_directory() -> Path:
    """Return where the directory is, from ``[wahelp] state_directory``; it need not exist yet."""
    from airflow.providers.common.compat.sdk import conf

    configured = conf.get("wahelp", "state_directory", fallback="")
    home = os.environ.get("AIRFLOW_HOME") or "~/airflow"
    return Path(configured or Path(home) / "wahelp").expanduser()


def shared_directory() -> Path | None:
    """Return the directory, ready for use; ``None`` where it cannot be used, which is logged once."""
    directory = state_directory()
    try:
        make_private(directory)
    except OSError as error:
        _warn_once(str(directory), type(error).__name__)
        return None
    return directory


@cache
def _warn_once(directory: str, reason: str) -> None:
    log.warning(
        "The directory %s cannot be used (%s), so the tasks of this host share nothing. "
        "Set [wahelp] state_directory to a directory that the worker may write.",
        directory,
        reason,
    )

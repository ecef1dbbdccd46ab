"""The host's secret keys."""

from __future__ import annotations

import hashlib
import logging
import secrets
from pathlib import Path

from airflow_provider_wahelp.storage.database import create_once
from airflow_provider_wahelp.storage.directory import shared_directory

log = logging.getLogger(__name__)


_NO_KEY = "{FERNET_KEY}"
"""What the Task SDK of Airflow 3.3 reads where neither airflow.cfg nor the environment has a key."""


def fernet_key() -> str:
    """Return Airflow's Fernet key, or several with commas between; the empty string where none is set."""
    from airflow.providers.common.compat.sdk import conf

    key = conf.get("core", "fernet_key", fallback="") or ""
    return "" if key == _NO_KEY else key


KEY_FILE = "people.key"


_KEY = 32  # bytes


def digest_key() -> bytes:
    """Return the key of this host's digests: from Airflow's Fernet key, or from a file where none is set.

    Another key, after a rotation or on another host, knows nobody: that costs lookups.
    """
    newest = fernet_key().partition(",")[0]
    if newest:
        return hashlib.sha256(b"wahelp people\0" + newest.encode()).digest()
    directory = shared_directory()
    return (directory and _kept_key(directory / KEY_FILE)) or secrets.token_bytes(_KEY)


def _kept_key(file: Path) -> bytes | None:
    """Return the key in a file, which is made where there is none; ``None`` where that cannot be done."""
    try:
        if file.exists() and file.stat().st_size != _KEY:
            file.unlink(missing_ok=True)  # damaged
        if not file.exists():
            create_once(file, lambda new: new.write_bytes(secrets.token_bytes(_KEY)))
        return file.read_bytes()  # not what was written: another process may have been faster
    except OSError:
        return None

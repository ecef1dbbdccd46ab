"""The secret keys of a host, and digests by such a key: without it, trying phones finds out nothing."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from airflow_provider_wahelp.storage.database import create_once
from airflow_provider_wahelp.storage.directory import shared_directory

KEY_FILE = "people.key"

_KEY_BYTES = 32
_DIGEST_BYTES = 16  # two phones never share a digest, and a million digests take 50 MB in SQLite

_NO_KEY = "{FERNET_KEY}"
"""What the Task SDK of Airflow 3.3 reads where neither airflow.cfg nor the environment has a key."""


def fernet_key() -> str:
    """Return Airflow's Fernet key, or several with commas between; the empty string where none is set."""
    from airflow.providers.common.compat.sdk import conf

    key = conf.get("core", "fernet_key", fallback="") or ""
    return "" if key == _NO_KEY else key


def digest_key() -> bytes:
    """Return the key of this host's digests: from Airflow's Fernet key, or from a file where none is set.

    Digests of another key, after a rotation or on another host, match nothing. That costs lookups.
    """
    newest = fernet_key().partition(",")[0]
    if newest:
        return hashlib.sha256(b"wahelp people\0" + newest.encode()).digest()
    directory = shared_directory()
    return (directory and _read_or_create(directory / KEY_FILE)) or secrets.token_bytes(_KEY_BYTES)


def keyed_hash(key: bytes, purpose: bytes, content: bytes = b"") -> hashlib.blake2b:
    """Return the hash of a content under a key, to be updated or digested.

    :param key: :func:`digest_key`.
    :param purpose: at most 16 bytes. Digests for different purposes never match.
    :param content: what to hash.
    """
    return hashlib.blake2b(content, key=key, digest_size=_DIGEST_BYTES, person=purpose)


def _read_or_create(file: Path) -> bytes | None:
    """Return the key in a file, which is created where it is missing; ``None`` if that fails."""
    try:
        if file.exists() and file.stat().st_size != _KEY_BYTES:
            file.unlink(missing_ok=True)  # damaged
        if not file.exists():
            create_once(file, lambda new: new.write_bytes(secrets.token_bytes(_KEY_BYTES)))
        return file.read_bytes()  # not what was written: another process may have been faster
    except OSError:
        return None

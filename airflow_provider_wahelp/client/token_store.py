"""Where a token is kept: in a process, or on a host, and what it is filed under."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from airflow_provider_wahelp.client.locking import HostLock
from airflow_provider_wahelp.client.private_files import draft_of, make_private
from airflow_provider_wahelp.client.settings import Settings

log = logging.getLogger(__name__)

_EARLY_SHARE, _EARLY_MOST = 0.1, 300.0  # of the lifetime; seconds


@dataclass(frozen=True)
class Token:
    """A bearer token.

    :param expires_at: seconds since 1970; infinite where it is not known.
    :param lifetime: seconds from its issue to its end.
    :param clock_offset: seconds that the server's clock was ahead when it was issued.
    :param clock_start: when the host was started, by its clock as it was set then.
    :param history_offset: what is known of the history's clock, as the fields of an ``Offset``.
    """

    value: str = field(repr=False)
    expires_at: float = float("inf")
    lifetime: float = float("inf")
    clock_offset: float | None = None
    clock_start: float | None = None
    history_offset: Sequence[float] | None = None

    def expired(self, now: float) -> bool:
        """Return whether the token is past its end."""
        return now >= self.expires_at

    def fresh(self, now: float) -> bool:
        """Return whether the token need not be renewed yet."""
        return now < self.expires_at - min(self.lifetime * _EARLY_SHARE, _EARLY_MOST)


class MemoryStore:
    """Keeps a token in this process. A store may forget at any time, and locking it never waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None

    def try_lock(self) -> bool:
        """Lock the store against the other threads and coroutines of this process."""
        return self._lock.acquire(blocking=False)

    def unlock(self) -> None:
        """Let others in."""
        self._lock.release()

    def read(self) -> Token | None:
        """Return the token that is kept."""
        return self._token

    def write(self, token: Token) -> None:
        """Keep a token."""
        self._token = token

    def discard(self, value: str) -> None:
        """Forget exactly this token."""
        if self._token and self._token.value == value:
            self._token = None


class Cipher(Protocol):
    """Encrypts what lies on the disk, as Airflow's Fernet does."""

    def encrypt(self, msg: bytes) -> bytes:
        """Encrypt."""

    def decrypt(self, msg: bytes) -> bytes:
        """Decrypt."""


class FileStore:
    """Keeps a token in a file that only its owner can read, for all processes of a host.

    :param directory: created with mode 0700 where it does not exist; one that exists is left as it is.
    :param key: the name that the token is found under.
    :param cipher: encrypts the file, where there is one.
    :raises OSError: if the directory cannot be used.
    """

    def __init__(self, directory: Path, key: str, cipher: Cipher | None = None) -> None:
        make_private(directory)
        self.path = directory / f"token-{key}"
        self._cipher = cipher
        self._thread_lock = _thread_locks.setdefault(str(self.path), threading.Lock())
        self._file_lock = HostLock(directory / f"token-{key}.lock")

    def try_lock(self) -> bool:
        """Lock the store against the other processes of this host, and the threads of this one."""
        if not self._thread_lock.acquire(blocking=False):
            return False
        try:
            make_private(self.path.parent)  # it may have vanished
            self._file_lock.acquire()
        except BlockingIOError:
            self._thread_lock.release()
            return False
        except OSError as error:
            log.debug("The token cannot be shared with other processes: %s", error.strerror)
        except BaseException:
            self._thread_lock.release()
            raise
        return True

    def unlock(self) -> None:
        """Let others in."""
        self._file_lock.release()
        self._thread_lock.release()

    def read(self) -> Token | None:
        """Return the token of the file; a file that cannot be read is as good as none."""
        try:
            raw = self.path.read_bytes()
            entry = json.loads(self._cipher.decrypt(raw) if self._cipher else raw)
            return Token(**entry)
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - whatever the cipher raises: it costs a login, never the task
            log.debug("The cached token cannot be read (%s); logging in.", type(error).__name__)
            return None

    def write(self, token: Token) -> None:
        """Replace the file in one step; a disk that refuses costs a login, never the task."""
        entry = json.dumps(asdict(token)).encode()
        content = self._cipher.encrypt(entry) if self._cipher else entry
        try:
            with draft_of(self.path) as draft:
                draft.write_bytes(content)
                draft.replace(self.path)
        except OSError as error:
            log.warning("The token cannot be shared with other tasks of this host: %s", error.strerror)

    def discard(self, value: str) -> None:
        """Forget exactly this token: another process may have put a new one there."""
        if (kept := self.read()) and kept.value == value:
            self.path.unlink(missing_ok=True)


TokenStore: TypeAlias = MemoryStore | FileStore

_thread_locks: dict[str, threading.Lock] = {}
_process_stores: dict[str, MemoryStore] = {}


def store_key(settings: Settings) -> str:
    """Return what a token is filed under: a change of host, login or password is another token."""
    parts = json.dumps([settings.base_url, settings.login, settings.password])
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def process_store(settings: Settings) -> MemoryStore:
    """Return the store that all clients of this process share."""
    return _process_stores.setdefault(store_key(settings), MemoryStore())

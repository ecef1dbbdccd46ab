"""A token that the tasks of all hosts share: a file of the host, and what the shared state has."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from airflow_provider_wahelp.client.token_store import Cipher, FileStore, Token
from airflow_provider_wahelp.storage.keys import digest_key, keyed_hash
from airflow_provider_wahelp.storage.state.interface import State, StateAwayError
from airflow_provider_wahelp.storage.state.shared import warn_once

T = TypeVar("T")

LEASE = 60.0
"""Seconds for which one process of all hosts renews the token; one that has died keeps the others as long."""

_PAUSE = 30.0  # seconds until a state that was away is asked again: an event loop may wait for the answer

log = logging.getLogger(__name__)


class SharedTokenStore(FileStore):
    """A file of the host in front of a value of the state, which is encrypted.

    While the file has a token that is fresh, the state is not asked. While the state is away, each host logs
    in for itself.

    :param state: what all hosts share.
    :param key: the name that the token is found under on the host.
    """

    def __init__(self, directory: Path, key: str, cipher: Cipher, state: State) -> None:
        super().__init__(directory, key, cipher)
        self._state = state
        self._encrypts = cipher
        self._name, self._lock_name = (_digest(key, what) for what in (b"token", b"lock"))
        self._holder = secrets.token_bytes(16)
        self._holds = False
        self._away_until = 0.0

    def try_lock(self) -> bool:
        """Lock the store against the processes of all hosts, as far as a token is to be renewed."""
        if not super().try_lock():
            return False
        if self._is_fresh(super().read()):
            return True
        self._holds = self._ask(lambda: self._state.claim(self._lock_name, self._holder, LEASE), instead=True)
        if not self._holds:
            super().unlock()
        return self._holds

    def unlock(self) -> None:
        """Let others in."""
        if self._holds:
            self._ask(lambda: self._state.forget(self._lock_name, self._holder), instead=None)
        self._holds = False
        super().unlock()

    def read(self) -> Token | None:
        """Return the token of the host, or that of the others if it is fresher."""
        own = super().read()
        if self._is_fresh(own):
            return own
        theirs = self._theirs()
        if theirs is None or (own and own.expires_at >= theirs.expires_at):
            return own
        super().write(theirs)
        return theirs

    def write(self, token: Token) -> None:
        """Keep a token here, and for the others."""
        super().write(token)
        content = self._encrypts.encrypt(json.dumps(asdict(token)).encode())
        seconds = min(max(token.expires_at - time.time(), 1.0), 365 * 86_400.0)
        self._ask(lambda: self._state.write(self._name, content, seconds), instead=None)

    def discard(self, value: str) -> None:
        """Forget exactly this token, here and where the others find it."""
        super().discard(value)
        content = self._content()
        theirs = self._decrypted(content)
        if theirs and theirs.value == value:
            self._ask(lambda: self._state.forget(self._name, content), instead=None)

    def _theirs(self) -> Token | None:
        return self._decrypted(self._content())

    def _content(self) -> bytes | None:
        return self._ask(lambda: self._state.read([self._name]).get(self._name), instead=None)

    def _decrypted(self, content: bytes | None) -> Token | None:
        if content is None:
            return None
        try:
            return Token(**json.loads(self._encrypts.decrypt(content)))
        except Exception as error:  # noqa: BLE001 - whatever the cipher raises: it costs a login, never the task
            log.debug("The shared token cannot be read (%s); logging in.", type(error).__name__)
            return None

    def _is_fresh(self, token: Token | None) -> bool:
        return token is not None and token.fresh(time.time())

    def _ask(self, work: Callable[[], T], *, instead: T) -> T:
        if time.monotonic() < self._away_until:
            return instead
        try:
            return work()
        except StateAwayError as error:
            warn_once("each host logs in for itself", str(error))
            self._away_until = time.monotonic() + _PAUSE
            return instead


def _digest(key: str, what: bytes) -> bytes:
    """Return a name in the state: without Airflow's key, trying passwords finds out nothing."""
    return keyed_hash(digest_key(), b"token", what + key.encode()).digest()

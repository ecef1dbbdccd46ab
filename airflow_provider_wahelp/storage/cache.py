"""A cache that tasks share, in a state that may be lost at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from airflow_provider_wahelp.storage.state.interface import State, StateAwayError
from airflow_provider_wahelp.storage.state.shared import ALONE, host_state, warn_once

T = TypeVar("T")

_CHECKSUM_BYTES = 8


class KeyValueCache:
    """Small values by name. Each has a checksum: a damaged value counts as missing.

    :param state: where they are kept; while it is away, the host's.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def shared(self) -> bool:
        """Whether several hosts share it."""
        return self._state.shared

    def read(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values of those names that are known."""
        rows = self._do(lambda state: state.read(names))
        values = {name: stored[_CHECKSUM_BYTES:] for name, stored in rows.items()}
        return {name: value for name, value in values.items() if rows[name] == _with_checksum(name, value)}

    def write(self, name: bytes, content: bytes, seconds: float | None = None) -> None:
        """Store a value, in place of an earlier one of the same name.

        :param seconds: for how long at least; ``None``: for good.
        """
        self._do(lambda state: state.write(name, _with_checksum(name, content), seconds))

    def claim(self, name: bytes, content: bytes, seconds: float) -> bool:
        """Write a value for so long, unless there is one; return whether it was written."""
        return self._do(lambda state: state.claim(name, content, seconds))

    def forget(self, name: bytes, content: bytes | None = None) -> None:
        """Remove the value of a name; with a content, only what was claimed with it."""
        self._do(lambda state: state.forget(name, content))

    def close(self) -> None:
        """Let go of the state; it is taken up again when it is needed."""
        self._state.close()

    def _do(self, work: Callable[[State], T]) -> T:
        try:
            return work(self._state)
        except StateAwayError as error:
            warn_once(ALONE, str(error))
            self._state = host_state()
            return work(self._state)


def _with_checksum(name: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(name + content, digest_size=_CHECKSUM_BYTES).digest() + content

"""The state in a file."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.state import State

log = logging.getLogger(__name__)

_VERSION = 1
_PATIENCE = 10.0


class Storage:
    """A JSON file, readable by its owner only: it holds tokens, phones and texts.

    :param path: where the file is, or will be.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved = -1
        self._rest_until = 0.0

    def load(self, state: State) -> None:
        """Bring back what was saved; without a file, nothing.

        :param state: takes over the contents.
        :raises ValueError: if the file holds anything else.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        try:
            state.load(_unwrap(content))
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{self._path} is not a state file of this sandbox") from error

    def save(self, state: State) -> None:
        """Replace the file, unless nothing has changed since.

        :param state: what to save.
        """
        changes = state.changes
        if changes == self._saved:
            return
        begun = time.monotonic()
        self._write(json.dumps({"version": _VERSION, "state": state.dump()}).encode())
        self._saved = changes
        # A large state takes long to write: spend no more than a tenth of the time on it.
        self._rest_until = time.monotonic() + 10 * (time.monotonic() - begun)

    def save_now_and_then(self, state: State) -> None:
        """Save, unless the last time was too recent for what it costs. A failure is logged.

        :param state: what to save.
        """
        if time.monotonic() < self._rest_until:
            return
        try:
            self.save(state)
        except OSError as error:
            self._rest_until = time.monotonic() + _PATIENCE
            log.warning("The state could not be saved: %s", error.strerror)

    def _write(self, content: bytes) -> None:
        # mkstemp creates the file with mode 0600, and os.replace keeps that.
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _unwrap(content: bytes) -> dict[str, Any]:
    saved = json.loads(content)
    if saved["version"] != _VERSION:
        raise ValueError("another version")
    state: dict[str, Any] = saved["state"]
    return state

"""What was begun and what was done, kept where a retry finds it.

A send goes through ``(nothing) --begun--> POST --done-->``. Who comes back and finds *begun* knows that the
message may have gone; who finds *done* has nothing to do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from airflow_provider_wahelp.client.steps import Moment

PREFIX = "wahelp:"
LONGEST_KEY = 250
"""Airflow's database takes 512 characters, a run's ids alone can be more."""


@dataclass(frozen=True)
class Entry:
    """What is known of one send.

    :param began: when it was begun, in seconds since 1970.
    :param digest: what its text is recognised by.
    :param user_id: whom it is for.
    :param generation: how often the task had been cleared.
    :param message: what was sent, once it is done.
    :param others: the ids of what was sent under the same key before, where it was to be sent once more.
    :param by_host: whether it was begun by this host's clock and not by the server's.
    """

    began: float
    digest: str
    user_id: int | str
    generation: int = 0
    message: Mapping[str, Any] | None = None
    others: Sequence[int | str] = field(default_factory=list)
    by_host: bool = False

    @property
    def since(self) -> Moment:
        """When it was begun."""
        return Moment(self.began, self.by_host)

    @property
    def done(self) -> bool:
        """Whether the message was sent."""
        return self.message is not None


class Ledger(Protocol):
    """Where entries are kept, each under a key."""

    def read(self, key: str) -> Entry | None:
        """Return the entry of a key."""

    def write(self, key: str, entry: Entry) -> None:
        """Keep an entry, durably, before this returns."""

    def forget(self, key: str) -> None:
        """Drop an entry: nothing was sent."""


class TaskStateLedger:
    """Keeps entries in Airflow's task state store (3.3): it survives a retry and a killed worker.

    The store belongs to one task of one run: another task does not see it.

    :param store: ``context["task_state_store"]``. To be called from the task's main thread alone.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def read(self, key: str) -> Entry | None:
        """Return the entry of a key."""
        kept = self._store.get(_name(key))
        return Entry(**kept) if kept else None

    def write(self, key: str, entry: Entry) -> None:
        """Keep an entry."""
        self._store.set(_name(key), asdict(entry))

    def forget(self, key: str) -> None:
        """Drop an entry."""
        self._store.delete(_name(key))


class FileLedger:
    """Keeps entries as files below any Airflow object storage path, for all tasks that name the same path.

    :param path: e.g. ``s3://conn_id@bucket/ledger``. Local files are readable for their owner alone.
    """

    def __init__(self, path: str) -> None:
        from airflow.providers.common.compat.sdk import ObjectStoragePath

        self._directory = ObjectStoragePath(path)
        self._local = self._directory.protocol in {"file", "local", ""}

    def read(self, key: str) -> Entry | None:
        """Return the entry of a key."""
        file = self._file(key)
        return Entry(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None

    def write(self, key: str, entry: Entry) -> None:
        """Keep an entry; a local file is replaced in one step, as object stores do."""
        content = json.dumps(asdict(entry), ensure_ascii=False)
        if self._local:
            _replace(Path(self._file(key).path), content)
        else:
            self._file(key).write_text(content, encoding="utf-8")

    def forget(self, key: str) -> None:
        """Drop an entry."""
        self._file(key).unlink(missing_ok=True)

    def _file(self, key: str) -> Any:
        return self._directory / f"{_digest(key)}.json"


def _name(key: str) -> str:
    return PREFIX + (key if len(key) <= LONGEST_KEY else _digest(key))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _replace(file: Path, content: str) -> None:
    import os
    import tempfile

    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

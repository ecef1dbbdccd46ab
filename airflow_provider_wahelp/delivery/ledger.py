"""Records of what was begun and what was done, so that a retry of the task finds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

from airflow_provider_wahelp.storage.files import private_file, storage_path

PREFIX = "wahelp:"
MAX_KEY_LENGTH = 250
"""Airflow's database takes 512 characters; the ids of a run alone can be more."""

Record = Mapping[str, Any]
"""Plain JSON values."""


class Ledger(Protocol):
    """Keeps records, each under a key."""

    def read(self, key: str) -> Record | None:
        """Return the record of a key."""

    def write(self, key: str, record: Record) -> None:
        """Keep a record, durably, before this returns."""

    def forget(self, key: str) -> None:
        """Drop a record: what was begun was certainly not carried out."""


class TaskStateLedger:
    """Keeps records in Airflow's task state store (3.3): it survives a retry and a killed worker.

    The store belongs to one task of one run: another task does not see it.

    :param store: ``context["task_state_store"]``. To be called from the task's main thread alone.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def read(self, key: str) -> Record | None:
        """Return the record of a key."""
        return self._store.get(_name(key)) or None

    def write(self, key: str, record: Record) -> None:
        """Keep a record."""
        self._store.set(_name(key), dict(record))

    def forget(self, key: str) -> None:
        """Drop a record."""
        self._store.delete(_name(key))


class FileLedger:
    """Keeps records as files below any Airflow object storage path, for all tasks that name the same path.

    :param path: e.g. ``s3://conn_id@bucket/ledger``. Local files are readable for their owner alone.
    """

    def __init__(self, path: str) -> None:
        self._directory = storage_path(path)

    def read(self, key: str) -> Record | None:
        """Return the record of a key."""
        file = self._file(key)
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def write(self, key: str, record: Record) -> None:
        """Keep a record."""
        with private_file(self._file(key)) as file:
            file.write(json.dumps(dict(record), ensure_ascii=False))  # json.dump is ten times as slow

    def forget(self, key: str) -> None:
        """Drop a record."""
        self._file(key).unlink(missing_ok=True)

    def _file(self, key: str) -> Any:
        return self._directory / f"{_hashed(key)}.json"


def _name(key: str) -> str:
    return PREFIX + (key if len(key) <= MAX_KEY_LENGTH else _hashed(key))


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def ledger_of(context: Mapping[str, Any], path: str | None) -> Ledger | None:
    """Return the ledger of a task: ``None`` before Airflow 3.3, unless its author names a path."""
    if path:
        return FileLedger(path)
    store = context.get("task_state_store")
    return TaskStateLedger(store) if store is not None else None

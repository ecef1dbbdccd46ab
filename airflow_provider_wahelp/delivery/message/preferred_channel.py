"""Which channel has reached a person before, kept without readable phones."""

from __future__ import annotations

import json
import logging
from typing import Any, Protocol

from airflow_provider_wahelp.storage.files import private_file, storage_path
from airflow_provider_wahelp.storage.keys import digest_key, keyed_hash

log = logging.getLogger(__name__)


class KeyValueStore(Protocol):
    """Where one string is kept for each key."""

    def read(self, key: str) -> str | None:
        """Return the value of a key."""

    def write(self, key: str, value: str) -> None:
        """Keep a value."""


class PathStore:
    """Keeps a small file for each key, so that tasks that write at the same moment do not collide.

    :param path: a directory, as any Airflow object storage path.
    """

    def __init__(self, path: str) -> None:
        self._directory = storage_path(path)

    def read(self, key: str) -> str | None:
        """Return the value of a key."""
        file = self._directory / f"{key}.json"
        return json.loads(file.read_text(encoding="utf-8"))["channel_uuid"] if file.exists() else None

    def write(self, key: str, value: str) -> None:
        """Keep a value."""
        with private_file(self._directory / f"{key}.json") as file:
            json.dump({"channel_uuid": value}, file)


class VariableStore:
    """Keeps all keys in one Airflow Variable. If two tasks write at the same moment, one is forgotten."""

    def __init__(self, name: str) -> None:
        self._variable = name

    def read(self, key: str) -> str | None:
        """Return the value of a key."""
        return self._all().get(key)

    def write(self, key: str, value: str) -> None:
        """Keep a value."""
        from airflow.providers.common.compat.sdk import Variable

        Variable.set(self._variable, json.dumps({**self._all(), key: value}))

    def _all(self) -> dict[str, str]:
        from airflow.providers.common.compat.sdk import Variable

        values: Any = json.loads(Variable.get(self._variable, None) or "{}")
        if not isinstance(values, dict):
            raise TypeError("the Variable holds no JSON object")
        return values


class PreferredChannels:
    """Which channel has reached whom. What is forgotten costs a detour and never fails a task.

    :param scope: what the channels belong to: the server and the project.
    """

    def __init__(self, store: KeyValueStore, scope: str) -> None:
        self._store = store
        self._scope = scope

    def recall(self, phone: str) -> str | None:
        """Return the channel that has reached a person."""
        try:
            return self._store.read(self._key(phone))
        except Exception as error:  # noqa: BLE001 - whatever a storage raises, the message is sent all the same
            log.warning("The channel that reached the person cannot be looked up: %s", type(error).__name__)
            return None

    def remember(self, phone: str, channel_uuid: str) -> None:
        """Keep which channel has reached a person."""
        try:
            self._store.write(self._key(phone), channel_uuid)
        except Exception as error:  # noqa: BLE001 - the message has arrived, whatever a storage raises
            log.warning("The channel that reached the person cannot be kept: %s", type(error).__name__)

    def _key(self, phone: str) -> str:
        return keyed_hash(digest_key(), b"memory", f"{self._scope}\0{phone}".encode()).hexdigest()


def preferred_channels_in(place: str, scope: str) -> PreferredChannels:
    """Return what is remembered in a place.

    :param place: the name of an Airflow Variable or, where it has a slash, any Airflow object storage path.
    """
    return PreferredChannels(PathStore(place) if "/" in place else VariableStore(place), scope)

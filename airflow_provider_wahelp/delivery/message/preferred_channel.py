"""Which channel has reached a person, remembered for the next time without readable numbers."""

from __future__ import annotations

import json
import logging
from typing import Any, Protocol

from airflow_provider_wahelp.storage.files import private_file, storage_path
from airflow_provider_wahelp.storage.keys import digest_key, keyed_hash

log = logging.getLogger(__name__)


class Notes(Protocol):
    """Where one word is kept for each name."""

    def read(self, name: str) -> str | None:
        """Return the word of a name."""

    def write(self, name: str, word: str) -> None:
        """Keep a word."""


class PathNotes:
    """Keeps a small file for each name: tasks that write at the same moment do not meet.

    :param path: a directory, as any Airflow object storage path.
    """

    def __init__(self, path: str) -> None:
        self._directory = storage_path(path)

    def read(self, name: str) -> str | None:
        """Return the word of a name."""
        file = self._directory / f"{name}.json"
        return json.loads(file.read_text(encoding="utf-8"))["channel_uuid"] if file.exists() else None

    def write(self, name: str, word: str) -> None:
        """Keep a word."""
        with private_file(self._directory / f"{name}.json") as file:
            json.dump({"channel_uuid": word}, file)


class VariableNotes:
    """Keeps all names in one Airflow Variable. Of two tasks that write at the same moment, one is forgotten.

    :param name: the Variable's.
    """

    def __init__(self, name: str) -> None:
        self._variable = name

    def read(self, name: str) -> str | None:
        """Return the word of a name."""
        return self._all().get(name)

    def write(self, name: str, word: str) -> None:
        """Keep a word."""
        from airflow.providers.common.compat.sdk import Variable

        Variable.set(self._variable, json.dumps({**self._all(), name: word}))

    def _all(self) -> dict[str, str]:
        from airflow.providers.common.compat.sdk import Variable

        kept: Any = json.loads(Variable.get(self._variable, None) or "{}")
        if not isinstance(kept, dict):
            raise TypeError("it holds something else")
        return kept


class PreferredChannels:
    """Which channel has reached whom. It may forget, which costs a detour and never fails a task.

    :param notes: where it is kept.
    :param scope: what the channels belong to: the server and the project.
    """

    def __init__(self, notes: Notes, scope: str) -> None:
        self._notes = notes
        self._scope = scope

    def recall(self, phone: str) -> str | None:
        """Return the channel that has reached somebody.

        :param phone: the normalised number.
        """
        try:
            return self._notes.read(self._name(phone))
        except Exception as error:  # noqa: BLE001 - whatever a storage raises, the message goes all the same
            log.warning("Which channel has reached the person cannot be looked up: %s", type(error).__name__)
            return None

    def remember(self, phone: str, channel_uuid: str) -> None:
        """Keep which channel has reached somebody.

        :param phone: the normalised number.
        :param channel_uuid: the channel.
        """
        try:
            self._notes.write(self._name(phone), channel_uuid)
        except Exception as error:  # noqa: BLE001 - the message has arrived, whatever a storage raises
            log.warning("Which channel has reached the person cannot be kept: %s", type(error).__name__)

    def _name(self, phone: str) -> str:
        return keyed_hash(digest_key(), b"memory", f"{self._scope}\0{phone}".encode()).hexdigest()


def memory_in(place: str, scope: str) -> PreferredChannels:
    """Return a memory.

    :param place: the name of an Airflow Variable or, where it has a slash, any Airflow object storage path.
    :param scope: what the channels belong to.
    """
    return PreferredChannels(PathNotes(place) if "/" in place else VariableNotes(place), scope)

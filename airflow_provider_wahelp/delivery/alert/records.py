"""Alerts as records of a shared state, and the lists by which they are found."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from airflow_provider_wahelp.storage.state.interface import Records

_IN_FLIGHT = b"in flight"
_ALL = b"all"
_HELD, _OF_RUN, _OF_EVENT, _LAST = b"held ", b"run ", b"event ", b"last "


class State(StrEnum):
    """How far an alert has got."""

    HELD = "held"  # counted, to be reported by another alert's message
    CLAIMED = "claimed"  # about to be sent: no request has left that could be it
    BEGUN = "begun"  # it may have been sent
    DONE = "done"  # it was sent
    REPORTED = "reported"  # another alert's message has reported it


@dataclass(frozen=True)
class Subject:
    """What an alert is about, for those who may see the DAG. It names nobody.

    :param dag_id: the DAG, or the file of one that cannot be read.
    :param task_id: the task; empty where it is about the run.
    :param map_index: the index of a mapped task; -1 if the task is not mapped.
    """

    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1


@dataclass
class Entry:
    """What is known of an alert. Keys are digests, in hexadecimal digits.

    :param at: when it came up; when it was claimed, if it was.
    :param until: until when the process that claimed it is at it.
    :param note: what its message is recognised by.
    :param reports: the keys of those that its message reports.
    """

    key: str
    group: str
    run: str
    label: str
    at: float
    state: State = State.HELD
    host: str = ""
    pid: int = 0
    until: float = 0.0
    note: Mapping[str, Any] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    subject: Subject = field(default_factory=Subject)

    def claim(self, now: float, lease: float) -> None:
        """Take it for this process."""
        self.host, self.pid, self.until = socket.gethostname(), os.getpid(), now + lease

    def is_busy(self, now: float) -> bool:
        """Return whether a process is at it: another host's may have died unseen, until its lease ends."""
        if self.state not in (State.CLAIMED, State.BEGUN) or now >= self.until:
            return False
        return self.host != socket.gethostname() or _alive(self.pid)

    def is_under_way(self, now: float) -> bool:
        """Return whether its message may still report what it has noted."""
        return self.state in (State.CLAIMED, State.BEGUN) and now < self.until


class Book:
    """The alerts of a state, for one who is alone with them."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._read: dict[str, Entry] = {}
        self.now = records.now()

    def get(self, key: bytes) -> Entry | None:
        """Return an alert, if it is known."""
        return next(self._entries([key]), None)

    def in_flight(self) -> list[Entry]:
        """Return the alerts that a process has claimed, and of which none has noted the end."""
        return list(self._entries(name for name, _ in self._records.members(_IN_FLIGHT)))

    def held(self, group: str, run: str | None = None) -> list[Entry]:
        """Return what is held back of a group, and of a run."""
        lists = [_HELD + group.encode(), *([_OF_RUN + run.encode()] if run else [])]
        names = dict.fromkeys(name for each in lists for name, _ in self._records.members(each))
        fresh = [one for one in self._read.values() if one.group == group or one.run == run]
        found = {one.key: one for one in (*self._entries(names), *fresh)}
        return [one for one in found.values() if one.state is State.HELD]

    def reported_by(self, entry: Entry) -> list[Entry]:
        """Return what the message of an alert reports, as far as nothing has reported it."""
        found = self._entries(map(bytes.fromhex, entry.reports))
        return [one for one in found if one.state is State.HELD]

    def last_done(self, group: str) -> float | None:
        """Return when the last message of a group was sent; ``None`` if none was."""
        found = list(self._records.get([_LAST + group.encode()]).values())
        return float(found[0]) if found else None

    def came_up(self, event: bytes, since: float) -> bool:
        """Return whether an alert of an event came up since a moment."""
        return bool(self._records.members(_OF_EVENT + event.hex().encode(), since))

    def all(self) -> list[tuple[bytes, float]]:
        """Return the keys of all alerts and when they came up, in their order."""
        return self._records.members(_ALL)

    def read(self, keys: Iterable[bytes]) -> list[Entry]:
        """Return those of some alerts that are known."""
        return list(self._entries(keys))

    def write(self, entry: Entry) -> None:
        """Write an alert, and put it on the lists where it belongs."""
        self._read[entry.key] = entry
        name, key = bytes.fromhex(entry.key), entry.key.encode()
        self._records.put(name, json.dumps(asdict(entry)).encode())
        self._records.add(_ALL, name, entry.at)
        self._records.add(_OF_EVENT + key[: len(key) // 2], name, entry.at)
        held = entry.state is State.HELD
        self._list(_HELD + entry.group.encode(), name, entry.at, wanted=held)
        self._list(_OF_RUN + entry.run.encode(), name, entry.at, wanted=held)
        self._list(_IN_FLIGHT, name, entry.at, wanted=entry.state in (State.CLAIMED, State.BEGUN))
        if entry.state is State.DONE:
            last = max(entry.at, self.last_done(entry.group) or 0.0)
            self._records.put(_LAST + entry.group.encode(), repr(last).encode())

    def _list(self, group: bytes, name: bytes, at: float, *, wanted: bool) -> None:
        if wanted:
            self._records.add(group, name, at)
        else:
            self._records.drop(group, name)

    def _entries(self, names: Iterable[bytes]) -> Iterator[Entry]:
        wanted = list(names)
        missing = [name for name in wanted if name.hex() not in self._read]
        for name, content in self._records.get(missing).items():
            self._read[name.hex()] = _entry(content)
        return (self._read[name.hex()] for name in wanted if name.hex() in self._read)


def _entry(content: bytes) -> Entry:
    values = json.loads(content)
    subject = Subject(**values.get("subject", {}))  # which older versions did not keep
    return Entry(**{**values, "state": State(values["state"]), "subject": subject})


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's, but alive
        return True
    return True

"""What became of the alerts of late, for people to look at. It names nobody: neither recipients nor texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_wahelp.delivery.alert.records import Book, Entry, State, Subject
from airflow_provider_wahelp.delivery.alert.store import KEPT, SCOPE
from airflow_provider_wahelp.storage.state.interface import Records
from airflow_provider_wahelp.storage.state.interface import State as SharedState

_PATIENCE = 2.0  # seconds to wait while others write: somebody waits for a page
_MOST = 5_000
"""Alerts that are read at most: the latest."""


class Fate(StrEnum):
    """What became of an alert."""

    TOLD = "told"
    TOLD_LATER = "told later"  # by another alert's message
    HELD = "held back"  # to be told by the next message of its group
    UNSENT = "not sent"  # that failed; likewise
    UNDER_WAY = "under way"
    UNKNOWN = "perhaps told"  # a process that has died had begun to send it


@dataclass(frozen=True)
class Remembered:
    """An alert to one recipient.

    :param kind: the name of what has happened, e.g. ``FAILED``.
    :param at: when it came up, in seconds since 1970.
    """

    subject: Subject
    kind: str
    at: float
    fate: Fate


@dataclass(frozen=True)
class History:
    """The alerts of late, the earliest first.

    :param since: from when on no alert is missing, in seconds since 1970; ``None`` if none was ever known.
    """

    alerts: Sequence[Remembered]
    since: float | None


def history(state: SharedState, seconds: float) -> History:
    """Return the alerts of so many last seconds.

    :raises StateAwayError: if the state does not answer.
    """

    def work(records: Records) -> History:
        book = Book(records)
        ever, start = book.all(), book.now - seconds
        late = [(key, at) for key, at in ever if at >= start][-_MOST:]
        begun = late[0][1] if len(late) == _MOST else max(ever[0][1], start) if ever else None
        return History([_remembered(each, book.now) for each in book.read(key for key, _ in late)], begun)

    return state.alone(SCOPE, _PATIENCE, KEPT, work)


def _remembered(entry: Entry, now: float) -> Remembered:
    return Remembered(entry.subject, entry.label.partition(" ")[0], entry.at, _fate(entry, now))


def _fate(entry: Entry, now: float) -> Fate:
    if entry.state is State.HELD:
        return Fate.UNSENT if entry.pid else Fate.HELD  # it had been claimed, to be sent
    known = {State.DONE: Fate.TOLD, State.REPORTED: Fate.TOLD_LATER}
    if entry.state in known:
        return known[entry.state]
    return Fate.UNDER_WAY if entry.is_under_way(now) else Fate.UNKNOWN

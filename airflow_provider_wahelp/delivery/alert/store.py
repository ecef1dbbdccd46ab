"""The alerts of all that share a state: which were sent, which are held back, and which is sent now.

An alert is a record, found under a digest that nobody can read a phone from. What is held back stays until
a message that reports it was sent. So a count is exact, and what was not sent is reported later, not lost.
The state may be lost at any time: then alerts are sent as if they were the first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from airflow_provider_wahelp.delivery.alert.records import Book, Entry, State, Subject
from airflow_provider_wahelp.storage.state.interface import State as SharedState
from airflow_provider_wahelp.storage.state.interface import StateAwayError
from airflow_provider_wahelp.storage.state.shared import host_state, warn_once

T = TypeVar("T")

SCOPE = "alerts"

KEPT = 30 * 86_400.0
"""Seconds after which an alert is forgotten."""

LOCKED = 5.0
"""Seconds to wait for the other processes of a storm, if nobody says how much time there is."""

log = logging.getLogger(__name__)


class Action(StrEnum):
    """What to do with an alert."""

    SEND = "send"
    HOLD = "hold"
    RECONCILE = "reconcile"  # look whether it was sent
    SKIP = "skip"


@dataclass(frozen=True)
class Known:
    """What the host knows when an alert comes up.

    :param state: how far this very alert has got; ``None`` if it is new.
    :param busy: whether another process is at it now.
    :param last: when the last message of its group was sent, in seconds since 1970; ``None`` if none was.
    """

    state: State | None
    busy: bool
    last: float | None


def decide(known: Known, now: float, window: float, *, quiet: bool) -> Action:
    """Decide what to do with an alert.

    :param window: for how many seconds a message silences its group; 0 for not at all.
    :param quiet: whether the recipient has quiet hours now.
    """
    if known.busy or known.state in (State.DONE, State.REPORTED):
        return Action.SKIP
    if known.state is State.BEGUN:
        return Action.RECONCILE
    # A moment ahead of now counts as well, as the clock may have been set back: but never for ever.
    if quiet or (known.last is not None and abs(now - known.last) < window):
        return Action.HOLD
    return Action.SEND


@dataclass(frozen=True)
class Alert:
    """One event for one recipient.

    :param key: its digest. Alerts with the same key are one alert.
    :param group: the digest of what it is throttled with.
    :param run: the digest of the run that it belongs to, for this recipient.
    :param label: how a summary names it.
    :param ends_run: whether the run has ended, so that its message reports all that the run has held back.
    :param subject: what it is about.
    """

    key: bytes
    group: bytes
    run: bytes
    label: str
    ends_run: bool = False
    subject: Subject = field(default_factory=Subject)


class Held(NamedTuple):
    """An alert that was held back.

    :param label: how a summary names it.
    """

    label: str
    at: float


@dataclass(frozen=True)
class Claim:
    """What is to be done with an alert, by this process alone.

    :param note: what was noted when the alert was begun.
    :param more: what was held back of its group, for its message to report.
    :param of_run: what was held back of its run, for its message to report.
    """

    action: Action
    at: float
    note: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[Held, ...] = ()
    of_run: tuple[Held, ...] = ()


class Alerts:
    """Keeps alerts, for all processes that share a state. While that is away, for those of the host.

    :param state: where they are kept.
    :param locked: seconds to wait while another process writes.
    """

    def __init__(self, state: SharedState, locked: float = LOCKED) -> None:
        self._state = state
        self._locked = locked

    def claim(self, alert: Alert, window: float, lease: float, *, quiet: bool = False) -> Claim:
        """Decide what to do with an alert; of all processes that ask at the same moment, one sends it.

        :param window: for how many seconds a message silences its group; 0 for not at all.
        :param lease: for how many seconds no other process gets this alert, unless this process dies.
        :param quiet: whether the recipient has quiet hours now.
        """
        return self._do(lambda book: _claim(book, alert, window, lease, quiet=quiet))

    def came_up(self, event: bytes, since: float) -> bool:
        """Return whether any alert of an event came up.

        :param event: what the keys of its alerts begin with.
        :param since: the earliest time that counts, in seconds since 1970.
        """
        return self._do(lambda book: book.came_up(event, since))

    def begin(self, alert: Alert, note: Mapping[str, Any]) -> None:
        """Note that it is sent now: from here on it may have been.

        :param note: what its message is recognised by later.
        """

        def change(entry: Entry) -> None:
            entry.state, entry.note = State.BEGUN, dict(note)

        self._change(alert, change)

    def finish(self, alert: Alert) -> None:
        """Note that it was sent, and with it what its message reports."""

        def work(book: Book) -> None:
            if entry := book.get(alert.key):
                for reported in book.reported_by(entry):
                    reported.state = State.REPORTED
                    book.write(reported)
                entry.state = State.DONE
                book.write(entry)

        self._do(work)

    def leave_unsent(self, alert: Alert) -> None:
        """Note that it need not be sent, as others have told all of it."""

        def change(entry: Entry) -> None:
            entry.state = State.REPORTED

        self._change(alert, change)

    def withdraw(self, alert: Alert) -> None:
        """Note that it certainly was not sent, though it was begun: it may be begun again."""

        def change(entry: Entry) -> None:
            entry.state = State.CLAIMED if entry.state is State.BEGUN else entry.state

        self._change(alert, change)

    def give_back(self, alert: Alert) -> None:
        """Give up an alert that failed. If it is not begun, the next of its group is sent, and reports it."""

        def change(entry: Entry) -> None:
            entry.state = State.HELD if entry.state is State.CLAIMED else entry.state
            entry.until = 0.0

        self._change(alert, change)

    def close(self) -> None:
        """Let go of the state."""
        self._state.close()

    def _change(self, alert: Alert, change: Callable[[Entry], None]) -> None:
        def work(book: Book) -> None:
            if entry := book.get(alert.key):
                change(entry)
                book.write(entry)

        self._do(work)

    def _do(self, work: Callable[[Book], T]) -> T:
        try:
            return self._state.alone(SCOPE, self._locked, KEPT, lambda records: work(Book(records)))
        except StateAwayError as error:
            warn_once("alerts are counted on this host alone", str(error))
            self._state = host_state()
            return self._do(work)


def _claim(book: Book, alert: Alert, window: float, lease: float, *, quiet: bool) -> Claim:
    flight = book.in_flight()
    _hold_lost(book, flight)
    entry = book.get(alert.key)
    last = _last(book, flight, alert)
    known = Known(entry.state if entry else None, busy=bool(entry and entry.is_busy(book.now)), last=last)
    action = decide(known, book.now, window, quiet=quiet)
    entry = entry or _new(alert, book.now)
    if action is Action.HOLD:
        entry.state = State.HELD
        book.write(entry)
    if action not in (Action.SEND, Action.RECONCILE):
        return Claim(action, book.now)
    if action is Action.SEND:
        entry.state, entry.at = State.CLAIMED, book.now
        found = book.held(entry.group, entry.run if alert.ends_run else None)
    else:
        found = book.reported_by(entry)
    reported = _reportable(book, entry, found, flight)
    entry.reports = [one.key for one in reported]
    entry.claim(book.now, lease)
    book.write(entry)
    return _claimed(action, book.now, entry, reported)


def _reportable(book: Book, entry: Entry, found: list[Entry], flight: list[Entry]) -> list[Entry]:
    """Return what a message is to report: two that are on their way at once do not report the same alert."""
    others = [one for one in flight if one is not entry and one.is_under_way(book.now)]
    taken = {key for one in others for key in one.reports} | {entry.key}
    return sorted((one for one in found if one.key not in taken), key=lambda one: one.at)


def _claimed(action: Action, now: float, entry: Entry, reported: list[Entry]) -> Claim:
    own = [one for one in reported if one.group == entry.group]
    others = [one for one in reported if one.group != entry.group]
    more, of_run = (tuple(Held(one.label, one.at) for one in each) for each in (own, others))
    return Claim(action, now, entry.note, more, of_run)


def _hold_lost(book: Book, flight: list[Entry]) -> None:
    """Hold back what a process claimed that has died before it began to send, as all that was not sent."""
    for entry in flight:
        if entry.state is State.CLAIMED and entry.until <= book.now:
            entry.state = State.HELD
            book.write(entry)


def _last(book: Book, flight: list[Entry], alert: Alert) -> float | None:
    """Return when the last message of the alert's group was sent, or begun."""
    own = [one for one in flight if one.group == alert.group.hex() and one.key != alert.key.hex()]
    begun = [one.at for one in own if one.state is not State.HELD]
    return max((at for at in (*begun, book.last_done(alert.group.hex())) if at is not None), default=None)


def _new(alert: Alert, now: float) -> Entry:
    return Entry(alert.key.hex(), alert.group.hex(), alert.run.hex(), alert.label, now, subject=alert.subject)

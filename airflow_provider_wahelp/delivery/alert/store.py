"""The alerts of a host: which were sent, which are held back, and which is sent now.

An alert is a row, found under a digest that nobody can read a phone from. What is held back stays a row until
a message that reports it was sent. So a count is exact, and what was not sent is reported later, not lost.
The file may be lost at any time: then alerts are sent as if they were the first.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from airflow_provider_wahelp.storage.database import Database

FILE = "alerts.sqlite"
SPARE_FILE = "alerts-spare.sqlite"
"""Decides which process sends while the other file stays locked: one more message a group, not one each."""

KEPT = 30 * 86_400.0
"""Seconds after which an alert is forgotten."""

LOCKED = 5.0
"""Seconds to wait for the other processes of a storm, if nobody says how much time there is."""

_TABLES = """
CREATE TABLE IF NOT EXISTS alerts (
    key BLOB PRIMARY KEY, grp BLOB NOT NULL, run BLOB NOT NULL, label TEXT NOT NULL, at REAL NOT NULL,
    state TEXT NOT NULL, pid INTEGER NOT NULL, until REAL NOT NULL, note TEXT NOT NULL, reporter BLOB
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_group ON alerts (grp, state);
CREATE INDEX IF NOT EXISTS by_run ON alerts (run, state);
CREATE INDEX IF NOT EXISTS by_reporter ON alerts (reporter);
"""

# The process that claimed it has died before it began to send: it is held back, as all that was not sent.
_HOLD_LOST = """
UPDATE alerts SET state = 'held', reporter = NULL WHERE grp = :group AND state = 'claimed' AND until <= :now
"""
_LAST = """
SELECT max(at) FROM alerts WHERE grp = :group AND key != :key AND state IN ('claimed', 'begun', 'done')
"""
_WRITE = """
INSERT INTO alerts VALUES (:key, :group, :run, :label, :now, :state, :pid, :until, '{}', NULL)
ON CONFLICT (key) DO UPDATE SET state = :state, pid = :pid, until = :until, reporter = NULL,
    at = CASE WHEN :state = 'held' THEN at ELSE :now END
"""
_CAME_UP = "SELECT 1 FROM alerts WHERE key BETWEEN ? AND ? AND at >= ? LIMIT 1"
_BEGIN = "UPDATE alerts SET state = 'begun', note = :note WHERE key = :key"
_WITHDRAW = "UPDATE alerts SET state = 'claimed' WHERE key = :key AND state = 'begun'"
_GIVE_BACK = """
UPDATE alerts SET until = 0, state = CASE state WHEN 'claimed' THEN 'held' ELSE state END WHERE key = :key
"""
# Two messages on their way at once do not report the same alert.
_REPORT = """
UPDATE alerts SET reporter = :key
WHERE state = 'held' AND key != :key AND (grp = :group OR (:ends_run AND run = :run))
    AND (reporter IS NULL OR reporter NOT IN (
        SELECT key FROM alerts WHERE state IN ('claimed', 'begun') AND until > :now))
"""
_REPORTED = "SELECT label, at, grp = :group FROM alerts WHERE reporter = :key AND state = 'held' ORDER BY at"


class State(StrEnum):
    """How far an alert has got."""

    HELD = "held"  # counted, to be reported by another alert's message
    CLAIMED = "claimed"  # about to be sent: no request has left that could be it
    BEGUN = "begun"  # it may have been sent
    DONE = "done"  # it was sent
    REPORTED = "reported"  # another alert's message has reported it


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
    """

    key: bytes
    group: bytes
    run: bytes
    label: str
    ends_run: bool = False


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
    """Keeps alerts, for all processes of a host.

    :param directory: where the file is; ``None``: in memory only.
    :param clock: returns the time, in seconds since 1970.
    :param locked: seconds to wait while another process writes.
    """

    def __init__(
        self, directory: Path | None, clock: Callable[[], float] = time.time, locked: float = LOCKED
    ) -> None:
        self._database = Database(directory, FILE, _TABLES, locked, SPARE_FILE)
        self._clock = clock

    def claim(self, alert: Alert, window: float, lease: float, *, quiet: bool = False) -> Claim:
        """Decide what to do with an alert; of all processes that ask at the same moment, one sends it.

        :param window: for how many seconds a message silences its group; 0 for not at all.
        :param lease: for how many seconds no other process gets this alert, unless this process dies.
        :param quiet: whether the recipient has quiet hours now.
        """
        return self._database.transact(lambda db: self._claim(db, alert, window, lease, quiet=quiet))

    def came_up(self, event: bytes, since: float) -> bool:
        """Return whether any alert of an event came up.

        :param event: what the keys of its alerts begin with.
        :param since: the earliest time that counts, in seconds since 1970.
        """
        # A key is the event's digest, and another as long, which may begin with 0xff.
        values = event, event + b"\xff" * len(event), since
        return self._database.do(lambda db: db.execute(_CAME_UP, values).fetchone()) is not None

    def begin(self, alert: Alert, note: Mapping[str, Any]) -> None:
        """Note that it is sent now: from here on it may have been.

        :param note: what its message is recognised by later.
        """
        self._set(alert, _BEGIN, note=json.dumps(dict(note)))

    def finish(self, alert: Alert) -> None:
        """Note that it was sent, and with it what its message reports."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE alerts SET state = 'done' WHERE key = ?", (alert.key,))
            db.execute(
                "UPDATE alerts SET state = 'reported' WHERE reporter = ? AND state = 'held'", (alert.key,)
            )

        self._database.transact(work)

    def withdraw(self, alert: Alert) -> None:
        """Note that it certainly was not sent, though it was begun: it may be begun again."""
        self._set(alert, _WITHDRAW)

    def give_back(self, alert: Alert) -> None:
        """Give up an alert that failed. If it is not begun, the next of its group is sent, and reports it."""
        self._set(alert, _GIVE_BACK)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _set(self, alert: Alert, change: str, **values: Any) -> None:
        self._database.do(lambda db: db.execute(change, {"key": alert.key, **values}))

    def _claim(
        self, db: sqlite3.Connection, alert: Alert, window: float, lease: float, *, quiet: bool
    ) -> Claim:
        now = self._clock()  # under the lock: no other message can be younger
        values = {**vars(alert), "now": now, "pid": os.getpid(), "until": now + lease}
        db.execute(_HOLD_LOST, values)
        row = db.execute("SELECT state, pid, until, note FROM alerts WHERE key = :key", values).fetchone()
        (last,) = db.execute(_LAST, values).fetchone()
        action = decide(_known(row, last, now), now, window, quiet=quiet)
        if action is Action.HOLD:
            db.execute(_WRITE, {**values, "state": State.HELD, "until": 0.0})
        if action not in (Action.SEND, Action.RECONCILE):
            return Claim(action, now)
        if action is Action.RECONCILE:
            db.execute("UPDATE alerts SET pid = :pid, until = :until WHERE key = :key", values)
        else:
            db.execute("DELETE FROM alerts WHERE at < ?", (now - KEPT,))
            db.execute(_WRITE, {**values, "state": State.CLAIMED})
            db.execute(_REPORT, values)
        reported = db.execute(_REPORTED, values).fetchall()
        return Claim(
            action,
            now,
            json.loads(row[3]) if row else {},
            more=tuple(Held(label, at) for label, at, own in reported if own),
            of_run=tuple(Held(label, at) for label, at, own in reported if not own),
        )


def _known(row: tuple[str, int, float, str] | None, last: float | None, now: float) -> Known:
    if row is None:
        return Known(None, busy=False, last=last)
    state, pid, until, _ = row
    busy = state in (State.CLAIMED, State.BEGUN) and now < until and _alive(pid)
    return Known(State(state), busy=busy, last=last)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's, but alive
        return True
    return True

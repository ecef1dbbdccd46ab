"""The alerts of a host: which were sent, which were held back. It may forget at any time.

An alert is a row, found under a digest that nobody can read a phone from. What is held back stays a row until
a message tells of it, so that a count is exact, and is told again rather than lost.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_wahelp.delivery.alert.throttle import Held, Known, Move, State, decide
from airflow_provider_wahelp.storage.database import Database

FILE = "alerts.sqlite"
KEPT = 30 * 86_400.0
"""Seconds after which an alert is forgotten."""

_PATIENCE = 5.0
"""Seconds to wait for the others of a storm: whoever gives up knows nothing of them, and sends."""

_TABLES = """
CREATE TABLE IF NOT EXISTS alerts (
    key BLOB PRIMARY KEY, grp BLOB NOT NULL, run BLOB NOT NULL, label TEXT NOT NULL, at REAL NOT NULL,
    state TEXT NOT NULL, pid INTEGER NOT NULL, until REAL NOT NULL, note TEXT NOT NULL, teller BLOB
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_group ON alerts (grp, state);
CREATE INDEX IF NOT EXISTS by_run ON alerts (run, state);
CREATE INDEX IF NOT EXISTS by_teller ON alerts (teller);
"""

# Nothing has left of what was claimed by somebody who has died: it is held back, as all that was not sent.
_LOST = """
UPDATE alerts SET state = 'held', teller = NULL WHERE grp = :group AND state = 'claimed' AND until <= :now
"""
_LAST = """
SELECT max(at) FROM alerts WHERE grp = :group AND key != :key AND state IN ('claimed', 'begun', 'done')
"""
_WRITE = """
INSERT INTO alerts VALUES (:key, :group, :run, :label, :now, :state, :pid, :until, '{}', NULL)
ON CONFLICT (key) DO UPDATE SET state = :state, pid = :pid, until = :until, teller = NULL,
    at = CASE WHEN :state = 'held' THEN at ELSE :now END
"""
_BEGIN = "UPDATE alerts SET state = 'begun', note = :note WHERE key = :key"
_WITHDRAW = "UPDATE alerts SET state = 'claimed' WHERE key = :key AND state = 'begun'"
_GIVE_BACK = """
UPDATE alerts SET until = 0, state = CASE state WHEN 'claimed' THEN 'held' ELSE state END WHERE key = :key
"""
# What another message is just telling is not told by this one too.
_TELL = """
UPDATE alerts SET teller = :key
WHERE state = 'held' AND key != :key AND (grp = :group OR (:closes AND run = :run))
    AND (teller IS NULL OR teller NOT IN (
        SELECT key FROM alerts WHERE state IN ('claimed', 'begun') AND until > :now))
"""
_TOLD = "SELECT label, at, grp = :group FROM alerts WHERE teller = :key AND state = 'held' ORDER BY at"


@dataclass(frozen=True)
class Alert:
    """Something that one person is to hear of.

    :param key: what it is; the same is told once.
    :param group: what it is throttled with.
    :param run: the run that it belongs to, for this person.
    :param label: what it is called in a summary.
    :param closes: whether the run has ended, so that all that it has held back is to be told.
    """

    key: bytes
    group: bytes
    run: bytes
    label: str
    closes: bool = False


@dataclass(frozen=True)
class Claim:
    """What an alert has to do.

    :param move: that.
    :param at: the time, in seconds since 1970.
    :param note: what was noted when it was begun.
    :param more: what was held back of its group, which it tells.
    :param of_run: what was held back of its run, which it tells.
    """

    move: Move
    at: float
    note: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[Held, ...] = ()
    of_run: tuple[Held, ...] = ()


class Alerts:
    """Keeps alerts, for all processes of a host.

    :param directory: where they are kept; ``None``: this process alone.
    :param clock: the time, in seconds since 1970.
    """

    def __init__(self, directory: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(directory, FILE, _TABLES, _PATIENCE)
        self._clock = clock

    def take(self, alert: Alert, window: float, lease: float, *, quiet: bool = False) -> Claim:
        """Find out whose turn it is; of all who ask at the same moment, one sends.

        :param alert: the alert.
        :param window: for how many seconds a message silences its group; 0 for not at all.
        :param lease: for how many seconds nobody else takes this alert, unless this process dies.
        :param quiet: whether nobody is to be disturbed now.
        """
        return self._database.transact(lambda db: self._take(db, alert, window, lease, quiet=quiet))

    def begin(self, alert: Alert, note: Mapping[str, Any]) -> None:
        """Note that it is sent now: from here on it may have been.

        :param alert: the alert.
        :param note: what it is recognised by later.
        """
        self._set(alert, _BEGIN, note=json.dumps(dict(note)))

    def finish(self, alert: Alert) -> None:
        """Note that it was sent, and with it whatever it tells.

        :param alert: the alert.
        """

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE alerts SET state = 'done' WHERE key = ?", (alert.key,))
            db.execute("UPDATE alerts SET state = 'told' WHERE teller = ? AND state = 'held'", (alert.key,))

        self._database.transact(work)

    def withdraw(self, alert: Alert) -> None:
        """Note that it certainly was not sent, though it was begun: it may be begun again.

        :param alert: the alert.
        """
        self._set(alert, _WITHDRAW)

    def give_back(self, alert: Alert) -> None:
        """Let go of an alert that failed. If nothing is begun, the next of its group tries, and tells of it.

        :param alert: the alert.
        """
        self._set(alert, _GIVE_BACK)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _set(self, alert: Alert, change: str, **values: Any) -> None:
        given = {"key": alert.key, **values}
        self._database.do(lambda db: db.execute(change, given))

    def _take(
        self, db: sqlite3.Connection, alert: Alert, window: float, lease: float, *, quiet: bool
    ) -> Claim:
        now = self._clock()  # under the lock: nobody's message can be younger
        values: dict[str, Any] = {
            "key": alert.key,
            "group": alert.group,
            "run": alert.run,
            "label": alert.label,
            "closes": alert.closes,
            "now": now,
            "pid": os.getpid(),
            "until": now + lease,
        }
        db.execute(_LOST, values)
        row = db.execute("SELECT state, pid, until, note FROM alerts WHERE key = :key", values).fetchone()
        (last,) = db.execute(_LAST, values).fetchone()
        move = decide(_situation(row, last, now), now, window, quiet=quiet)
        if move is Move.HOLD:
            db.execute(_WRITE, {**values, "state": State.HELD, "until": 0.0})
        if move not in (Move.SEND, Move.LOOK):
            return Claim(move, now)
        if move is Move.LOOK:
            db.execute("UPDATE alerts SET pid = :pid, until = :until WHERE key = :key", values)
        else:
            db.execute("DELETE FROM alerts WHERE at < ?", (now - KEPT,))
            db.execute(_WRITE, {**values, "state": State.CLAIMED})
            db.execute(_TELL, values)
        told = db.execute(_TOLD, values).fetchall()
        return Claim(
            move,
            now,
            json.loads(row[3]) if row else {},
            more=tuple(Held(label, at) for label, at, own in told if own),
            of_run=tuple(Held(label, at) for label, at, own in told if not own),
        )


def _situation(row: tuple[str, int, float, str] | None, last: float | None, now: float) -> Known:
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
    except OSError:  # somebody else's, but there
        return True
    return True

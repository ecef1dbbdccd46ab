"""What became of the people of a mailing, for the report and for the channels that are tried next."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.status import status_reached
from airflow_provider_wahelp.delivery.mailing.outcome import OPTED_OUT, SEND_OUTCOMES, Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import HELD, OPEN, REFUSED, WAITING
from airflow_provider_wahelp.delivery.mailing.report import ReportRow
from airflow_provider_wahelp.delivery.mailing.variants import Share

EVERYBODY, BEGUN = "TRUE", "state <> 'waiting'"
"""Conditions on people: no condition, and that something is known of them."""

_BY_SOURCE = "ORDER BY number < 0, number"
_REPORT = "SELECT max(number, 0), label, user_id, phone, state, reason, message_id, variant FROM people"
_STATE = "state, status, over, reason, message_id, user_id FROM people"
_WAITING_PEOPLE = (
    "SELECT number, key, user_id, ifnull(phone, ''), "
    "row_number() OVER (PARTITION BY ifnull(nullif(phone, ''), user_id) ORDER BY number) "
    "FROM people WHERE state = ?"
)
_LEFT_OUT = {
    OPTED_OUT: "who have written a stop word",
    Outcome.SKIPPED: "bad",
    Outcome.SENT: "who have got it",
    Outcome.NO_MESSENGER: "without the messenger",
    Outcome.FAILED: "that failed before",
    REFUSED: "refused before",
}


class WaitingPerson(NamedTuple):
    """A recipient that waits.

    :param rank: which of the messages to that person it is, from 1.
    """

    number: int
    key: str
    user_id: Id | None
    phone: str
    rank: int


class DeliveryState(NamedTuple):
    """What became of a recipient in one channel.

    :param state: an outcome, ``waiting`` or ``open``.
    :param over: whether it is no longer waited for.
    """

    state: str
    status: str
    over: bool
    reason: str
    message_id: Id | None
    user_id: Id | None

    @property
    def delivered(self) -> bool:
        """Whether the message has arrived."""
        return status_reached(self.status, "delivered")


class Results:
    """What became of the people of a worklist; it changes nothing."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.ends = ""
        """In words, when the mailing ends, if that is not today."""

    def empty(self) -> bool:
        """Return whether there are no recipients."""
        return self._db.execute("SELECT 1 FROM people LIMIT 1").fetchone() is None

    def totals(self) -> dict[str, int]:
        """Return how many people there are in each state."""
        return dict(self._db.execute("SELECT state, count(*) FROM people GROUP BY state").fetchall())

    def outcomes(self) -> dict[str, int]:
        """Return how many people there are of each outcome of a mailing that waits for no delivery."""
        found = self.totals()
        outcomes = {outcome.value: found.get(outcome.value, 0) for outcome in SEND_OUTCOMES}
        for state in (WAITING, OPEN, HELD, REFUSED):
            outcomes[outcome_of(state).value] += found.get(state, 0)
        return outcomes

    def left_out(self) -> str:
        """Return in words how many are not to be written to, and why."""
        query = (
            "SELECT state, iif(state = 'suppressed', reason, ''), count(*) FROM people "
            "WHERE state NOT IN ('waiting', 'open') GROUP BY 1, 2"
        )
        found = self._db.execute(query)
        return ", ".join(
            f"{count:,} {_LEFT_OUT.get(reason or state, _who(reason))}" for state, reason, count in found
        )

    def reasons(self) -> Iterator[tuple[str, str, int]]:
        """Yield why people were not written to, or without success, and how many: the commonest first."""
        query = (
            "SELECT state, reason, count(*) FROM people WHERE reason <> '' AND state <> 'waiting' "
            "GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 1000"
        )
        for state, reason, count in self._db.execute(query):
            yield outcome_of(state).value, reason, count

    def variants(self) -> Iterator[Share]:
        """Yield how many of those who wait get each of several texts."""
        query = (
            "SELECT variant, count(*), max(length(text)) FROM people "
            "WHERE state = 'waiting' AND variant > 0 GROUP BY variant ORDER BY variant"
        )
        yield from map(Share._make, self._db.execute(query))

    def report(self, where: str = EVERYBODY) -> Iterator[ReportRow]:
        """Yield what became of people, in the order of the source.

        :param where: of which: :data:`EVERYBODY`, :data:`BEGUN` or :func:`among`.
        """
        query = f"{_REPORT} WHERE {where} {_BY_SOURCE}"
        for number, label, user_id, phone, state, reason, message_id, variant in self._db.execute(query):
            outcome, why = _reported(state, reason or (self.ends if state == WAITING else ""))
            who = number, label or "", user_id, phone or None
            yield ReportRow(*who, outcome, why, message_id, variant or None)

    def states(self, where: str = EVERYBODY) -> Iterator[tuple[str | None, DeliveryState]]:
        """Yield the keys of people and what became of them, as :meth:`report` does; bad rows have no key."""
        query = f"SELECT key, {_STATE} WHERE {where} {_BY_SOURCE}"
        for key, *state in self._db.execute(query):
            yield key, DeliveryState._make(state)

    def state(self, key: str) -> DeliveryState | None:
        """Return what became of a recipient; ``None`` where nothing was begun."""
        row = self._db.execute(f"SELECT {_STATE} WHERE key = ?", (key,)).fetchone()
        return DeliveryState._make(row) if row else None

    def sent(self) -> Iterator[str]:
        """Yield the keys of recipients to whom a message went; the table must not change meanwhile."""
        yield from (key for (key,) in self._db.execute("SELECT key FROM people WHERE state = 'sent'"))

    def waiting_people(self) -> Iterator[WaitingPerson]:
        """Yield the recipients that wait; the table must not change meanwhile."""
        yield from map(WaitingPerson._make, self._db.execute(_WAITING_PEOPLE, (WAITING,)))

    def left_behind(self, before: float) -> Iterator[str]:
        """Yield the keys of recipients for whom another channel is to be tried.

        :param before: one whose message was sent before that moment, and is not delivered, is among them.
        """
        query = (
            "SELECT key FROM people WHERE state IN ('no_messenger', 'refused') "
            "OR (state = 'sent' AND (status = 'failed' "
            "OR (status = 'sent' AND (over OR began <= ?)))) ORDER BY number"
        )
        yield from (key for (key,) in self._db.execute(query, (before,)))


def _who(reason: str) -> str:
    """Return a reason that begins with "they", or another one, as it follows a number of people."""
    return re.sub("^they ", "who ", reason)


def among(numbers: Iterable[int]) -> str:
    """Return the condition that it is one of some rows, by their numbers."""
    return f"number IN ({', '.join(map(str, numbers))})"


def _reported(state: str, reason: str) -> tuple[Outcome, str]:
    """Say of a state what the report says of it."""
    if state == OPEN:
        reason = "it is not known yet whether it was sent"
    return outcome_of(state), reason or ("not sent yet" if state == WAITING else "")


def outcome_of(state: str) -> Outcome:
    """Return what the report calls a state."""
    if state in {WAITING, OPEN, HELD}:
        return Outcome.DEFERRED
    return Outcome.FAILED if state == REFUSED else Outcome(state)

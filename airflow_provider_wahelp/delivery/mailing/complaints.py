"""People who ask to stop while a mailing runs: so many within an hour hold it, before a messenger does."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.delivery.attempt import Attempt
from airflow_provider_wahelp.delivery.ledger import Ledger
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions
from airflow_provider_wahelp.delivery.mailing.live_opt_outs import LiveOptOuts
from airflow_provider_wahelp.delivery.mailing.options import Options
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.words import people

log = logging.getLogger(__name__)

WINDOW = 3600
"""Seconds within which complaints are counted together."""

EVERY = 300.0
"""Seconds after which the history is read anew, also where a receiver hears of stop words."""

_OFTEN = 1.0  # seconds: no more often is it counted
_WEEK = 7 * 86_400
_KEPT = ("words", "people", "since", "sent", "left")


class MailingHeldError(WahelpError):
    """So many people asked to stop that a mailing holds itself; ``words`` has the numbers."""

    meaning = "too many people asked to stop"
    advice = "Look at the text, and at who gets it. A cleared task goes on with them; nothing is sent twice."

    people = 0
    """How many asked to stop within an hour."""
    since = 0.0
    """Since when that was counted, in seconds since 1970 by the server's clock."""
    sent = 0
    """How many people were written to."""
    left = 0
    """How many are not written to yet."""

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Return the error that :meth:`kept` has described, or what of it is left."""
        error = cls("write to everybody", "people asked to stop")
        vars(error).update(kept)
        return error

    def kept(self) -> dict[str, Any]:
        """Return the error as plain values, to go over a deferral."""
        return {name: getattr(self, name) for name in _KEPT}

    def _summary(self) -> str:
        left = f"{people(self.left)} {'is' if self.left == 1 else 'are'} not written to yet"
        return f"The mailing holds: {self.words}; {left}"

    def _repeat(self) -> str:
        return ""


@dataclass
class Complaints:
    """Counts who asks to stop, by the history of the channel. For the thread that runs the mailing.

    :param most: so many within an hour hold the mailing.
    :param since: who asked before that moment does not count, in seconds since 1970 by the server's clock.
    :param exclusions: has what the history tells.
    :param ahead: returns the seconds by which the history's clock is ahead of the server's.
    """

    most: int
    since: float
    exclusions: Exclusions
    ahead: Callable[[], float] = float
    clock: Callable[[], float] = time.time
    _count: int = field(default=0, init=False)
    _counted: float = field(default=-math.inf, init=False)
    _read: float = field(init=False)

    def __post_init__(self) -> None:
        self._read = self.clock()  # the mailing has just read the history

    def fault(self) -> MailingHeldError | None:
        """Return what holds the mailing, if too many have asked to stop."""
        now, opt_outs = self.clock(), self.exclusions.opt_outs
        if not 0 <= now - self._counted < _OFTEN and isinstance(opt_outs, LiveOptOuts):
            self._counted = now
            if not 0 <= now - self._read < EVERY:
                self._read = now
                opt_outs.refresh()
            self._count = _most_within(opt_outs.stops(self.since + self.ahead()))
        if self._count < self.most:
            return None
        words = f"{people(self._count)} asked to stop within an hour (stop_after_complaints={self.most})"
        error = MailingHeldError("write to everybody", words)
        error.people, error.since = self._count, self.since
        return error

    def hold(self, worklist: Worklist, error: MailingHeldError) -> None:
        """Say in the error how many are left, and in the report why."""
        found = worklist.results.totals()
        left = found.get(WAITING, 0) + found.get(OPEN, 0)
        keep(worklist, f"held: {error.words}")
        error.sent += found.get(Outcome.SENT, 0)
        error.left += left


def keep(worklist: Worklist, reason: str) -> None:
    """Note why those are kept for another attempt who wait."""
    for some in worklist.waiting_people():
        with worklist.at_once():
            for person in some:
                worklist.settle(person.number, WAITING, reason)


def complaints_since(
    options: Options, ledger: Ledger | None, attempt: Attempt, clock: Callable[[], float]
) -> float:
    """Return since when complaints count: since the mailing began, was cleared, or was told to go on.

    The ledger keeps it over retries, deferrals and killed workers: a mailing that holds goes on holding.

    :param clock: the server's.
    """
    if options.dry_run or not options.stop_after_complaints:
        return 0.0
    if ledger is None:
        return max(options.complaints_since, attempt.run_started or clock())
    kept = ledger.read(_name(attempt))
    if kept and kept["generation"] == attempt.generation:
        return float(kept["since"])
    return count_anew(ledger, attempt, clock())


def count_anew(ledger: Ledger | None, attempt: Attempt, now: float) -> float:
    """Let complaints count from a moment on; return it, as without a ledger only a deferral keeps it."""
    if ledger:
        ledger.write(_name(attempt), {"generation": attempt.generation, "since": now})
    return now


def tell_complaints(most: int, channel_uuid: str, exclusions: Exclusions, now: float) -> None:
    """Say in the log how many complaints would hold a mailing, and how many there were lately."""
    opt_outs = exclusions.opt_outs
    times = opt_outs.stops(now - _WEEK) if isinstance(opt_outs, LiveOptOuts) else ()
    words = "It would hold if %s asked channel %s to stop within an hour. The most in the last 7 days were %d"
    log.info(words, people(most), channel_uuid, _most_within(times))


def _name(attempt: Attempt) -> str:
    return f"{attempt.key}/complaints"


def _most_within(times: Sequence[int]) -> int:
    """Return how many of some times lie within an hour, at the most."""
    times, first, most = sorted(times), 0, 0
    for last, time_ in enumerate(times):
        while time_ - times[first] > WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most

"""Results of sends, noted in the worklist, the ledger, the report and the log."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import TypeVar

from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.client.reconcile import by_server
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.delivery.mailing.batch import Batch
from airflow_provider_wahelp.delivery.mailing.chunks import Begun, Chunks, Done, batched
from airflow_provider_wahelp.delivery.mailing.growing_report import Report
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.progress import Progress
from airflow_provider_wahelp.delivery.mailing.queued_message import HELD, OPEN, WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.results import outcome_of
from airflow_provider_wahelp.delivery.mailing.sender import Sender, SendResult
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

T = TypeVar("T")

LOOK = 1.0
"""Seconds of waiting after which new results are counted and told."""

ANSWERS = "answers"


@dataclass
class Recorder:
    """Notes what became of each recipient. For the thread that runs the mailing, while others send.

    :param opened: when the last message was begun whose outcome is not known, by the host's clock.
    """

    sender: Sender
    worklist: Worklist
    chunks: Chunks
    progress: Progress
    report: Report
    opened: float
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    under_way: deque[Batch] = field(default_factory=deque, init=False)
    _held: list[tuple[QueuedMessage, SendResult]] = field(default_factory=list, init=False)
    _looked: float = field(default=-math.inf, init=False)

    def record(self, person: QueuedMessage, result: SendResult) -> list[Done]:
        """Note the result for a recipient; return it for the ledger, if it is final."""
        if result.state not in {WAITING, OPEN} and self.sender.strikes.stands(result.strike):
            self._held.append((person, result))
            self.worklist.settle(person.number, HELD)
            return []
        self.worklist.settle(person.number, result.state, result.reason, result.message_id)
        if result.state in {WAITING, OPEN}:
            return []
        outcome = outcome_of(result.state)
        self.progress.add(outcome)
        self.report.add(person.number)
        if outcome == Outcome.FAILED:
            who = mask_phone(person.phone) if person.phone else f"user {person.user_id}"
            self.progress.failed(person.number, who, result.reason)
        if result.state == Outcome.SUPPRESSED:  # the next attempt asks again
            return []
        at = None if person.began is None else self.server_time(person.begun_at)
        return [Done(person.key, result.state, result.message_id, person.user_id, at)]

    def release(self, *, final: bool = False) -> None:
        """Note the results of recipients that turned out to be their own: another send was accepted since.

        :param final: whether all of them are.
        """
        held, self._held = self._held, []
        done = []
        for person, result in held:
            done += self.record(person, result._replace(strike=0) if final else result)
        for some in batched(done):
            self.chunks.add(some)

    def keep_for_retry(self) -> None:
        """Let the recipients wait again that failed because of the channel or the account, as it seems."""
        for person, _ in self._held:
            self.record(person, SendResult(WAITING, "failed in a row with others: kept for the retry"))
        self._held.clear()

    def end(self, batch: Batch) -> None:
        """Wait for a chunk, and note in the ledger what became of it."""
        while not batch.over(within=LOOK):
            self.look(ANSWERS)
        self.under_way.remove(batch)
        with self.worklist.at_once():
            self._count(batch)
            for person in batch.people.values():  # nothing was sent to them
                self.record(person, SendResult(WAITING))
        self.chunks.end(batch.number, batch.begun, batch.done)
        self.release()
        self.look()

    def look(self, reason: str = "") -> None:
        """Count new results, and tell of them now and then; to be called again and again in any wait."""
        if reason == ANSWERS:
            self.sleep(0)  # another number of the mailing may go on meanwhile
        if 0 <= self.clock() - self._looked < LOOK / 2:
            return
        self._looked = self.clock()
        for batch in self.under_way:
            self._count(batch)
        self.report.tick()
        self.progress.tick(self.sender.trouble or reason)

    def wait(self, seconds: float, reason: str) -> None:
        """Wait, and look up now and then."""
        while seconds > 0:
            self.sleep(min(seconds, LOOK))
            seconds -= LOOK
            self.look(reason)

    def wait_until(self, moment: float, reason: str) -> None:
        """Wait until a moment, in seconds since 1970."""
        self.wait(moment - self.clock(), reason)

    def result(self, future: Future[T]) -> T:
        """Wait for what a thread finds out."""
        while wait([future], LOOK).not_done:
            self.look(ANSWERS)
        return future.result()

    def server_time(self, moment: Moment) -> float:
        """Return the seconds of a moment by the server's clock."""
        return self.sender.hook.run(by_server(moment)) if moment.by_host else moment.seconds

    def _count(self, batch: Batch) -> None:
        """Note the results of a chunk that its threads have returned."""
        for person, result in batch.back():
            batch.done.extend(self.record(person, result))
            if result.state == OPEN:
                batch.begun.append(Begun.of(person))
                self.opened = self.clock()

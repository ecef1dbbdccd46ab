"""Writing to many people: each once, by several threads, over retries and killed workers."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Semaphore

from airflow_provider_wahelp.client.errors import MailingStoppedError, WahelpError
from airflow_provider_wahelp.client.reconcile import moment
from airflow_provider_wahelp.delivery.mailing.batch import Batch
from airflow_provider_wahelp.delivery.mailing.chunks import Begun, Done
from airflow_provider_wahelp.delivery.mailing.complaints import Complaints, MailingHeldError
from airflow_provider_wahelp.delivery.mailing.gate import PATIENCE, Gate
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.reconcile import Reconciler
from airflow_provider_wahelp.delivery.mailing.recorder import ANSWERS, LOOK, Recorder
from airflow_provider_wahelp.delivery.mailing.sender import SendResult

log = logging.getLogger(__name__)

CHUNK = 100
"""Recipients whose sends one write to the ledger begins: their lost answers are one page of the history."""

CHUNK_SECONDS = 30.0
"""For how long a chunk may be under way at the given pace: so much is open after a worker was killed."""

PROBES = 5
"""Recipients that are written to, from all over the list, before many failures in a row stop a mailing."""

AHEAD = 2
"""Chunks that may be under way behind the first: no thread waits for the ledger, nor for the slowest."""


@dataclass
class Dispatcher:
    """Writes to each recipient of a worklist once.

    Only the thread that calls :meth:`run` touches worklist, ledger, pace, report and log; the others send.

    :param chunk: how many sends are begun at once.
    :param complaints: holds the mailing if too many people ask to stop.
    """

    gate: Gate
    recorder: Recorder
    reconciler: Reconciler
    concurrency: int = 8
    chunk: int = CHUNK
    complaints: Complaints | None = None

    def __post_init__(self) -> None:
        self._sender = self.recorder.sender
        # A message that the pace admits must go at once. So wait for a free thread first.
        self._turns = Semaphore(self.concurrency if self.gate.pace.limited else sys.maxsize)

    def close(self) -> None:
        """Let go of what the tasks of the host share."""
        self.gate.close()
        self._sender.close()

    def announce(self, rows: int) -> None:
        """Say how many recipients are about to be written to."""
        found = self.recorder.worklist.results.totals()
        unsent = found.get(WAITING, 0) + found.get(OPEN, 0)
        if unsent:
            self.start(unsent)
            self.recorder.report.renew()
        else:
            log.info("Nothing to send: %s of %s have got it", f"{found.get(Outcome.SENT, 0):,}", f"{rows:,}")

    def start(self, count: int) -> None:
        """Say what is about to be done, to how many."""
        self.recorder.report.outlook = self.recorder.progress.outlook
        self.recorder.progress.expect(count)
        self.recorder.progress.start(self._sender.channel_uuid)

    def run(self) -> datetime | None:
        """Write to all recipients that may be written to now.

        :return: when to go on with the others; ``None`` if there are none.
        :raises WahelpError: if the channel, the account or the service is at fault; the rest can go later.
        """
        self.reconciler.read_suspected()
        while True:
            self._send()
            if self.reconciler.settle():
                continue
            until = self.gate.opens()
            if until is None or until.timestamp() - self.gate.clock() > PATIENCE:
                self.gate.tell(until)
                return until
            self.recorder.wait_until(until.timestamp(), self.gate.what_holds())

    def _send(self) -> None:
        """Write to the recipients that wait, chunk by chunk."""
        self.gate.held = 0.0
        try:
            with ThreadPoolExecutor(self.concurrency, "wahelp") as pool:
                self._post_all(pool, self._batches(pool))
                while self._sender.strikes.many and self._works(pool):
                    self._post_all(pool, self._batches(pool))
            if not self._sender.stopped:
                self.recorder.release(final=True)
        finally:
            self.recorder.keep_for_retry()
        if self._sender.fault:
            if self.complaints and isinstance(self._sender.fault, MailingHeldError):
                self.complaints.hold(self.recorder.worklist, self._sender.fault)
            raise self._sender.fault

    def _post_all(self, pool: ThreadPoolExecutor, batches: Iterable[Batch]) -> None:
        under_way = self.recorder.under_way
        try:
            for batch in batches:
                under_way.append(batch)
                self._submit(pool, batch)
                if len(under_way) > AHEAD:
                    self._end(under_way[0])
        except BaseException:  # a worker that is told to stop keeps what it has done
            for batch in under_way:
                batch.cancel()
            raise
        finally:
            while under_way:
                self._end(under_way[0])

    def _end(self, batch: Batch) -> None:
        """Wait for a chunk; what of it did not go counts no more."""
        self.recorder.end(batch)
        went = {done.key for done in batch.done if done.outcome == Outcome.SENT}
        went.update(begun.key for begun in batch.begun)
        self.gate.give_back(person for person in batch.everybody if person.key not in went)

    def _works(self, pool: ThreadPoolExecutor) -> bool:
        """Find out, after many failures in a row, whether the channel and the account work.

        Unless they do, a fault is noted. Where the gate holds everybody, nothing is known yet.
        """
        strikes = self._sender.strikes
        if not self._is_active():
            return False
        if self._only_answers_are_lost():
            strikes.accepted(strikes.begin())
        else:
            self._probe(pool)
            if strikes.many:
                if not self.gate.held and not self._sender.fault:
                    words = f"{strikes.count} sends in a row failed, the last one: {strikes.last}"
                    self._sender.fault = MailingStoppedError("write to everybody", words)
                return False
        strikes.forgive()
        return True

    def _is_active(self) -> bool:
        try:
            self._sender.insist_on_active()
        except WahelpError as error:
            self._sender.fault = error
        return self._sender.fault is None

    def _only_answers_are_lost(self) -> bool:
        """Look for the sends of unknown outcome; return whether any was carried out."""
        sent = self._sent()
        return self.reconciler.if_unclear == "check" and self.reconciler.settle() and self._sent() > sent

    def _sent(self) -> int:
        return self.recorder.worklist.results.totals().get(Outcome.SENT, 0)

    def _probe(self, pool: ThreadPoolExecutor) -> None:
        """Write to a few recipients from all over the list, until a send is accepted or fails."""
        strikes, worklist = self._sender.strikes, self.recorder.worklist
        failed = strikes.count
        strikes.probing = True
        while strikes.many and strikes.count == failed and not (self.gate.held or self._sender.fault):
            people = worklist.spread(PROBES, self.gate.quiet())
            if not people:
                break
            self._post_all(pool, filter(None, [self._begin(pool, people)]))
        strikes.probing = False

    def _batches(self, pool: ThreadPoolExecutor) -> Iterator[Batch]:
        while not self.gate.held and not self._sender.stopped:
            self.recorder.look()
            people = self.recorder.worklist.waiting(self.chunk, self.gate.quiet())
            if not people or self._stopped():  # what is sent already cannot be held
                return
            if batch := self._begin(pool, people):
                yield batch

    def _begin(self, pool: ThreadPoolExecutor, people: Sequence[QueuedMessage]) -> Batch | None:
        """Look up the recipients' ids, and note in the ledger that their sends are begun."""
        now = self._sender.hook.run(moment())
        ready: list[QueuedMessage] = []
        done: list[Done] = []
        for person, result in self._sender.identified(pool, people, self.recorder.result):
            if known := result or self._known(person, ready):
                done += self.recorder.record(person, known)
            else:
                ready.append(self.reconciler.begun(person, now))
        chunks = self.recorder.chunks
        ready, enough = self.gate.admitted(ready)
        for person in enough:
            self.recorder.record(person, SendResult(Outcome.SUPPRESSED, self.gate.enough))
        if not ready:
            if done:
                chunks.add(done)
            return None
        self.recorder.worklist.begin(ready)
        return Batch(chunks.begin(list(map(Begun.of, ready))), ready, done)

    def _known(self, person: QueuedMessage, ready: Sequence[QueuedMessage]) -> SendResult | None:
        """Return why a recipient needs no message; ``None`` if one is to be sent."""
        if reason := self.gate.exclusions.reason(person):
            return SendResult(Outcome.SUPPRESSED, reason)
        # One row may name a person by phone, another by user_id: only the channel tells that it is one.
        if row := self.recorder.worklist.row_of_same(person, ready):
            return SendResult(Outcome.SKIPPED, f"the same person and text as row {row}")
        return self.reconciler.sent_before(person)

    def _submit(self, pool: ThreadPoolExecutor, batch: Batch) -> None:
        for person in list(batch.people.values()):
            while not self._turns.acquire(timeout=LOOK):
                self.recorder.look(ANSWERS)
            if not self._may_go(person):
                self._turns.release()
                continue
            send = pool.submit(self._post, person)
            send.add_done_callback(self._turn_over)
            batch.post(person, send)

    def _may_go(self, person: QueuedMessage) -> bool:
        """Wait until a recipient may be written to, if that is soon."""
        while not (self.gate.held or self._stopped() or self.gate.is_quiet(person)):
            seconds = self.gate.take()
            if not seconds:
                return True
            if not self.gate.held:
                self.recorder.wait(seconds, "another task's turn" if self.gate.pace.shared else "")
        return False

    def _stopped(self) -> bool:
        """Return whether nobody is to be written to: a fault concerns all, or too many people ask to stop."""
        if self.complaints and not self._sender.stopped and (held := self.complaints.fault()):
            self._sender.fault = held
        return self._sender.stopped

    def _post(self, person: QueuedMessage) -> SendResult:
        """Write to a recipient, unless quiet hours have begun meanwhile. This is all that the threads do."""
        return SendResult(WAITING) if self.gate.is_quiet(person) else self._sender.post(person)

    def _turn_over(self, _send: Future[SendResult]) -> None:
        self._turns.release()

"""Writing to many people: each once, by several threads, over retries and killed workers."""

from __future__ import annotations

import logging
import math
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import Semaphore
from typing import TypeVar

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.notices import is_deleted
from airflow_provider_wahelp.client.reconcile import (
    ATTEMPTS,
    by_server,
    moment,
    outgoing_since,
)
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.delivery.mailing.batch import Batch
from airflow_provider_wahelp.delivery.mailing.chunks import Begun, Chunks, Done
from airflow_provider_wahelp.delivery.mailing.exclusions import OPTED_OUT, SUPPRESSED, Suppression
from airflow_provider_wahelp.delivery.mailing.growing_report import NoReport, Report
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.outlook import Outlook, Pacing, Windows
from airflow_provider_wahelp.delivery.mailing.progress import Progress
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING, QueuedMessage, begun_at
from airflow_provider_wahelp.delivery.mailing.reconcile import SETTLED_AFTER, short_digest
from airflow_provider_wahelp.delivery.mailing.sender import Sender, SendResult
from airflow_provider_wahelp.delivery.mailing.words import clock_time
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

T = TypeVar("T")

log = logging.getLogger(__name__)

CHUNK = 100
"""People who are begun with one write to the ledger, and whose lost answers are a page of the history."""

CHUNK_SECONDS = 30.0
"""For how long a chunk may be under way at the given pace: so much a killed worker leaves open."""

AHEAD = 2
"""Chunks that may be under way behind the first: no thread waits for the ledger, nor for the slowest."""

PATIENCE = 60.0
"""Seconds: a task that would have to wait longer frees its worker instead."""

LOOK = 1.0
"""Seconds after which whoever waits looks up, to count what has come and to tell of it."""

ANSWERS = "answers"

_DELETED = "deleted"
"""In place of a digest: what the message said is lost."""


@dataclass
class Dispatcher:
    """A mailing that is to reach each person once.

    Only the thread that calls :meth:`run` touches worklist, ledger, pace, report and log; the others post.

    :param poster: writes to one person.
    :param worklist: to whom, and what.
    :param chunks: what the ledger knows of it.
    :param pace: how fast.
    :param windows: when; ``None`` for always.
    :param opt_outs: users who do not want to be written to.
    :param concurrency: how many threads post.
    :param chunk: how many people are begun at once.
    :param if_unclear: where it is not known whether a message went: ``check``, ``fail`` or ``resend``.
    :param suspected_since: without a ledger, when an earlier attempt may have begun.
    :param clock: the time, in seconds since 1970.
    :param sleep: waits for the given seconds.
    :param suppression: who must not be written to.
    :param report: takes in of whom more is known.
    """

    poster: Sender
    worklist: Worklist
    chunks: Chunks
    pace: Pacing
    windows: Windows | None = None
    opt_outs: Container[Id] = ()
    concurrency: int = 8
    chunk: int = CHUNK
    if_unclear: str = "check"
    suspected_since: Moment | None = None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    suppression: Suppression = field(default_factory=lambda: Suppression(()))
    report: Report = field(default_factory=NoReport)

    def __post_init__(self) -> None:
        self._opened = self.clock()  # what an earlier attempt left open was begun before
        self.given_up = 0
        # Who has leave to go must not queue: with a limit, a thread is free before leave is asked for.
        self._turns = Semaphore(self.concurrency if self.pace.limited else sys.maxsize)
        self._held = 0.0
        self._closed: tuple[float, Collection[str]] = (-math.inf, ())
        self._under_way: deque[Batch] = deque()
        self._looked = -math.inf
        self.progress = self._progress(0)

    def close(self) -> None:
        """Let go of what the tasks of the host share."""
        self.pace.close()
        self.poster.close()

    def announce(self, count: int) -> None:
        """Say what is about to be done.

        :param count: to how many.
        """
        self.progress = self._progress(count)
        self.progress.start(self.poster.channel_uuid)

    def run(self) -> datetime | None:
        """Write to everybody who may be written to now.

        :return: when to go on with the others; ``None`` if there are none.
        :raises WahelpError: if the channel, the account or the service is at fault; the rest can go later.
        """
        if self.suspected_since:
            self._let_pass(self._opened + SETTLED_AFTER, "the history")
            self._read_history(self.suspected_since)
        while True:
            self._send()
            if self.settle():
                continue
            until = self._next()
            if until is None or (until - self._now()).total_seconds() > PATIENCE:
                self._tell_quiet()
                self._tell_of_cap(until)
                return until
            self._let_pass(until.timestamp(), self._what_holds())

    def settle(self) -> bool:
        """Find out what became of those of whom it is not known; return whether there were any."""
        people = self.worklist.open()
        if not people:
            return False
        if self.if_unclear == "check":
            self._let_pass(self._opened + SETTLED_AFTER, "the history")
            log.info("Looking into the history for %d messages of unknown outcome", len(people))
            self._read_history(min(map(begun_at, people), key=self._seconds))
        done = [entry for person in people for entry in self._looked_up(person)]
        entries = iter(done)
        while some := list(islice(entries, CHUNK)):
            self.chunks.add(some)
        self.report.renew()  # they had a row already, where an earlier attempt had begun them
        return True

    def _send(self) -> None:
        """Write to whoever waits, chunk by chunk."""
        self._held = 0.0
        with ThreadPoolExecutor(self.concurrency, "wahelp") as pool:
            try:
                for batch in self._batches(pool):
                    self._under_way.append(batch)
                    self._submit(pool, batch)
                    if len(self._under_way) > AHEAD:
                        self._end(self._under_way[0])
            except BaseException:  # a worker that is told to stop keeps what it has done
                for batch in self._under_way:
                    batch.cancel()
                raise
            finally:
                while self._under_way:
                    self._end(self._under_way[0])
        if self.poster.fault:
            raise self.poster.fault

    def _batches(self, pool: ThreadPoolExecutor) -> Iterator[Batch]:
        while not self._held and not self.poster.fault:
            self._look()
            people = self.worklist.waiting(self.chunk, self._quiet())
            if not people:
                return
            if batch := self._begin(pool, people):
                yield batch

    def _begin(self, pool: ThreadPoolExecutor, people: Sequence[QueuedMessage]) -> Batch | None:
        """Find out who they are, and note in the ledger that they are begun."""
        now = self.poster.hook.run(moment())
        ready: list[QueuedMessage] = []
        done: list[Done] = []
        for person, verdict in self.poster.identified(pool, people, self._result):
            known = verdict or self._known(person)
            if known:
                done += self._took(person, known)
            else:
                ready.append(self._begun(person, now))
        if not ready:
            if done:
                self.chunks.add(done)
            return None
        self.worklist.begin(ready)
        return Batch(self.chunks.begin(list(map(_begun, ready))), ready, done)

    def _known(self, person: QueuedMessage) -> SendResult | None:
        """Return why somebody need not be written to."""
        if self.suppression.has_user(person.user_id):
            return SendResult(Outcome.SUPPRESSED, SUPPRESSED)
        if person.user_id in self.opt_outs:
            return SendResult(Outcome.SUPPRESSED, OPTED_OUT)
        if self.suspected_since:
            return self._seen(person, short_digest(person.text), self.suspected_since)
        return None

    def _begun(self, person: QueuedMessage, now: Moment) -> QueuedMessage:
        """Note when it is begun: what was begun first may still turn up."""
        began = now
        if person.began is not None and person.digest == short_digest(person.text):
            began = Moment(min(now.seconds, self._seconds(begun_at(person))), now.by_host)
        return person._replace(digest=short_digest(person.text), began=began.seconds, by_host=began.by_host)

    def _submit(self, pool: ThreadPoolExecutor, batch: Batch) -> None:
        for person in list(batch.people.values()):
            while not self._turns.acquire(timeout=LOOK):
                self._look(ANSWERS)
            if not self._may_go(person):
                self._turns.release()
                continue
            send = pool.submit(self._post, person)
            send.add_done_callback(self._turn_over)
            batch.post(person, send)

    def _may_go(self, person: QueuedMessage) -> bool:
        """Wait until somebody may be written to, if that is soon."""
        while not (self._held or self.poster.fault or person.zones in self._quiet()):
            seconds = self.pace.take()
            if not seconds:
                return True
            if seconds > PATIENCE:
                self._held = seconds
            else:
                self._wait(seconds, "another task's turn" if self.pace.shared else "")
        return False

    def _post(self, person: QueuedMessage) -> SendResult:
        """Write to somebody, unless it has become quiet meanwhile; the only thing here that threads do."""
        return SendResult(WAITING) if person.zones in self._quiet() else self.poster.post(person)

    def _turn_over(self, _send: Future[SendResult]) -> None:
        self._turns.release()

    def _end(self, batch: Batch) -> None:
        """Wait for a chunk, and note in the ledger what became of it."""
        while not batch.over(within=LOOK):
            self._look(ANSWERS)
        self._under_way.remove(batch)
        with self.worklist.at_once():
            self._count(batch)
            for person in batch.people.values():  # nothing went to them
                self._took(person, SendResult(WAITING))
        self.chunks.end(batch.number, batch.begun, batch.done)
        self._look()

    def _count(self, batch: Batch) -> None:
        """Note what became of those of a chunk whose threads have come back."""
        for person, verdict in batch.back():
            batch.done.extend(self._took(person, verdict))
            if verdict.state == OPEN:
                batch.begun.append(_begun(person))
                self._opened = self.clock()

    def _result(self, future: Future[T]) -> T:
        """Wait for what a thread finds out."""
        while wait([future], LOOK).not_done:
            self._look(ANSWERS)
        return future.result()

    def _look(self, reason: str = "") -> None:
        """Look up from a wait: count who is done, and tell of it now and then."""
        if 0 <= self.clock() - self._looked < LOOK / 2:
            return
        self._looked = self.clock()
        for batch in self._under_way:
            self._count(batch)
        self.report.tick()
        self.progress.tick(self.poster.trouble or reason)

    def _wait(self, seconds: float, reason: str) -> None:
        while seconds > 0:
            self.sleep(min(seconds, LOOK))
            seconds -= LOOK
            self._look(reason)

    def _took(self, person: QueuedMessage, verdict: SendResult) -> list[Done]:
        """Note what became of somebody; return it for the ledger, where it is for good."""
        self.worklist.settle(person.number, verdict.state, verdict.reason, verdict.message_id)
        if verdict.state in {WAITING, OPEN}:
            return []
        self.progress.add(Outcome(verdict.state))
        self.report.add(person.number)
        if verdict.state == Outcome.FAILED:
            who = mask_phone(person.phone) if person.phone else f"user {person.user_id}"
            self.progress.failed(person.number, who, verdict.reason)
        if verdict.state == Outcome.SUPPRESSED:  # next time they may have changed their mind
            return []
        at = None if person.began is None else self._seconds(begun_at(person))
        return [Done(person.key, verdict.state, verdict.message_id, person.user_id, at)]

    def _looked_up(self, person: QueuedMessage) -> list[Done]:
        if verdict := self._unclear(person):
            done = self._took(person, verdict)
            # What failed the ledger still has begun: who clears the task sends nothing blindly.
            return done if verdict.state == Outcome.SENT else []
        if person.text is None:
            self._took(person, SendResult(Outcome.SKIPPED, "no longer among the recipients"))
            return []  # for this time: who is back by the next attempt gets it
        if person.attempts + 1 >= ATTEMPTS:
            reason = f"sent {ATTEMPTS} times, and never seen in the history"
            self._took(person, SendResult(Outcome.FAILED, reason))
            self.given_up += 1  # for this time: a retry of the task tries again
            return []
        self.worklist.try_again(person.number)
        return []

    def _unclear(self, person: QueuedMessage) -> SendResult | None:
        """Return what became of a send of unknown outcome; ``None``: it may be sent again."""
        if self.if_unclear == "fail":
            return SendResult(Outcome.FAILED, "it is not known whether it was sent")
        return self._seen(person, person.digest, begun_at(person)) if self.if_unclear == "check" else None

    def _seen(self, person: QueuedMessage, text_digest: str, since: Moment) -> SendResult | None:
        """Return what the history tells of their message."""
        began = math.floor(self._seconds(since))  # the history's times are whole seconds
        sent = self.worklist.in_history(person.user_id, text_digest, began)
        if sent is not None:
            return SendResult(Outcome.SENT, message_id=sent)
        if self.worklist.in_history(person.user_id, _DELETED, began) is not None:
            return SendResult(
                Outcome.FAILED, "a message to them was deleted: it is not known whether it was sent"
            )
        return None

    def _read_history(self, since: Moment) -> None:
        def take(message: Message) -> bool:
            at = message.created_at.timestamp() if message.created_at else math.inf
            text = _DELETED if is_deleted(message.text) else short_digest(message.text or "")
            self.worklist.add_history(message.id, message.user_id, text, at)
            self._look("the history")
            return False

        project, channel = self.poster.project_id, self.poster.channel_uuid
        try:
            self.poster.hook.run(outgoing_since(project, channel, since, take))
        except WahelpError as error:
            what = f"the messages through channel {channel} were sent"
            unclear = UnknownOutcomeError(what, f"the history could not be read: {error.reason}")
            unclear.temporary = error.temporary
            raise unclear from error

    def _next(self) -> datetime | None:
        """Return when somebody who waits may be written to."""
        if self._held:
            return self._now() + timedelta(seconds=self._held)
        zones = self.worklist.waiting_zones()
        if not zones:
            return None
        return self.windows.opens(zones, self._now()) if self.windows else self._now()

    def _tell_quiet(self) -> None:
        """Say that it is for the quiet hours that somebody waits, and until when."""
        zones = self.worklist.waiting_zones()
        if self.windows and zones and not self._held:
            waiting, until = self.worklist.totals()[WAITING], self.windows.told(zones, self._now())
            log.info("Quiet hours hold until %s: %s not written to yet", until, f"{waiting:,}")

    def _quiet(self) -> Collection[str]:
        """Return the zones where it is quiet, as of this second."""
        if self.windows is None:
            return ()
        now = self.clock()
        if not 0 <= now - self._closed[0] < 1:
            self._closed = now, self.windows.closed(self.worklist.zones, self._now())
        return self._closed[1]

    def _seconds(self, since: Moment) -> float:
        return self.poster.hook.run(by_server(since)) if since.by_host else since.seconds

    def _tell_of_cap(self, until: datetime | None) -> None:
        if until and self._held and self.pace.capped:
            log.info("The daily cap is reached: the next may go at %s", clock_time(until, self._now()))

    def _what_holds(self) -> str:
        if not self._held:
            return ""  # who waits for quiet hours is told in any case
        return "the daily cap" if self.pace.capped else "the pace"

    def _progress(self, count: int) -> Progress:
        outlook = Outlook(self.pace, self.windows, self.worklist.waiting_by_zones)
        return Progress(log, count, outlook, clock=self.clock)

    def _let_pass(self, until: float, reason: str) -> None:
        self._wait(until - self.clock(), reason)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)


def _begun(person: QueuedMessage) -> Begun:
    user_id = person.user_id if person.user_id is not None else ""
    return Begun(person.key, person.digest, user_id, person.began or 0.0, bool(person.by_host))

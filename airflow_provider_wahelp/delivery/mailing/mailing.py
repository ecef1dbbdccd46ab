"""One mailing from its rows to its report."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import ChannelNotActiveError, InputError, TooManyFailuresError
from airflow_provider_wahelp.client.reconcile import moment
from airflow_provider_wahelp.delivery.attempt import Attempt
from airflow_provider_wahelp.delivery.ledger import Ledger
from airflow_provider_wahelp.delivery.mailing.channel import MailingChannel
from airflow_provider_wahelp.delivery.mailing.chunks import Chunks
from airflow_provider_wahelp.delivery.mailing.delivery_report import Arrivals
from airflow_provider_wahelp.delivery.mailing.dispatcher import CHUNK, CHUNK_SECONDS, Dispatcher
from airflow_provider_wahelp.delivery.mailing.exclusions import OPTED_OUT, SUPPRESSED, Suppression, screen
from airflow_provider_wahelp.delivery.mailing.growing_report import GrowingReport, RevisedReport
from airflow_provider_wahelp.delivery.mailing.opt_outs import OptOuts
from airflow_provider_wahelp.delivery.mailing.options import Options, tolerable
from airflow_provider_wahelp.delivery.mailing.outcome import SENDINGS, Outcome
from airflow_provider_wahelp.delivery.mailing.prepare import Preparation, restore
from airflow_provider_wahelp.delivery.mailing.progress import Failures, Progress
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING
from airflow_provider_wahelp.delivery.mailing.rate_limit import Pace
from airflow_provider_wahelp.delivery.mailing.rendering import Renderer
from airflow_provider_wahelp.delivery.mailing.report import ArrivalRow, ReportRow
from airflow_provider_wahelp.delivery.mailing.rows import Row, Unreadable, closed, read_entries
from airflow_provider_wahelp.delivery.mailing.sender import Sender
from airflow_provider_wahelp.delivery.mailing.stop_words import STOP_WORDS
from airflow_provider_wahelp.delivery.mailing.tracked_worklist import TrackedWorklist
from airflow_provider_wahelp.delivery.mailing.tracking import Tracking
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows
from airflow_provider_wahelp.delivery.wait_options import WaitOptions
from airflow_provider_wahelp.hooks.failures import airflow_errors
from airflow_provider_wahelp.hooks.wahelp import WahelpHook
from airflow_provider_wahelp.storage.directory import shared_directory
from airflow_provider_wahelp.storage.keys import digest_key
from airflow_provider_wahelp.storage.user_ids import UserIdCache

log = logging.getLogger(__name__)


class Result(NamedTuple):
    """What a mailing came to.

    :param totals: how many there are of each outcome.
    :param until: when to go on; ``None`` if nobody is to be written to, or waited for, any more.
    :param given_up: how many of the failures a retry may mend.
    """

    totals: dict[str, int]
    until: datetime | None
    given_up: int


@dataclass(frozen=True)
class Mailing:
    """A mailing of a task.

    :param hook: the hook.
    :param channel: the project's id and the channel's uuid.
    :param attempt: which attempt of the task this is.
    :param ledger: where the state is kept; ``None`` before Airflow 3.3, unless the author names a path.
    :param renderer: makes the texts.
    :param windows: when people may be written to; ``None`` for always.
    :param options: everything else.
    :param resumed: whether the task was deferred before.
    :param clock: the time, in seconds since 1970.
    :param sleep: waits for the given seconds.
    """

    hook: WahelpHook
    channel: tuple[Id, str]
    attempt: Attempt
    ledger: Ledger | None
    renderer: Renderer
    windows: QuietWindows | None
    options: Options
    resumed: bool = False
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def run(self, rows: Iterable[Row | Unreadable]) -> Result:
        """Write to everybody who may be written to now, and report of all.

        :param rows: the recipients.
        :raises WahelpError: if the mailing cannot go on; who was not written to can be later.
        """
        with airflow_errors(), ExitStack() as stack:
            worklists = {uuid: stack.enter_context(TrackedWorklist()) for uuid in self._channels}
            self._insist_on_channel()
            if not self._goes_on:
                self._check_channel()
            prepared = self._prepared(worklists[self.channel[1]], rows)  # or else the report stays as it is
            report = self._report(worklists)
            try:
                until, given_up = self._mail(worklists, prepared, report)
            finally:
                if report:
                    report.finish()
            result = Result(self._totals(worklists), until, given_up)
            self._judge(result)
        return result

    @property
    def _wait_options(self) -> WaitOptions | None:
        return None if self.options.dry_run else self.options.wait_options

    @property
    def _channels(self) -> list[str]:
        return [self.channel[1], *(self.options.fallback if self._wait_options else ())]

    @property
    def _again(self) -> bool:
        """Whether what was sent before the task was cleared is to be sent once more."""
        return self.options.on_rerun == "resend" and self.attempt.cleared

    @property
    def _goes_on(self) -> bool:
        """Whether there may be nothing left but to wait, which needs no channel that is active."""
        return self._wait_options is not None and (self.resumed or self.attempt.repeated)

    def _mail(
        self,
        worklists: Mapping[str, TrackedWorklist],
        prepared: Preparation,
        report: GrowingReport | None,
    ) -> tuple[datetime | None, int]:
        worklist = worklists[self.channel[1]]
        if self.options.dry_run:
            self._check_rows(worklist, prepared)
            self._unwanted(worklist, prepared)
            return None, 0
        with ExitStack() as stack:
            legs = [self._leg(uuid, each) for uuid, each in worklists.items()]
            for leg in legs:
                stack.callback(leg.mailing.close)
                self._restore(leg)
            for leg in legs[1:]:
                worklists[self.channel[1]].pass_over(leg.worklist.sent())
            self._check_rows(worklist, prepared)
            first = legs[0]
            first.mailing.suppression = prepared.suppression  # its ids are this channel's
            if self._goes_on and self.ledger and worklist.waiting(1):
                self._check_channel()
            first.mailing.opt_outs = self._unwanted(worklist, prepared)
            if report:
                first.mailing.report = report
                for leg in legs[1:]:
                    leg.mailing.report = RevisedReport(report)
            self._announce(first.mailing, prepared)
            stack.callback(self._finish, first.mailing.progress)
            until = first.mailing.run()
            if self._wait_options:
                zones = self.windows.zones if self.windows else Tracking.zones
                later = Tracking(legs, self._wait_options, prepared.suppression, zones).run()
                until = min((time for time in (until, later) if time), default=None)
            return until, sum(leg.mailing.given_up for leg in legs)

    def _announce(self, mailing: Dispatcher, prepared: Preparation) -> None:
        """Say who is left out and why, and what is about to be done with the others."""
        left_out = mailing.worklist.left_out()
        if words := _left_out(left_out):
            log.info("Not written to: %s", words)
        found = mailing.worklist.totals()
        unsent = found.get(WAITING, 0) + found.get(OPEN, 0)
        if not unsent:
            got = found.get(Outcome.SENT, 0)
            log.info("Nothing to send: %s of %s have got it", f"{got:,}", f"{prepared.rows:,}")
            return
        mailing.announce(unsent)
        mailing.report.renew()

    def _finish(self, progress: Progress) -> None:
        if any(progress.totals.values()):
            progress.finish()

    def _leg(self, channel_uuid: str, worklist: TrackedWorklist) -> MailingChannel:
        key = self.attempt.key if channel_uuid == self.channel[1] else f"{self.attempt.key}/{channel_uuid}"
        chunks = Chunks(self.ledger, key, self.attempt.generation, channel_uuid)
        mailing = self._mailing(channel_uuid, worklist, chunks)
        return MailingChannel(mailing, worklist, partial(self._opt_outs, channel_uuid))

    def _restore(self, leg: MailingChannel) -> None:
        restore(leg.worklist, leg.mailing.chunks, generation=self.attempt.generation, again=self._again)

    def _prepared(self, worklist: Worklist, rows: Iterable[Row | Unreadable]) -> Preparation:
        log.info("Reading the rows")
        prepared = Preparation(worklist, self.renderer, self._suppression(), Failures(log))
        with closed(rows):
            prepared.fill(rows)
        log.info("%s rows, %s of them bad", f"{prepared.rows:,}", f"{prepared.bad:,}")
        return prepared

    def _check_rows(self, worklist: Worklist, prepared: Preparation) -> None:
        """Stop for bad rows, or without any where an earlier attempt had none either, if that is wanted."""
        if not prepared.rows and not self.resumed and not worklist.totals():
            self._empty()
        if prepared.bad and self.options.on_bad_rows == "fail":
            raise InputError(
                "recipients", f'{prepared.bad:,} of {prepared.rows:,} rows are bad, and on_bad_rows is "fail"'
            )

    def _empty(self) -> None:
        from airflow.providers.common.compat.sdk import AirflowSkipException

        if self.options.if_empty == "skip":
            raise AirflowSkipException("There are no recipients")
        if self.options.if_empty == "fail":
            raise InputError("recipients", 'there are none, and if_empty is "fail"')

    def _unwanted(self, worklist: Worklist, prepared: Preparation) -> Container[Id]:
        """Leave out whoever does not want to be written to; return those whom only their id will tell."""
        if not worklist.waiting(1) and not worklist.open():
            return ()
        project_id, channel_uuid = self.channel
        if prepared.users and prepared.suppression.phones_given:
            users = self.hook.list_users(channel_uuid, project_id)
            known = {user.id for user in users if user.id and prepared.suppression.has(user.phone or "")}
            prepared.suppression.add_users(known)
            screen(worklist, known, SUPPRESSED)
        opt_outs = self._opt_outs(channel_uuid)
        screen(worklist, opt_outs, OPTED_OUT)
        return opt_outs

    def _opt_outs(self, channel_uuid: str) -> Container[Id]:
        """Return who has asked not to be written to in a channel."""
        if not self.options.stop_words:
            return ()
        words = STOP_WORDS if self.options.stop_words is True else self.options.stop_words
        opt_outs = OptOuts(shared_directory(), self.hook.get_conn().settings.base_url, words)
        log.info("Looking for stop words in the history of channel %s", channel_uuid)
        self.hook.run(opt_outs.read(self.channel[0], channel_uuid))
        return opt_outs

    def _mailing(self, channel_uuid: str, worklist: TrackedWorklist, chunks: Chunks) -> Dispatcher:
        project_id, _ = self.channel
        directory = shared_directory()
        scope = f"{self.hook.get_conn().settings.base_url}/{project_id}/{channel_uuid}"
        pace = self.options.pace
        began = self.attempt.run_started if self._again else self.attempt.earliest
        earlier = self.attempt.repeated and not (self._again and self.attempt.renewed)
        suspected = self.ledger is None and (earlier or self.resumed)
        return Dispatcher(
            Sender(self.hook, project_id, channel_uuid, UserIdCache(directory, scope, digest_key())),
            worklist,
            chunks,
            Pace(directory, scope, per_minute=pace, daily_cap=self.options.daily_cap, clock=self.clock),
            self.windows,
            (),
            self.options.concurrency,
            max(1, min(CHUNK, int(pace * CHUNK_SECONDS / 60))) if pace else CHUNK,
            self.options.if_unclear,
            self.hook.run(moment(began)) if suspected else None,
            self.clock,
            self.sleep,
        )

    def _insist_on_channel(self) -> None:
        """Go on through the channel that an earlier attempt has begun in: what it sent is not in another."""
        if self.options.dry_run or not (self.attempt.repeated or self.resumed):
            return
        begun_in = Chunks(self.ledger, self.attempt.key, self.attempt.generation).begun_in(again=self._again)
        if begun_in not in (None, self.channel[1]):
            must = f"must be {begun_in}, in which this task has begun: another channel takes another run"
            raise InputError("channel_uuid", must)

    def _check_channel(self) -> None:
        project_id, channel_uuid = self.channel
        if not self.hook.get_channel(channel_uuid, project_id).active:
            raise ChannelNotActiveError(f"write to anybody through channel {channel_uuid}")

    def _suppression(self) -> Suppression:
        entries = read_entries(self.options.suppress, "suppress")
        with closed(entries):
            return Suppression(entries)

    def _report(self, worklists: Mapping[str, TrackedWorklist]) -> GrowingReport | None:
        if not (path := self.options.report_path):
            return None
        if self._wait_options:
            return GrowingReport(path, Arrivals(worklists).report, ArrivalRow, self.clock)
        return GrowingReport(path, worklists[self.channel[1]].report, ReportRow, self.clock)

    def _totals(self, worklists: Mapping[str, TrackedWorklist]) -> dict[str, int]:
        return Arrivals(worklists).totals() if self._wait_options else _totals(worklists[self.channel[1]])

    def _judge(self, result: Result) -> None:
        """Fail for too many failures, once everybody had their turn."""
        totals = result.totals
        tried = totals[Outcome.SENT] + totals[Outcome.NO_MESSENGER] + totals[Outcome.FAILED]
        failed = totals[Outcome.FAILED] + totals.get(Outcome.UNDELIVERED, 0)
        if result.until is None and not tolerable(self.options.max_failures, failed, tried):
            words = f"{failed:,} of {tried:,} failed, and max_failures is {self.options.max_failures}"
            error = TooManyFailuresError("write to everybody", words)
            error.temporary = result.given_up > 0
            raise error


def _totals(worklist: Worklist) -> dict[str, int]:
    found = worklist.totals()
    totals = {outcome.value: found.get(outcome.value, 0) for outcome in SENDINGS}
    totals[Outcome.DEFERRED.value] += found.get(WAITING, 0) + found.get(OPEN, 0)
    return totals


def _left_out(counts: Mapping[tuple[str, str], int]) -> str:
    """Return in words how many are not written to, and why."""
    words = {
        OPTED_OUT: "who have written a stop word",
        Outcome.SKIPPED: "bad",
        Outcome.SENT: "who have got it",
        Outcome.NO_MESSENGER: "without the messenger",
        Outcome.FAILED: "that failed before",
    }
    return ", ".join(
        f"{count:,} {words.get(reason or state, reason)}" for (state, reason), count in counts.items()
    )

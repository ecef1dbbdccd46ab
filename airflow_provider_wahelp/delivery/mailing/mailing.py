"""One mailing from its rows to its report."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import uuid4

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import InputError, TooManyFailuresError
from airflow_provider_wahelp.client.reconcile import moment
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.delivery.attempt import Attempt
from airflow_provider_wahelp.delivery.ledger import Ledger
from airflow_provider_wahelp.delivery.mailing.assembly import Assembly
from airflow_provider_wahelp.delivery.mailing.channel import MailingChannel
from airflow_provider_wahelp.delivery.mailing.chunks import Chunks
from airflow_provider_wahelp.delivery.mailing.complaints import complaints_since
from airflow_provider_wahelp.delivery.mailing.delivery_report import DeliveryReport
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions, Suppression
from airflow_provider_wahelp.delivery.mailing.files import MailingFiles, files_of
from airflow_provider_wahelp.delivery.mailing.growing_report import GrowingReport, Report, RevisedReport, Rows
from airflow_provider_wahelp.delivery.mailing.options import Options, allowed_failures
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.overview import Shown, unseen
from airflow_provider_wahelp.delivery.mailing.page import Page
from airflow_provider_wahelp.delivery.mailing.page_report import page_report
from airflow_provider_wahelp.delivery.mailing.prepare import Preparation, restore
from airflow_provider_wahelp.delivery.mailing.progress import Failures
from airflow_provider_wahelp.delivery.mailing.rendering import Renderer
from airflow_provider_wahelp.delivery.mailing.report import DeliveryReportRow, ReportRow, is_page
from airflow_provider_wahelp.delivery.mailing.rows import Row, Unreadable, closed
from airflow_provider_wahelp.delivery.mailing.sender import insist_on_active
from airflow_provider_wahelp.delivery.mailing.tracking import Tracking
from airflow_provider_wahelp.delivery.mailing.variants import tell_preview
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows
from airflow_provider_wahelp.delivery.waiting import WaitOptions
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.hooks.wahelp import WahelpHook

log = logging.getLogger(__name__)


class Result(NamedTuple):
    """What a mailing came to.

    :param until: when to go on; ``None`` if nothing is to be sent, or waited for, any more.
    :param given_up: how many of the failures a retry may mend.
    :param refusal: what is wrong with the rows, if none of them is good.
    """

    totals: dict[str, int]
    until: datetime | None
    given_up: int
    refusal: InputError | None


@dataclass(frozen=True)
class Mailing:
    """A mailing of a task.

    :param channel: the project's id and the channel's uuid.
    :param ledger: where the state is kept; ``None`` before Airflow 3.3, unless the author names a path.
    :param resumed: whether the task was deferred before.
    """

    hook: WahelpHook
    channel: tuple[Id, str]
    attempt: Attempt
    ledger: Ledger | None
    renderer: Renderer
    windows: QuietWindows | None
    options: Options
    resumed: bool = False
    shown: Shown = unseen
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def run(self, rows: Iterable[Row | Unreadable]) -> Result:
        """Write to all recipients that may be written to now, and report of all.

        :raises WahelpError: if the mailing cannot go on; a later attempt can write to the others.
        """
        with airflow_errors(), ExitStack() as stack:
            worklists = {uuid: stack.enter_context(Worklist()) for uuid in self._channel_uuids}
            self._insist_on_channel()
            if not self._may_only_wait:
                self._insist_on_active()
            prepared = self._prepared(next(iter(worklists.values())), rows)  # or else the report stays
            report = self.shown(self._report(worklists), worklists, self._totals)
            try:
                report.until, given_up = self._mail(worklists, prepared, report)
            finally:
                report.finish()
            result = Result(self._totals(worklists), report.until, given_up, prepared.refusal)
            self._judge(result)
        return result

    @property
    def _wait_options(self) -> WaitOptions | None:
        return None if self.options.dry_run else self.options.wait_options

    @property
    def _channel_uuids(self) -> list[str]:
        return [self.channel[1], *(self.options.fallback if self._wait_options else ())]

    @property
    def _again(self) -> bool:
        """Whether what was sent before the task was cleared is to be sent once more."""
        return self.options.on_rerun == "resend" and self.attempt.cleared

    @property
    def _may_only_wait(self) -> bool:
        """Whether there may be nothing left but to wait, which needs no channel that is active."""
        return self._wait_options is not None and (self.resumed or self.attempt.repeated)

    def _mail(
        self, worklists: Mapping[str, Worklist], prepared: Preparation, report: Report
    ) -> tuple[datetime | None, int]:
        assembly = self._assembly()
        chunks = {uuid: self._chunks(uuid) for uuid in worklists}
        if not self.options.dry_run:
            self._restore(worklists, chunks)
        prepared.check_files(self.options.concurrency)
        prepared.check(self.options, resumed=self.resumed)
        if self._may_only_wait and self.ledger and prepared.worklist.waiting(1):
            self._insist_on_active()
        exclusions = self._screened(assembly, prepared)
        assembly.look_ahead({self.channel[1]: (prepared.worklist, exclusions)})
        _tell_left_out(prepared.worklist)
        if self.options.dry_run:
            tell_preview(prepared.worklist.results.variants())
            return None, 0
        first = assembly.channel(
            self.channel[1],
            worklist=prepared.worklist,
            chunks=chunks[self.channel[1]],
            exclusions=exclusions,
            report=report,
        )
        others = [
            assembly.channel(
                uuid,
                worklist=worklists[uuid],
                chunks=chunks[uuid],
                exclusions=assembly.exclusions(uuid),
                report=RevisedReport(report),
            )
            for uuid in self._channel_uuids[1:]
        ]
        fresh = assembly.exclusions(self.channel[1], prepared.exclusions.suppression)
        return self._write([first, *others], fresh, prepared.rows)

    def _write(
        self, channels: list[MailingChannel], exclusions: Exclusions, rows: int
    ) -> tuple[datetime | None, int]:
        first = channels[0].dispatcher
        with ExitStack() as stack:
            for channel in channels:
                stack.callback(channel.dispatcher.close)
            first.announce(rows)
            stack.callback(first.recorder.progress.close)
            until = first.run()
            if self._wait_options:
                zones = self.windows.zones if self.windows else Tracking.zones
                later = Tracking(channels, self._wait_options, exclusions, zones).run()
                until = min((time for time in (until, later) if time), default=None)
            return until, sum(channel.dispatcher.reconciler.given_up for channel in channels)

    def _restore(self, worklists: Mapping[str, Worklist], chunks: Mapping[str, Chunks]) -> None:
        """Note what earlier attempts have done through each channel."""
        for uuid, worklist in worklists.items():
            restore(worklist, chunks[uuid], generation=self.attempt.generation, again=self._again)
        first, *others = worklists.values()
        for worklist in others:
            first.pass_over(worklist.results.sent())

    def _chunks(self, channel_uuid: str) -> Chunks:
        key = self.attempt.key if channel_uuid == self.channel[1] else f"{self.attempt.key}/{channel_uuid}"
        return Chunks(self.ledger, key, self.attempt.generation, channel_uuid)

    def _prepared(self, worklist: Worklist, rows: Iterable[Row | Unreadable]) -> Preparation:
        log.info("Reading the rows")
        suppression = Suppression(region=self.options.default_region)
        for argument, entries in self.options.suppress.items():
            with closed(entries):
                suppression.add(entries, argument)
        prepared = Preparation(worklist, self.renderer, Exclusions(suppression), Failures(log), self._files)
        with closed(rows):
            prepared.fill(rows)
        log.info("%s rows, %s of them bad", f"{prepared.rows:,}", f"{prepared.bad:,}")
        return prepared

    def _screened(self, assembly: Assembly, prepared: Preparation) -> Exclusions:
        """Leave out the users that must not be written to, before the log says how many will be."""
        channel_uuid = self.channel[1]
        worklist, suppression = prepared.worklist, prepared.exclusions.suppression
        exclusions = assembly.first_exclusions(channel_uuid, suppression)
        if worklist.waiting(1) or worklist.open():
            if prepared.users and suppression.phones_given:
                users = assembly.users(channel_uuid)
                suppression.add_users(
                    user.id for user in users if user.id and suppression.has_phone(user.phone or "")
                )
            exclusions.screen(worklist)
        return exclusions

    def _assembly(self) -> Assembly:
        return Assembly(
            hook=self.hook,
            project_id=self.channel[0],
            windows=self.windows,
            options=self.options,
            suspected_since=self._suspected_since(),
            opened=self.clock(),
            complaints_since=complaints_since(self.options, self.ledger, self.attempt, self._now),
            task=self._task,
            clock=self.clock,
            sleep=self.sleep,
            files=self._files,
        )

    def _now(self) -> float:
        return self.hook.run(moment(self.clock())).seconds

    @property
    def _task(self) -> str:
        """What the messages of this mailing are told from those of others by; ``resend`` makes new ones."""
        task = self.attempt.key or uuid4().hex
        return f"{task}/{self.attempt.generation}" if self._again else task

    @cached_property
    def _files(self) -> MailingFiles | None:
        return files_of(self.options)

    def _suspected_since(self) -> Moment | None:
        """Return since when an earlier attempt may have sent something, where no ledger tells."""
        earlier = self.attempt.repeated and not (self._again and self.attempt.renewed)
        if self.ledger or not (earlier or self.resumed):
            return None
        return self.hook.run(moment(self.attempt.run_started if self._again else self.attempt.earliest))

    def _insist_on_channel(self) -> None:
        """Refuse another channel than that of an earlier attempt: its history has not what was sent."""
        if self.options.dry_run or not (self.attempt.repeated or self.resumed):
            return
        begun_in = self._chunks(self.channel[1]).begun_in(again=self._again)
        if begun_in not in (None, self.channel[1]):
            must = f"must be {begun_in}, through which this task has begun; another channel takes another run"
            raise InputError("channel_uuid", must)

    def _insist_on_active(self) -> None:
        insist_on_active(self.hook, *self.channel)

    def _report(self, worklists: Mapping[str, Worklist]) -> Report:
        if not (path := self.options.report_path):
            return Report()
        rows, columns = self._report_rows(worklists)
        if not is_page(path):
            return GrowingReport(path, rows, columns, self.clock)
        page, clock = Page(self.attempt.key, self.options.timezone), self.clock
        return page_report(path, page, rows, worklists, self._totals, resumed=self.resumed, clock=clock)

    def _report_rows(self, worklists: Mapping[str, Worklist]) -> tuple[Rows, type[ReportRow]]:
        if self._wait_options:
            return DeliveryReport(worklists).report, DeliveryReportRow
        return worklists[self.channel[1]].results.report, ReportRow

    def _totals(self, worklists: Mapping[str, Worklist]) -> dict[str, int]:
        if self._wait_options:
            return DeliveryReport(worklists).totals()
        return worklists[self.channel[1]].results.outcomes()

    def _judge(self, result: Result) -> None:
        """Fail for too many failures, once nothing is left to do."""
        totals = result.totals
        tried = totals[Outcome.SENT] + totals[Outcome.NO_MESSENGER] + totals[Outcome.FAILED]
        failed = totals[Outcome.FAILED] + totals.get(Outcome.UNDELIVERED, 0)
        allowed = allowed_failures(limit := self.options.max_failures, tried)
        if result.until is None and failed > allowed:
            most = f"max_failures={limit} allows {allowed or 'none'}"
            words = f"{failed:,} of {tried:,} messages failed; {most}"
            error = TooManyFailuresError("write to everybody", words)
            error.temporary = result.given_up > 0
            raise error


def _tell_left_out(worklist: Worklist) -> None:
    if left_out := worklist.results.left_out():
        log.info("Not written to: %s", left_out)

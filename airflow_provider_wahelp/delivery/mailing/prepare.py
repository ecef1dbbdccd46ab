"""Preparing a mailing: the recipients and their texts, bad rows, and what earlier attempts have done."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.chunks import Chunks, batched
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions
from airflow_provider_wahelp.delivery.mailing.files import MailingFiles
from airflow_provider_wahelp.delivery.mailing.options import Options
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.progress import Failures
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.rendering import BadRowError, Renderer
from airflow_provider_wahelp.delivery.mailing.rows import Unreadable
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

log = logging.getLogger(__name__)

_REASONS = 3  # that an error tells
_TOLD = 100_000  # rows after which it is said that there is no end to them yet


@dataclass
class Preparation:
    """Fills a worklist.

    :param exclusions: recipients that must not be written to; opt-outs are read later.
    """

    worklist: Worklist
    renderer: Renderer
    exclusions: Exclusions
    failures: Failures
    files: MailingFiles | None = None
    rows: int = 0
    bad: int = 0
    users: int = 0
    reasons: list[str] = field(default_factory=list)
    refusal: InputError | None = None

    def fill(self, rows: Iterable[Mapping[str, Any] | Unreadable]) -> None:
        """Take in the recipients; count the rows, the bad ones and those that name no phone."""
        with self.worklist.filling():
            for people in batched(filter(None, map(self._composed, count(1), rows))):
                self.worklist.add(people)
        self.bad += self.worklist.repeats

    def check_files(self, threads: int, worklist: Worklist | None = None) -> None:
        """Leave out the recipients that wait whose file cannot be sent.

        :param worklist: where they wait, if not in that of the rows.
        :raises InputError: if the file that all get cannot.
        """
        waiting = worklist or self.worklist
        for number, reason in self.files.unsendable(waiting, threads) if self.files else ():
            self._tell_bad(number, reason)
            waiting.settle(number, Outcome.SKIPPED, reason)

    def check(self, options: Options, *, resumed: bool, states: Iterable[str] = ()) -> None:
        """Stop for bad rows, or without any where an earlier attempt had none either, if that is wanted.

        :param states: of recipients that are no longer in the worklist of the rows.
        """
        if not self.rows and not resumed and self.worklist.results.empty():
            _stop_without_rows(options.if_empty)
        if self.bad and options.on_bad_rows == "fail":
            must = f'{self.bad:,} of {self.rows:,} rows are bad, and on_bad_rows is "fail"'
            raise InputError("recipients", must)
        all_bad = self.rows and {*self.worklist.results.totals(), *states} == {Outcome.SKIPPED}
        if all_bad and options.on_bad_rows is None:
            first = "; ".join(self.reasons)
            must = f'all {self.rows:,} rows are bad ({first}). If that may be, say on_bad_rows="report"'
            self.refusal = InputError("recipients", must)

    def _composed(self, number: int, row: Mapping[str, Any] | Unreadable) -> QueuedMessage | None:
        self.rows = number
        if number % _TOLD == 0:
            log.info("%s rows are read", f"{number:,}")
        if isinstance(row, Unreadable):
            self._reject(number, f"it {row.reason}")
            return None
        try:
            person = self.renderer.render(number, row)
        except BadRowError as error:
            self._reject(number, str(error), error.user_id, error.phone, error.label)
            return None
        try:
            person = self.files.attached(person, row) if self.files else person
        except InputError as error:
            self._reject(number, str(error), person.user_id, person.phone, person.label)
            return None
        if reason := self.exclusions.reason(person):
            who = person.user_id, person.phone, person.label
            self.worklist.reject(number, Outcome.SUPPRESSED, reason, *who)
            return None
        self.users += not person.phone
        return person

    def _reject(
        self, number: int, reason: str, user_id: Id | None = None, phone: str | None = None, label: str = ""
    ) -> None:
        self._tell_bad(number, reason)
        self.worklist.reject(number, Outcome.SKIPPED, reason, user_id, phone, label)

    def _tell_bad(self, number: int, reason: str) -> None:
        self.bad += 1
        if self.bad <= _REASONS:
            self.reasons.append(f"row {number}: {reason}")
        self.failures.failed(number, "bad row", reason)


def _stop_without_rows(if_empty: str) -> None:
    from airflow.providers.common.compat.sdk import AirflowSkipException

    if if_empty == "skip":
        raise AirflowSkipException("There are no recipients")
    if if_empty == "fail":
        raise InputError("recipients", 'there are none, and if_empty is "fail"')


def restore(worklist: Worklist, chunks: Chunks, *, generation: int, again: bool) -> None:
    """Note what earlier attempts have done and what they have left open.

    A recipient without a message in a run that was cleared since is tried again: somebody may have mended it.

    :param generation: how often the task has been cleared.
    :param again: whether what was sent before it was cleared is to be sent once more.
    """
    for chunk in chunks.read():
        current = chunk.generation == generation
        if again and not current:
            continue
        for done in chunk.done:
            if done.outcome == Outcome.SENT or current:
                worklist.remember_done(done._replace(over=done.over and current))
            else:
                worklist.forget(done.key)
        for begun in chunk.begun:
            worklist.remember_open(begun)

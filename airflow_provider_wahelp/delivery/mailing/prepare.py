"""What is known of a mailing before its first message goes: who gets what, and who does not and why."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.chunks import Chunks
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.progress import Failures
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.rendering import BadRowError, Renderer, legible
from airflow_provider_wahelp.delivery.mailing.rows import Unreadable
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

log = logging.getLogger(__name__)

_BATCH = 1000  # people who are added at once
_TOLD = 100_000  # rows after which it is said that there is no end to them yet


@dataclass
class Preparation:
    """Fills a worklist.

    :param worklist: the worklist.
    :param renderer: makes the texts.
    :param exclusions: who must not be written to, as far as the suppression tells.
    :param failures: says which rows are bad.
    """

    worklist: Worklist
    renderer: Renderer
    exclusions: Exclusions
    failures: Failures
    rows: int = 0
    bad: int = 0
    users: int = 0

    def fill(self, rows: Iterable[Mapping[str, Any] | Unreadable]) -> None:
        """Take in the recipients; count the rows, the bad ones and those that name no phone.

        :param rows: the recipients.
        """
        people: list[QueuedMessage] = []
        for number, row in enumerate(rows, 1):
            self.rows = number
            if number % _TOLD == 0:
                log.info("%s rows are read", f"{number:,}")
            if person := self._composed(number, row):
                people.append(person)
            if len(people) == _BATCH:
                self._add(people)
                people.clear()
        self._add(people)

    def _composed(self, number: int, row: Mapping[str, Any] | Unreadable) -> QueuedMessage | None:
        if isinstance(row, Unreadable):
            self._reject(number, {}, f"it {row.reason}")
            return None
        try:
            person = self.renderer.compose(number, row)
        except BadRowError as error:
            self._reject(number, row, str(error))
            return None
        if reason := self.exclusions.reason(person):
            who = person.user_id, person.phone, person.label
            self.worklist.reject(number, Outcome.SUPPRESSED, reason, *who)
            return None
        self.users += not person.phone
        return person

    def _reject(self, number: int, row: Mapping[str, Any], reason: str) -> None:
        self.bad += 1
        self.failures.failed(number, "bad row", reason)
        phone = row.get("phone")
        who = _user_id(row), None if phone is None else legible(phone), self.renderer.label(row)
        self.worklist.reject(number, Outcome.SKIPPED, reason, *who)

    def _add(self, people: list[QueuedMessage]) -> None:
        self.bad += self.worklist.add(people)


def restore(worklist: Worklist, chunks: Chunks, *, generation: int, again: bool) -> None:
    """Note what earlier attempts have done and what they have left open.

    Who did not get a message in a run that was cleared since is tried again: somebody may have mended it.

    :param worklist: the worklist.
    :param chunks: what the ledger knows.
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


def _user_id(row: Mapping[str, Any]) -> Id | None:
    try:
        return arguments.user_id(row.get("user_id"))
    except InputError:
        return None

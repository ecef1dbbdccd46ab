"""One mailing through several numbers: each at its own pace, and each person through the one they know."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.models import User
from airflow_provider_wahelp.delivery.mailing.assembly import Assembly
from airflow_provider_wahelp.delivery.mailing.channel import MailingChannel
from airflow_provider_wahelp.delivery.mailing.chunks import Chunks
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions, Suppression
from airflow_provider_wahelp.delivery.mailing.growing_report import Report, RevisedReport, Rows
from airflow_provider_wahelp.delivery.mailing.mailing import Mailing
from airflow_provider_wahelp.delivery.mailing.numbers import Ended, Number, Numbers, unsent
from airflow_provider_wahelp.delivery.mailing.outcome import OPTED_OUT, Outcome
from airflow_provider_wahelp.delivery.mailing.places import Places
from airflow_provider_wahelp.delivery.mailing.prepare import Preparation
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.report import DeliveryReportRow, NumberReportRow, ReportRow
from airflow_provider_wahelp.delivery.mailing.together import delivery_report_of, report_of, totals_of
from airflow_provider_wahelp.delivery.mailing.tracking import Tracking
from airflow_provider_wahelp.delivery.mailing.turns import Turns
from airflow_provider_wahelp.delivery.mailing.variants import tell_preview
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.words import people

log = logging.getLogger(__name__)

SOURCE = ""
"""In place of a channel: the rows before they are given to the numbers, and those that no number gets."""

_SEPARATOR, _THEN = ",", "/"


@dataclass(frozen=True)
class SeveralNumbers(Mailing):
    """A mailing through the numbers that its options name.

    Each number has fallback channels of its own: the same ones, with the people of that number.
    """

    @property
    def _channel_uuids(self) -> list[str]:
        return [SOURCE, *chain.from_iterable(map(self._ways, self._numbers))]

    def _ways(self, number: str) -> list[str]:
        """Return the names of a number and of its fallback channels."""
        return [number, *(f"{number}{_THEN}{uuid}" for uuid in super()._channel_uuids[1:])]

    @property
    def _numbers(self) -> Sequence[str]:
        return self.options.channels or ()

    def _insist_on_active(self) -> None:
        """Ask each number when it is its turn: one that is logged out stops no other."""

    def _chunks(self, channel_uuid: str) -> Chunks:
        if channel_uuid == SOURCE:
            return Chunks(self.ledger, self.attempt.key, self.attempt.generation, self._marker)
        key = f"{self.attempt.key}/{channel_uuid}"
        return Chunks(self.ledger, key, self.attempt.generation, _channel_of(channel_uuid))

    @property
    def _marker(self) -> str:
        return _SEPARATOR.join(self._numbers)

    def _insist_on_channel(self) -> None:
        """Refuse to go on without a number of an earlier attempt: the others have not what it has sent."""
        if self.options.dry_run:
            return
        marker = self._chunks(SOURCE)
        begun_in = marker.begun_in(again=self._again)
        begun = set((begun_in or "").split(_SEPARATOR)) - {""}
        if len(begun) == 1:
            raise InputError(
                "channels", f"must not be given: this task has begun with channel_uuid={begun_in}"
            )
        if missing := begun - set(self._numbers):
            must = f"must hold {', '.join(sorted(missing))}, through which this task has begun"
            raise InputError("channels", must)
        if begun_in != self._marker:
            marker.end(0, (), ())

    def _report_rows(self, worklists: Mapping[str, Worklist]) -> tuple[Rows, type[ReportRow]]:
        numbers = self._by_number(worklists)
        if self._wait_options:
            return partial(delivery_report_of, numbers), DeliveryReportRow
        return partial(report_of, numbers), NumberReportRow

    def _totals(self, worklists: Mapping[str, Worklist]) -> dict[str, int]:
        return totals_of(self._by_number(worklists), tracked=bool(self._wait_options))

    def _by_number(self, worklists: Mapping[str, Worklist]) -> dict[str, dict[str, Worklist]]:
        ways = {SOURCE: [SOURCE]} | {uuid: self._ways(uuid) for uuid in self._numbers}
        return {uuid: {_channel_of(way): worklists[way] for way in own} for uuid, own in ways.items()}

    def _mail(
        self, worklists: Mapping[str, Worklist], prepared: Preparation, report: Report
    ) -> tuple[datetime | None, int]:
        assembly = self._assembly()
        suppression = prepared.exclusions.suppression
        exclusions = {uuid: assembly.first_exclusions(uuid, suppression) for uuid in self._numbers}
        with closing(Places(self._numbers)) as places:
            self._remember(places)
            resumed = self.resumed or not places.is_new()
            self._learn_users(assembly, places, exclusions, prepared)
            _give_out(worklists, places)
            chunks = {way: self._chunks(way) for way in self._channel_uuids[1:]}
            for uuid, each in exclusions.items():
                if not self.options.dry_run:
                    self._restore({way: worklists[way] for way in self._ways(uuid)}, chunks)
                prepared.check_files(self.options.concurrency, worklists[uuid])
                _screen(worklists[uuid], each, places)
            assembly.look_ahead({uuid: (worklists[uuid], each) for uuid, each in exclusions.items()})
            states = chain.from_iterable(worklist.results.totals() for worklist in worklists.values())
            prepared.check(self.options, resumed=resumed, states=states)
            self._tell(worklists)
            if self.options.dry_run:
                return None, 0
            report.renew()
            turns = Turns[Ended](self.sleep, self.clock)
            build = _Build(replace(assembly, sleep=turns.sleep), worklists, chunks, report)
            fresh = partial(replace, stopped_elsewhere=places.has_stopped)
            numbers = [
                build.number(self._ways(uuid), each, fresh(assembly.exclusions(uuid, suppression)))
                for uuid, each in exclusions.items()
            ]
            zones = self.windows.zones if self.windows else Tracking.zones
            return Numbers(numbers, self._wait_options, zones).run(turns)

    def _remember(self, places: Places) -> None:
        """Find out what earlier attempts have begun, and through which number."""
        if not self.options.dry_run:
            for uuid in self._numbers:
                places.add_begun(uuid, _keys_of(self._chunks(uuid)))

    def _learn_users(
        self,
        assembly: Assembly,
        places: Places,
        exclusions: Mapping[str, Exclusions],
        prepared: Preparation,
    ) -> None:
        """Find out whom the numbers know, and who has opted out of any: a hundred people a request."""
        if not prepared.worklist.waiting(1):
            return
        suppression = prepared.exclusions.suppression
        for uuid, each in exclusions.items():
            each.read()
            places.add_users(uuid, _noting(assembly.users(uuid), suppression), each.opt_outs)

    def _tell(self, worklists: Mapping[str, Worklist]) -> None:
        """Say who is left out, and how many each number writes to."""
        for uuid in (SOURCE, *self._numbers):
            worklist, through = worklists[uuid], f" (channel {uuid})" if uuid else ""
            if left_out := worklist.results.left_out():
                log.info("Not written to%s: %s", through, left_out)
            if self.options.dry_run and uuid:
                count = sum(worklist.waiting_by_zones().values())
                log.info("%s would be written to through channel %s", people(count), uuid)
                tell_preview(worklist.results.variants())


@dataclass(frozen=True)
class _Build:
    """Puts together what writes through a number, and through its fallback channels."""

    assembly: Assembly
    worklists: Mapping[str, Worklist]
    chunks: Mapping[str, Chunks]
    report: Report

    def number(self, ways: Sequence[str], own: Exclusions, fresh: Exclusions) -> Number:
        first, *others = ways
        return Number([self._channel(first, own, self.report), *map(self._other, others)], fresh)

    def _other(self, way: str) -> MailingChannel:
        return self._channel(way, self.assembly.exclusions(_channel_of(way)), RevisedReport(self.report))

    def _channel(self, way: str, exclusions: Exclusions, report: Report) -> MailingChannel:
        return self.assembly.channel(
            _channel_of(way),
            worklist=self.worklists[way],
            chunks=self.chunks[way],
            exclusions=exclusions,
            report=report,
        )


def _keys_of(chunks: Chunks) -> Iterator[str]:
    for chunk in chunks.read():
        yield from (begun.key for begun in chunk.begun)
        yield from (done.key for done in chunk.done)


def _noting(users: Iterable[User], suppression: Suppression) -> Iterator[User]:
    """Suppress those of some users whose phones are suppressed."""
    for user in users:
        if user.id is not None and suppression.has_phone(user.phone or ""):
            suppression.add_users([user.id])
        yield user


def _give_out(worklists: Mapping[str, Worklist], places: Places) -> None:
    """Give each person to the number that writes to them."""
    source = worklists[SOURCE]
    for some in source.waiting_people():
        given: dict[str, list[QueuedMessage]] = {}
        for person in some:
            given.setdefault(places.of(person), []).append(person)
        for uuid, theirs in given.items():
            worklists[uuid].add(theirs)
    source.dismiss()


def _screen(worklist: Worklist, exclusions: Exclusions, places: Places) -> None:
    """Leave out who must not be written to, also because of what they have written to another number."""
    if not unsent(worklist):
        return
    exclusions.screen(worklist)
    for some in worklist.waiting_people():
        for person in filter(places.has_stopped, some):
            worklist.settle(person.number, Outcome.SUPPRESSED, OPTED_OUT)


def _channel_of(way: str) -> str:
    """Return the channel of a number, or of one of its fallback channels."""
    return way.rpartition(_THEN)[2]

"""One mailing through several numbers: each at its own pace, and each person through the one they know."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from heapq import merge
from itertools import chain

from airflow_provider_wahelp.client.errors import InputError, WahelpError
from airflow_provider_wahelp.client.models import User
from airflow_provider_wahelp.delivery.mailing.assembly import Assembly
from airflow_provider_wahelp.delivery.mailing.channel import MailingChannel
from airflow_provider_wahelp.delivery.mailing.chunks import Chunks
from airflow_provider_wahelp.delivery.mailing.complaints import MailingHeldError, keep
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions, Suppression
from airflow_provider_wahelp.delivery.mailing.growing_report import Report, Rows
from airflow_provider_wahelp.delivery.mailing.mailing import Mailing
from airflow_provider_wahelp.delivery.mailing.outcome import OPTED_OUT, Outcome
from airflow_provider_wahelp.delivery.mailing.places import Places
from airflow_provider_wahelp.delivery.mailing.prepare import Preparation, restore
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.report import NumberReportRow, ReportRow
from airflow_provider_wahelp.delivery.mailing.results import EVERYBODY
from airflow_provider_wahelp.delivery.mailing.turns import Turns
from airflow_provider_wahelp.delivery.mailing.variants import tell_preview
from airflow_provider_wahelp.delivery.mailing.words import people
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

log = logging.getLogger(__name__)

SOURCE = ""
"""In place of a channel: the rows before they are given to the numbers, and those that no number gets."""

_SEPARATOR = ","

Ended = datetime | WahelpError | None
"""What became of a number's work: when it goes on, why it does not, or nothing: it is done."""


@dataclass(frozen=True)
class SeveralNumbers(Mailing):
    """A mailing through the numbers that its options name; it waits for no deliveries."""

    @property
    def _channel_uuids(self) -> list[str]:
        return [SOURCE, *self._numbers]

    @property
    def _numbers(self) -> Sequence[str]:
        return self.options.channels or ()

    def _insist_on_active(self) -> None:
        """Ask each number when it is its turn: one that is logged out stops no other."""

    def _chunks(self, channel_uuid: str) -> Chunks:
        if channel_uuid == SOURCE:
            return Chunks(self.ledger, self.attempt.key, self.attempt.generation, self._marker)
        key = f"{self.attempt.key}/{channel_uuid}"
        return Chunks(self.ledger, key, self.attempt.generation, channel_uuid)

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
        return partial(report_of, worklists), NumberReportRow

    def _totals(self, worklists: Mapping[str, Worklist]) -> dict[str, int]:
        each = [worklist.results.outcomes() for worklist in worklists.values()]
        return {outcome: sum(totals[outcome] for totals in each) for outcome in each[0]}

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
            chunks = {uuid: self._chunks(uuid) for uuid in self._numbers}
            for uuid, each in exclusions.items():
                if not self.options.dry_run:
                    generation = self.attempt.generation
                    restore(worklists[uuid], chunks[uuid], generation=generation, again=self._again)
                prepared.check_files(self.options.concurrency, worklists[uuid])
                _screen(worklists[uuid], each, places)
                assembly.look_ahead(uuid, worklists[uuid])
        states = chain.from_iterable(worklist.results.totals() for worklist in worklists.values())
        prepared.check(self.options, resumed=resumed, states=states)
        self._tell(worklists)
        if self.options.dry_run:
            return None, 0
        turns = Turns[Ended](self.sleep, self.clock)
        channel = partial(replace(assembly, sleep=turns.sleep).channel, report=report)
        report.renew()
        return self._in_turns(
            turns,
            [
                channel(each, worklist=worklists[each], chunks=chunks[each], exclusions=exclusions[each])
                for each in self._numbers
            ],
        )

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
        for uuid, worklist in worklists.items():
            through = f" (channel {uuid})" if uuid else ""
            if left_out := worklist.results.left_out():
                log.info("Not written to%s: %s", through, left_out)
            if self.options.dry_run and uuid:
                count = sum(worklist.waiting_by_zones().values())
                log.info("%s would be written to through channel %s", people(count), uuid)
                tell_preview(worklist.results.variants())

    def _in_turns(
        self, turns: Turns[Ended], channels: Sequence[MailingChannel]
    ) -> tuple[datetime | None, int]:
        with ExitStack() as stack:
            works: dict[str, Callable[[], Ended]] = {}
            for channel in channels:
                stack.callback(channel.dispatcher.close)
                stack.callback(self._finish, channel.dispatcher.recorder.progress)
                works[channel.sender.channel_uuid] = partial(_work, channel, channels)
            ended = turns.run(works)
        faults = {uuid: end for uuid, end in ended.items() if isinstance(end, WahelpError)}
        untils = [end for end in ended.values() if isinstance(end, datetime)]
        if held := next((error for error in faults.values() if isinstance(error, MailingHeldError)), None):
            for channel in channels:
                if ended[channel.sender.channel_uuid] is not held and channel.dispatcher.complaints:
                    channel.dispatcher.complaints.hold(channel.worklist, held)
            raise held
        if faults and not untils:  # what goes on later tries all of them again
            raise _first(faults)
        given_up = sum(channel.dispatcher.reconciler.given_up for channel in channels)
        return min(untils, default=None), given_up


def _work(channel: MailingChannel, channels: Sequence[MailingChannel]) -> Ended:
    """Write through a number what may go now; its fault stops no other, unless people ask to stop."""
    worklist = channel.worklist
    unsent = _unsent(worklist)
    if not unsent:
        return None
    try:
        channel.sender.insist_on_active()
        channel.dispatcher.recorder.progress.label = f"Channel {channel.sender.channel_uuid}: "
        channel.dispatcher.start(unsent)
        return channel.dispatcher.run()
    except MailingHeldError as error:
        for other in channels:
            other.sender.fault = error
        return error
    except WahelpError as error:
        keep(worklist, f"kept for the retry: {error.meaning}")
        uuid = channel.sender.channel_uuid
        log.warning("Channel %s writes to nobody for now, the others go on: %s", uuid, error)
        return error


def _first(faults: Mapping[str, WahelpError]) -> WahelpError:
    """Return the error that the task fails with: one that a retry may mend, with the others as its notes."""
    first = next((error for error in faults.values() if error.temporary), None) or next(iter(faults.values()))
    for uuid, error in faults.items():
        if error is not first:
            first.add_note(f"Channel {uuid}: {error}")
    return first


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
    if not _unsent(worklist):
        return
    exclusions.screen(worklist)
    for some in worklist.waiting_people():
        for person in filter(places.has_stopped, some):
            worklist.settle(person.number, Outcome.SUPPRESSED, OPTED_OUT)


def _unsent(worklist: Worklist) -> int:
    found = worklist.results.totals()
    return found.get(WAITING, 0) + found.get(OPEN, 0)


def report_of(worklists: Mapping[str, Worklist], where: str = EVERYBODY) -> Iterator[NumberReportRow]:
    """Yield what became of people, in the order of the source, with the number of each."""
    rows = [_rows(uuid, worklist, where) for uuid, worklist in worklists.items()]
    yield from merge(*rows, key=lambda row: (not row.number, row.number))


def _rows(uuid: str, worklist: Worklist, where: str) -> Iterator[NumberReportRow]:
    for row in worklist.results.report(where):
        yield NumberReportRow(**vars(row), channel_uuid=uuid)

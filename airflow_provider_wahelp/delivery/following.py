"""What becomes of a mailing's messages once they are sent; who is not reached is written to elsewhere."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain, islice
from typing import TypeVar

from airflow_provider_wahelp.client import calls, phones
from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import (
    ChannelNotActiveError,
    ForbiddenError,
    InputError,
    NotFoundError,
    WahelpError,
)
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.operations import once
from airflow_provider_wahelp.client.reconcile import by_server, moment, outgoing_since
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.client.status import status_reached
from airflow_provider_wahelp.client.waiting import may_pass
from airflow_provider_wahelp.delivery.arrivals import NO_PHONE
from airflow_provider_wahelp.delivery.chunks import Done
from airflow_provider_wahelp.delivery.followed import FollowedWorklist
from airflow_provider_wahelp.delivery.mailing import Mailing
from airflow_provider_wahelp.delivery.patience import Patience
from airflow_provider_wahelp.delivery.preparing import OPTED_OUT, SUPPRESSED
from airflow_provider_wahelp.delivery.report import Outcome
from airflow_provider_wahelp.delivery.suppression import Suppression
from airflow_provider_wahelp.delivery.words import clock_time, duration
from airflow_provider_wahelp.delivery.worklist import WAITING, Person

T = TypeVar("T")

log = logging.getLogger(__name__)

LONGEST_INTERVAL = 600.0
"""Seconds between two looks at the most, unless more are asked for: a look is a task that starts."""

_SLACK = 2.0  # seconds by which two tasks may differ on the server's time

_BATCH = 200
"""People, or news of messages, that are dealt with at once: their entry in the ledger stays below 64 KB."""


@dataclass
class Leg:
    """One channel of a mailing.

    :param mailing: writes to people through it.
    :param worklist: to whom; that of the mailing.
    :param read_opt_outs: reads who has asked not to be written to in this channel.
    """

    mailing: Mailing
    worklist: FollowedWorklist
    read_opt_outs: Callable[[], Container[Id]] = tuple
    fault: WahelpError | None = None
    looked: float = -math.inf

    @property
    def channel_uuid(self) -> str:
        """The channel."""
        return self.mailing.poster.channel_uuid

    @cached_property
    def opt_outs(self) -> Container[Id]:
        """Who has asked not to be written to in this channel, as of now."""
        return self.read_opt_outs()

    def settle(self, who: Callable[[str], Person | None]) -> None:
        """Find out which of the messages went that an earlier attempt had begun.

        For whom it did not, nothing was begun: they may have been reached since, or have written a stop word.

        :param who: returns somebody whom the source still has, by their key.
        """
        begun = self.worklist.unfinished()
        if begun:
            self.worklist.adopt(list(filter(None, map(who, begun))))
            self.mailing.settle()
        unsent = self.worklist.set_aside()
        if begun:
            self._keep(Done(key, WAITING, None) for key in unsent)

    def write(self) -> datetime | None:
        """Write to whoever may be written to now; a fault of the channel is reported, and is no other's.

        :return: when to go on with the others; ``None`` if there are none.
        """
        if not self.worklist.waiting(1):
            return None
        try:
            self._check()
            self.mailing.opt_outs = self.opt_outs
            log.info("Going on through channel %s with those who were not reached", self.channel_uuid)
            self.mailing.announce(sum(self.worklist.waiting_by_zones().values()))
            until = self.mailing.run()
        except (ChannelNotActiveError, ForbiddenError, NotFoundError) as error:
            log.warning("The mailing goes on without this channel: %s", error)
            self.fault = error
            self.worklist.unusable = f"channel {self.channel_uuid}: {error.meaning}"
            self.mailing.settle()  # what was under way when it failed
            self.worklist.dismiss()
            return None
        self.mailing.progress.finish()
        return until

    def look(self, patience: Patience) -> None:
        """Learn from the channel's history how far the messages have got, page by page and not one by one.

        A fault that may pass is waited out, as long as anybody is to be waited for.

        :param patience: what is waited for, and how long.
        """
        now = self._now()
        self._set_times(now)
        self.worklist.stop_waiting(patience.wanted)
        awaited = self.worklist.awaited()
        soonest = min(patience.interval, patience.fallback_after, patience.timeout)
        if not awaited.total or now + _SLACK < awaited.oldest + soonest:
            return
        try:
            news = self._read(patience.wanted, awaited.total, awaited.oldest)
        except WahelpError as error:
            if not may_pass(error) or now > awaited.newest + patience.timeout:
                raise
            log.warning("%s It is looked at again later.", error)
            return
        self.looked = now
        self._keep(chain(news, self.worklist.expire(now - patience.timeout)))

    def next_look(self, patience: Patience, *, last: bool) -> float | None:
        """Return the seconds until another look is worth it; ``None`` if nothing is waited for.

        :param patience: what is waited for, and how long.
        :param last: whether there is no other channel to try.
        """
        awaited = self.worklist.awaited()
        if not awaited.total:
            return None
        now = self._now()
        due = [awaited.oldest + patience.timeout]
        if not last and (first := self.worklist.next_due(now - patience.fallback_after)) is not None:
            due.append(first + patience.fallback_after)
        # The longer nothing has come, the less is to be expected of the next minute.
        growing = max(patience.interval, min(LONGEST_INTERVAL, (now - awaited.newest) / 2))
        return max(patience.interval, min(growing, min(due) - now))

    def give_up(self, people: Iterable[Person], reason: str) -> None:
        """Note, here and in the ledger, that some cannot be written to through this channel.

        :param people: who.
        :param reason: why.
        """
        given_up = list(map(_unnamed, people))
        self.worklist.adopt(given_up)
        for person in given_up:
            self.worklist.settle(person.number, Outcome.SKIPPED, reason)
        self._keep([Done(person.key, Outcome.SKIPPED, None) for person in given_up])

    def leave_out(self, person: Person, reason: str) -> None:
        """Note that somebody does not want to be written to; the next time they may.

        :param person: who.
        :param reason: why.
        """
        self.worklist.adopt([_unnamed(person)])
        self.worklist.settle(person.number, Outcome.SUPPRESSED, reason)

    def _check(self) -> None:
        poster = self.mailing.poster
        if not poster.hook.get_channel(poster.channel_uuid, poster.project_id).active:
            raise ChannelNotActiveError(f"write to anybody through channel {poster.channel_uuid}")

    def _read(self, wanted: str, count: int, since: float) -> list[Done]:
        """Read the history; keep what is new, but for the last of it, which is returned."""
        news: list[Done] = []
        left = count

        def take(message: Message) -> bool:
            nonlocal left
            awaited, done = self.worklist.learn(message, wanted)
            left -= awaited
            if done:
                news.append(done)
            if len(news) == _BATCH:
                self._keep(news)
                news.clear()
            return not left

        poster = self.mailing.poster
        poster.hook.run(outgoing_since(poster.project_id, poster.channel_uuid, Moment(since), take))
        return news

    def _keep(self, news: Iterable[Done]) -> None:
        for some in _batches(news):
            self.mailing.chunks.add(some)

    def _set_times(self, now: float) -> None:
        hook, suspected = self.mailing.poster.hook, self.mailing.suspected_since
        ahead = now - self.mailing.clock()
        self.worklist.settle_times(ahead, hook.run(by_server(suspected)) if suspected else now)

    def _now(self) -> float:
        return self.mailing.poster.hook.run(moment(self.mailing.clock())).seconds


@dataclass
class Following:
    """A mailing that is followed until its messages have arrived, through one channel or the next.

    :param legs: the channels, in the order in which they are tried; the first has been written through.
    :param patience: what is waited for, and how long.
    :param suppression: who must not be written to.
    :param zones: returns the zones of a phone.
    """

    legs: Sequence[Leg]
    patience: Patience
    suppression: Suppression = field(default_factory=lambda: Suppression(()))
    zones: Callable[[str], str] = lambda phone: ""

    def run(self) -> datetime | None:
        """See how far the messages have got, and write to those who are to be tried elsewhere.

        :return: when to go on; ``None`` if nothing is waited for any more.
        """
        for leg in self.legs[1:]:
            leg.settle(self._person)
        untils = []
        for number, leg in enumerate(self.legs):
            if number:
                self._adopt(number)
                untils.append(leg.write())
            leg.look(self.patience)
        self._stop_waiting()
        return min((until for until in (*untils, self._next_look()) if until), default=None)

    def _adopt(self, number: int) -> None:
        """Hand those over to a channel who were not reached by the ones before."""
        leg = self.legs[number]
        for keys in _batches(self._left_behind(number)):
            people = self._with_phones([person for key in keys if (person := self._person(key))])
            leg.give_up((person for person in people if not person.phone), NO_PHONE)
            leg.worklist.adopt(self._wanted(leg, [person for person in people if person.phone]))

    def _left_behind(self, number: int) -> Iterator[str]:
        """Yield the keys of those whom a channel is to try: those whom the one before it did not reach.

        A channel that cannot be used hands on at once what is handed to it.
        """
        for source in range(number - 1, -1, -1):
            leg = self.legs[source]
            for key in leg.worklist.left_behind(leg.looked - self.patience.fallback_after):
                fates = [other.worklist.fate(key) for other in self.legs]
                if not any(fates[source + 1 :]) and not any(fate and fate.delivered for fate in fates):
                    yield key
            if leg.fault is None:
                return

    def _person(self, key: str) -> Person | None:
        """Return somebody as the channels after the first are to find them: by phone."""
        person = self.legs[0].worklist.person(key)
        return person and person._replace(digest="", began=None, by_host=False, attempts=0, by_phone=True)

    def _with_phones(self, people: Sequence[Person]) -> list[Person]:
        """Return people with the phones that the first channel has of them, where the source has none."""
        if all(person.phone for person in people):
            return list(people)
        with ThreadPoolExecutor(self.legs[0].mailing.concurrency, "wahelp") as pool:
            return list(pool.map(self._with_phone, people))

    def _with_phone(self, person: Person) -> Person:
        if person.phone or person.user_id is None:
            return person
        poster = self.legs[0].mailing.poster
        call = calls.get_user(poster.project_id, poster.channel_uuid, person.user_id)
        try:
            phone = phones.normalise(poster.hook.run(once(call)).phone)
        except (NotFoundError, InputError):
            return person
        return person._replace(phone=phone, zones=self.zones(phone))

    def _wanted(self, leg: Leg, people: Sequence[Person]) -> Iterator[Person]:
        """Yield those who may be written to; note of the others why not."""
        for person in people:
            if self.suppression.has(person.phone) or self.suppression.has_user(person.user_id):
                leg.leave_out(person, SUPPRESSED)
            elif person.user_id in self.legs[0].opt_outs:
                leg.leave_out(person, OPTED_OUT)
            else:
                yield _unnamed(person)

    def _stop_waiting(self) -> None:
        """Wait no more for messages to people whom another channel has got as far with as was wanted."""
        legs = [leg for leg in self.legs if not leg.worklist.empty()]
        if len(legs) == 1:
            return
        for leg in legs:
            others = [other.worklist for other in legs if other is not leg]
            for keys in _batches(leg.worklist.awaited_keys()):
                leg.worklist.end([key for key in keys if any(self._arrived(each, key) for each in others)])

    def _arrived(self, worklist: FollowedWorklist, key: str) -> bool:
        fate = worklist.fate(key)
        return fate is not None and status_reached(fate.standing, self.patience.wanted)

    def _next_look(self) -> datetime | None:
        usable = [number for number, leg in enumerate(self.legs) if leg.fault is None]
        looks = [
            leg.next_look(self.patience, last=number >= usable[-1]) for number, leg in enumerate(self.legs)
        ]
        seconds = min((look for look in looks if look is not None), default=None)
        if seconds is None:
            return None
        now = datetime.fromtimestamp(self.legs[0].mailing.clock(), UTC)
        look = now + timedelta(seconds=seconds)
        awaited = [leg.worklist.awaited() for leg in self.legs]
        last = datetime.fromtimestamp(max(each.newest for each in awaited) + self.patience.timeout, UTC)
        log.info(
            "%s messages are on their way, and waited for until %s: looking again in %s (%s)",
            f"{sum(each.total for each in awaited):,}",
            clock_time(last, now),
            duration(seconds),
            clock_time(look, now),
        )
        return look


def _unnamed(person: Person) -> Person:
    """Return somebody without the id that is another channel's."""
    return person._replace(user_id=None)


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    entries = iter(items)
    while some := list(islice(entries, _BATCH)):
        yield some

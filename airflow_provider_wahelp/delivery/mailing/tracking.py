"""What becomes of a mailing's messages once they are sent; who is not reached is written to elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from airflow_provider_wahelp.client import calls, phones
from airflow_provider_wahelp.client.errors import (
    InputError,
    NotFoundError,
)
from airflow_provider_wahelp.client.flow import once
from airflow_provider_wahelp.client.status import status_reached
from airflow_provider_wahelp.delivery.mailing.channel import MailingChannel, batched, without_user_id
from airflow_provider_wahelp.delivery.mailing.exclusions import OPTED_OUT, SUPPRESSED, Suppression
from airflow_provider_wahelp.delivery.mailing.outcome import NO_PHONE
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.tracked_worklist import TrackedWorklist
from airflow_provider_wahelp.delivery.mailing.words import clock_time, duration
from airflow_provider_wahelp.delivery.wait_options import WaitOptions

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass
class Tracking:
    """A mailing that is followed until its messages have arrived, through one channel or the next.

    :param legs: the channels, in the order in which they are tried; the first has been written through.
    :param patience: what is waited for, and how long.
    :param suppression: who must not be written to.
    :param zones: returns the zones of a phone.
    """

    legs: Sequence[MailingChannel]
    patience: WaitOptions
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
        for keys in batched(self._left_behind(number)):
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

    def _person(self, key: str) -> QueuedMessage | None:
        """Return somebody as the channels after the first are to find them: by phone."""
        person = self.legs[0].worklist.person(key)
        return person and person._replace(digest="", began=None, by_host=False, attempts=0, by_phone=True)

    def _with_phones(self, people: Sequence[QueuedMessage]) -> list[QueuedMessage]:
        """Return people with the phones that the first channel has of them, where the source has none."""
        if all(person.phone for person in people):
            return list(people)
        with ThreadPoolExecutor(self.legs[0].mailing.concurrency, "wahelp") as pool:
            return list(pool.map(self._with_phone, people))

    def _with_phone(self, person: QueuedMessage) -> QueuedMessage:
        if person.phone or person.user_id is None:
            return person
        poster = self.legs[0].mailing.poster
        call = calls.get_user(poster.project_id, poster.channel_uuid, person.user_id)
        try:
            phone = phones.normalise(poster.hook.run(once(call)).phone)
        except (NotFoundError, InputError):
            return person
        return person._replace(phone=phone, zones=self.zones(phone))

    def _wanted(self, leg: MailingChannel, people: Sequence[QueuedMessage]) -> Iterator[QueuedMessage]:
        """Yield those who may be written to; note of the others why not."""
        for person in people:
            if self.suppression.has(person.phone) or self.suppression.has_user(person.user_id):
                leg.leave_out(person, SUPPRESSED)
            elif person.user_id in self.legs[0].opt_outs:
                leg.leave_out(person, OPTED_OUT)
            else:
                yield without_user_id(person)

    def _stop_waiting(self) -> None:
        """Wait no more for messages to people whom another channel has got as far with as was wanted."""
        legs = [leg for leg in self.legs if not leg.worklist.empty()]
        if len(legs) == 1:
            return
        for leg in legs:
            others = [other.worklist for other in legs if other is not leg]
            for keys in batched(leg.worklist.awaited_keys()):
                leg.worklist.end([key for key in keys if any(self._arrived(each, key) for each in others)])

    def _arrived(self, worklist: TrackedWorklist, key: str) -> bool:
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

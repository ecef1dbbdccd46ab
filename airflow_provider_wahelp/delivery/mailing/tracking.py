"""Tracking the messages of a mailing until they arrive, and trying the next channel where they do not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from airflow_provider_wahelp.client import calls, phones
from airflow_provider_wahelp.client.errors import InputError, NotFoundError
from airflow_provider_wahelp.client.flow import once
from airflow_provider_wahelp.client.status import status_reached
from airflow_provider_wahelp.delivery.mailing.channel import MailingChannel, without_user_id
from airflow_provider_wahelp.delivery.mailing.chunks import batched
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions
from airflow_provider_wahelp.delivery.mailing.outcome import NO_PHONE
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.waiting import WaitOptions
from airflow_provider_wahelp.delivery.words import clock_time, duration

log = logging.getLogger(__name__)


@dataclass
class Tracking:
    """A mailing that is tracked until its messages have arrived, through one channel or the next.

    :param channels: the channels, in the order in which they are tried; the first has been written through.
    :param exclusions: recipients that must not be written to, by their ids in the first channel.
    """

    channels: Sequence[MailingChannel]
    wait_options: WaitOptions
    exclusions: Exclusions
    zones: Callable[[str], str] = lambda phone: ""

    def run(self) -> datetime | None:
        """See how far the messages have got, and try the next channel for recipients that were not reached.

        :return: when to go on; ``None`` if nothing is waited for any more.
        """
        for channel in self.channels[1:]:
            channel.settle(self._person)
        untils = []
        for number, channel in enumerate(self.channels):
            if number:
                self._adopt(number)
                untils.append(channel.write())
            channel.look(self.wait_options)
        self._stop_waiting()
        return min((until for until in (*untils, self._next_look()) if until), default=None)

    def _adopt(self, number: int) -> None:
        """Hand over to a channel the recipients that the channels before it did not reach."""
        channel = self.channels[number]
        for keys in batched(self._left_behind(number)):
            people = self._with_phones([person for key in keys if (person := self._person(key))])
            channel.give_up((person for person in people if not person.phone), NO_PHONE)
            channel.worklist.adopt(self._wanted(channel, [person for person in people if person.phone]))

    def _left_behind(self, number: int) -> Iterator[str]:
        """Yield the keys of recipients for a channel: the channel before it did not reach them.

        A channel that cannot be used hands on at once what is handed to it.
        """
        for source in range(number - 1, -1, -1):
            channel = self.channels[source]
            before = channel.looked - self.wait_options.fallback_after
            for key in channel.worklist.results.left_behind(before):
                states = [other.worklist.results.state(key) for other in self.channels]
                if not any(states[source + 1 :]) and not any(state and state.delivered for state in states):
                    yield key
            if channel.fault is None:
                return

    def _person(self, key: str) -> QueuedMessage | None:
        """Return a recipient as the channels after the first find them: by phone."""
        person = self.channels[0].worklist.person(key)
        return person and person._replace(digest="", began=None, by_host=False, attempts=0, by_phone=True)

    def _with_phones(self, people: Sequence[QueuedMessage]) -> list[QueuedMessage]:
        """Return people with the phones that the first channel has of them, where the source has none."""
        if all(person.phone for person in people):
            return list(people)
        with ThreadPoolExecutor(self.channels[0].dispatcher.concurrency, "wahelp") as pool:
            return list(pool.map(self._with_phone, people))

    def _with_phone(self, person: QueuedMessage) -> QueuedMessage:
        if person.phone or person.user_id is None:
            return person
        sender = self.channels[0].sender
        call = calls.get_user(sender.project_id, sender.channel_uuid, person.user_id)
        try:
            phone = phones.normalise(sender.hook.run(once(call)).phone)
        except (NotFoundError, InputError):
            return person
        return person._replace(phone=phone, zones=self.zones(phone))

    def _wanted(self, channel: MailingChannel, people: Sequence[QueuedMessage]) -> Iterator[QueuedMessage]:
        """Yield the recipients that may be written to; note why the others may not."""
        for person in people:
            if reason := self.exclusions.reason(person):
                channel.leave_out(person, reason)
            else:
                yield without_user_id(person)

    def _stop_waiting(self) -> None:
        """Stop waiting for messages whose recipients another channel has reached as far as is wanted."""
        channels = [channel for channel in self.channels if not channel.worklist.results.empty()]
        if len(channels) == 1:
            return
        for channel in channels:
            others = [other.worklist for other in channels if other is not channel]
            for keys in batched(channel.worklist.awaited.keys()):
                channel.worklist.awaited.end(
                    [key for key in keys if any(self._arrived(each, key) for each in others)]
                )

    def _arrived(self, worklist: Worklist, key: str) -> bool:
        state = worklist.results.state(key)
        return state is not None and status_reached(state.status, self.wait_options.wanted)

    def _next_look(self) -> datetime | None:
        usable = [number for number, channel in enumerate(self.channels) if channel.fault is None]
        looks = [
            channel.next_look(self.wait_options, last=number >= usable[-1])
            for number, channel in enumerate(self.channels)
        ]
        seconds = min((look for look in looks if look is not None), default=None)
        if seconds is None:
            return None
        now = datetime.fromtimestamp(self.channels[0].clock(), UTC)
        look = now + timedelta(seconds=seconds)
        awaited = [channel.worklist.awaited.summary() for channel in self.channels]
        last = datetime.fromtimestamp(max(each.newest for each in awaited) + self.wait_options.timeout, UTC)
        log.info(
            "%s messages are on their way, and waited for until %s: looking again in %s (%s)",
            f"{sum(each.total for each in awaited):,}",
            clock_time(last, now),
            duration(seconds),
            clock_time(look, now),
        )
        return look

"""One channel of a mailing that is tracked."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from airflow_provider_wahelp.client.errors import (
    ChannelNotActiveError,
    ForbiddenError,
    NotFoundError,
    WahelpError,
)
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.proof import outgoing_since
from airflow_provider_wahelp.client.reconcile import moment
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.client.waiting import is_transient
from airflow_provider_wahelp.delivery.mailing.chunks import BATCH, Done, batched
from airflow_provider_wahelp.delivery.mailing.dispatcher import Dispatcher
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.sender import Sender
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.waiting import WaitOptions

log = logging.getLogger(__name__)

LONGEST_INTERVAL = 600.0
"""Seconds between two looks at the most, unless more are asked for: a look is a task that starts."""

_SLACK = 2.0  # seconds by which two tasks may differ on the server's time


@dataclass
class MailingChannel:
    """One channel of a mailing."""

    dispatcher: Dispatcher
    worklist: Worklist
    fault: WahelpError | None = None
    looked: float = -math.inf

    @property
    def sender(self) -> Sender:
        """What writes to one of them."""
        return self.dispatcher.recorder.sender

    @property
    def clock(self) -> Callable[[], float]:
        """The time, in seconds since 1970."""
        return self.dispatcher.recorder.clock

    def settle(self, find: Callable[[str], QueuedMessage | None]) -> None:
        """Find out which of the messages went that an earlier attempt had begun.

        A recipient whose message did not go is treated as not begun: since then, another channel may have
        reached them, or they may have written a stop word.

        :param find: returns the recipient with a key, if the source still has them.
        """
        begun = [person.key for person in self.worklist.open()]
        if begun:
            self.worklist.adopt(list(filter(None, map(find, begun))))
            self.dispatcher.reconciler.settle()
        unsent = self.worklist.set_aside()
        if begun:
            self._keep(Done(key, WAITING, None) for key in unsent)

    def write(self) -> datetime | None:
        """Write to the recipients that may be written to now; a fault of this channel stops no other channel.

        :return: when to go on with the others; ``None`` if there are none.
        """
        if not self.worklist.waiting(1):
            return None
        try:
            self.sender.insist_on_active()
            self.dispatcher.gate.exclusions.read()
            log.info(
                "Going on through channel %s with the recipients not reached yet", self.sender.channel_uuid
            )
            self.dispatcher.start(sum(self.worklist.waiting_by_zones().values()))
            until = self.dispatcher.run()
        except (ChannelNotActiveError, ForbiddenError, NotFoundError) as error:
            log.warning("The mailing goes on without this channel: %s", error)
            self.fault = error
            self.worklist.unusable = f"channel {self.sender.channel_uuid}: {error.meaning}"
            self.dispatcher.reconciler.settle()  # what was under way when it failed
            self.worklist.dismiss()
            return None
        self.dispatcher.recorder.progress.finish()
        return until

    def look(self, wait_options: WaitOptions) -> None:
        """Learn from the channel's history how far the messages have got, page by page and not one by one.

        A temporary fault is waited out, as long as any message is waited for.
        """
        now = self._now()
        self._set_times(now)
        self.worklist.awaited.stop(wait_options.wanted)
        awaited = self.worklist.awaited.summary()
        soonest = min(wait_options.interval, wait_options.fallback_after, wait_options.timeout)
        if not awaited.total or now + _SLACK < awaited.oldest + soonest:
            return
        try:
            news = self._read(wait_options.wanted, awaited.total, awaited.oldest)
        except WahelpError as error:
            if not is_transient(error) or now > awaited.newest + wait_options.timeout:
                raise
            log.warning("%s It is looked at again later.", error)
            return
        self.looked = now
        self._keep(chain(news, self.worklist.awaited.expire(now - wait_options.timeout)))

    def next_look(self, wait_options: WaitOptions, *, last: bool) -> float | None:
        """Return the seconds until another look is worth it; ``None`` if nothing is waited for.

        :param last: whether there is no other channel to try.
        """
        awaited = self.worklist.awaited.summary()
        if not awaited.total:
            return None
        now = self._now()
        due = [awaited.oldest + wait_options.timeout]
        first = None if last else self.worklist.awaited.next_due(now - wait_options.fallback_after)
        if first is not None:
            due.append(first + wait_options.fallback_after)
        # The longer nothing has come, the less is to be expected of the next minute.
        growing = max(wait_options.net, min(LONGEST_INTERVAL, (now - awaited.newest) / 2))
        return max(wait_options.interval, min(growing, min(due) - now))

    def give_up(self, people: Iterable[QueuedMessage], reason: str) -> None:
        """Note, also in the ledger, that people cannot be written to through this channel."""
        given_up = list(map(without_user_id, people))
        self.worklist.adopt(given_up)
        for person in given_up:
            self.worklist.settle(person.number, Outcome.SKIPPED, reason)
        self._keep([Done(person.key, Outcome.SKIPPED, None) for person in given_up])

    def leave_out(self, person: QueuedMessage, reason: str) -> None:
        """Note that somebody must not be written to; the next attempt asks again."""
        self.worklist.adopt([without_user_id(person)])
        self.worklist.settle(person.number, Outcome.SUPPRESSED, reason)

    def _read(self, wanted: str, count: int, since: float) -> list[Done]:
        """Read the history; keep what is new, but for the last of it, which is returned."""
        news: list[Done] = []
        left = count

        def take(message: Message) -> bool:
            nonlocal left
            awaited, done = self.worklist.awaited.learn(message, wanted)
            left -= awaited
            if done:
                news.append(done)
            if len(news) == BATCH:
                self._keep(news)
                news.clear()
            return not left

        sender = self.sender
        sender.hook.run(outgoing_since(sender.project_id, sender.channel_uuid, Moment(since), take))
        return news

    def _keep(self, news: Iterable[Done]) -> None:
        for some in batched(news):
            self.dispatcher.recorder.chunks.add(some)

    def _set_times(self, now: float) -> None:
        suspected = self.dispatcher.reconciler.suspected_since
        default = self.dispatcher.recorder.server_time(suspected) if suspected else now
        self.worklist.awaited.settle_times(now - self.clock(), default)

    def _now(self) -> float:
        return self.sender.hook.run(moment(self.clock())).seconds


def without_user_id(person: QueuedMessage) -> QueuedMessage:
    """Return somebody without the id that is another channel's."""
    return person._replace(user_id=None)

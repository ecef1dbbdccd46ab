"""A message on its way: sent, waited for and, where it does not arrive, sent through the next channel.

Workers alone take its steps. Between two of them the message is watched, by a trigger or by
:mod:`~airflow_provider_wahelp.delivery.message.poll_in_worker` in the worker; both tell the same of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from airflow_provider_wahelp.client.errors import (
    DeliveryFailedError,
    DeliveryTimeoutError,
    MessengerMissingError,
    NoChannelWorkedError,
    WahelpError,
)
from airflow_provider_wahelp.client.models import Message, parse_time
from airflow_provider_wahelp.client.reconcile import by_server, moment
from airflow_provider_wahelp.client.status import status_failed, status_reached
from airflow_provider_wahelp.client.waiting import arrived, find_message
from airflow_provider_wahelp.delivery.message.fallback import FallbackChannels
from airflow_provider_wahelp.delivery.message.poll_in_worker import watch
from airflow_provider_wahelp.delivery.message.wait_state import (
    ChannelResult,
    Sent,
    WaitState,
    past,
    sent_through,
    words_of,
)
from airflow_provider_wahelp.delivery.wait_options import WaitOptions

log = logging.getLogger(__name__)

Event = Mapping[str, Any]
"""What became of a message: ``{"result": ...}``, ``{"error": ...}`` or ``{"late": True}``."""

Arrived = dict[str, Any]
"""The message, with the status that it has reached and the ``channel_uuid`` that it came through."""

EARLIER = "it was sent by an earlier attempt of the task, and there was no report of a delivery"


class TrackedSend:
    """The way of one message to one person. Its steps raise a ``WahelpError`` where it has come to nothing.

    :param route: the channels that it may take.
    :param patience: what is waited for, and how long.
    """

    def __init__(self, route: FallbackChannels, patience: WaitOptions) -> None:
        self._route = route
        self._patience = patience
        self._hook = route.first.hook
        self.project_id = route.first.recipient.project_id
        self.interval = patience.interval
        self._alone = len(route.channels) == 1
        # Where there are other channels a delivery decides, and whether it was read comes after that.
        self._wanted = patience.wanted if self._alone else "delivered"

    def begin(self) -> WaitState | Arrived:
        """Send it, or go on where an earlier attempt has stopped.

        :return: what to wait for, or the message that has arrived.
        """
        if self._alone:
            return self._next(self._route.channels, "", [])
        tried = self._route.begun()
        if not tried:
            rest = self._route.planned()
            return self._next(rest, rest[0], [])
        # The latest goes on; one that was passed over, as its messenger was missing, is left for the end.
        *before, current = tried
        rest = [current, *(channel for channel in self._route.channels if channel not in tried)]
        sent = [(channel, tried[channel].message) for channel in before]
        return self._next(
            rest, next(iter(tried)), [past(channel, EARLIER, message) for channel, message in sent if message]
        )

    def go_on(self, stage: WaitState, event: Event) -> WaitState | Arrived:
        """Take the next step.

        :param stage: what was waited for.
        :param event: what became of it.
        :return: what to wait for next, or the message that has arrived.
        """
        if "result" in event:
            return self._reached(stage, str(event["result"]["status"]))
        if "error" not in event:
            return self._look(stage, late=True)  # it may have arrived since the last look
        error = WahelpError.from_dict(event["error"])
        if isinstance(error, DeliveryFailedError):
            return self._give_up(stage, error)
        raise error

    def watch(self, stage: WaitState) -> Event:
        """Wait in the worker for what :meth:`go_on` is to be told.

        :param stage: what is waited for.
        """
        return watch(self._hook, self.project_id, stage, self.interval, self.left(stage))

    def left(self, stage: WaitState) -> float:
        """Return for how many seconds a message is still waited for.

        :param stage: where it stands.
        """
        now = self._hook.run(moment()).seconds
        if stage.rest:
            return stage.since + self._patience.fallback_after - now
        return max(stage.since, stage.cleared or self._cleared) + self._patience.timeout - now

    def _next(self, rest: Sequence[str], first: str, before: Sequence[ChannelResult]) -> WaitState | Arrived:
        """Send it through the next channel."""
        if not rest:
            return self._last_look(first, before)
        channel, *others = rest
        try:
            sent, just_now, came = self._route.through(channel).send()
        except MessengerMissingError as error:
            if self._alone:
                raise
            log.warning("%s%s", error, _then(others))
            return self._next(others, first, [*before, past(channel, words_of(error))])
        log.info(
            "%s message %s to user %s through channel %s: %s",
            "Sent" if just_now else "An earlier attempt sent",
            *(sent[name] for name in ("id", "user_id")),
            came,
            sent["status"],
        )
        if came != channel and not self._alone:
            others = list(rest)  # it went through one that the DAG has lost: this one is still to be tried
        since = self._sent_at(came, sent, just_now=just_now)
        stage = WaitState(sent_through(came, sent), self._wanted, since, first, others, list(before))
        if status_reached(sent["status"], self._wanted):
            return self._reached(stage, sent["status"])
        return self._waits(stage) if just_now and not status_failed(sent["status"]) else self._look(stage)

    def _look(self, stage: WaitState, *, late: bool = False) -> WaitState | Arrived:
        """See how far it has got; who says that it is late has a clock, and is right."""
        message = self._read(stage.message)
        try:
            result = arrived(message, stage.wanted)
        except DeliveryFailedError as error:
            return self._give_up(stage, error)
        if result:
            return self._reached(stage, str(message.status))
        if not late and self.left(stage) > 0:
            return self._waits(stage)
        age = timedelta(seconds=round(self._hook.run(moment()).seconds - stage.since))
        words = f'its status is "{message.status}", and it was sent {age} ago'
        return self._give_up(
            stage, DeliveryTimeoutError(f"see message {message.id} being {stage.wanted}", words)
        )

    def _waits(self, stage: WaitState) -> WaitState:
        """Have it told over a deferral when the wait began: without a ledger nothing else keeps that."""
        return replace(stage, cleared=stage.cleared or self._cleared)

    def _reached(self, stage: WaitState, status: str) -> WaitState | Arrived:
        """Be done or, if it was delivered and is to be read, wait for that too: there is no way back."""
        filed = self._route.filed(stage.channel_uuid)
        kept = filed.note(status)
        if stage.wanted == "delivered":
            self._route.worked(stage.channel_uuid, stage.first)
        if not status_reached(status, self._patience.wanted):
            message = {**stage.message, "status": status}
            return self._look(replace(stage, message=message, wanted=self._patience.wanted, rest=[]))
        whole = filed.whole(kept) if kept else {**stage.message, "text": filed.text}
        return {**whole, "status": status, "channel_uuid": stage.channel_uuid}

    def _give_up(self, stage: WaitState, error: WahelpError) -> WaitState | Arrived:
        """Try the next channel, if it is not too late for that."""
        if self._alone or stage.wanted != self._wanted:
            raise error
        log.warning("%s%s", error, _then(stage.rest))
        happened = past(stage.channel_uuid, words_of(error), stage.message)
        return self._next(stage.rest, stage.first, [*stage.past, happened])

    def _last_look(self, first: str, before: Sequence[ChannelResult]) -> WaitState | Arrived:
        """Before all is given up, see whether what was sent earlier has arrived after all."""
        for happened in before:
            if happened["message"] and (status := self._delivered_late(happened["message"])):
                sent, channel = happened["message"], happened["channel_uuid"]
                since = self._sent_at(channel, sent, just_now=False)
                return self._reached(WaitState(sent, self._wanted, since, first), status)
        tale = "; ".join(f"channel {happened['channel_uuid']}: {happened['what']}" for happened in before)
        raise NoChannelWorkedError("reach the person", tale)

    def _delivered_late(self, sent: Sent) -> str | None:
        try:
            message = self._read(sent)
        except WahelpError as error:  # what happened in all channels is the news
            log.warning("%s", error)
            return None
        return message.status if status_reached(message.status, "delivered") else None

    def _read(self, sent: Sent) -> Message:
        return self._hook.run(find_message(self.project_id, sent["channel_uuid"], sent["id"]))

    def _sent_at(self, channel: str, sent: Sent, *, just_now: bool) -> float:
        """Return when a message was sent, by the server's clock."""
        if not just_now:
            if entry := self._route.filed(channel).kept():
                return self._hook.run(by_server(entry.since))
            if created := parse_time(sent["created_at"]):
                return created.timestamp()
        return self._hook.run(moment()).seconds

    @cached_property
    def _cleared(self) -> float:
        """When the task was cleared and began to wait anew; 0 if it was not."""
        return self._route.first.restarted() if self._route.first.attempt.cleared else 0.0


def _then(rest: Sequence[str]) -> str:
    return f" Trying channel {rest[0]} now." if rest else ""

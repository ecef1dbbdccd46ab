"""A message that is sent, waited for and, where it does not arrive, sent through the next channel.

Workers alone take the steps. Between two of them the message is polled, by a trigger or by
:mod:`~airflow_provider_wahelp.delivery.message.poll_in_worker`, which return the same events.
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
    NoChannelWorkedError,
    RecipientRefusedError,
    WahelpError,
    error_from_dict,
)
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.reconcile import moment
from airflow_provider_wahelp.client.status import status_failed, status_reached
from airflow_provider_wahelp.client.waiting import Result, arrived, find_message, status_words
from airflow_provider_wahelp.delivery.message.fallback import FallbackChannels
from airflow_provider_wahelp.delivery.message.poll_in_worker import poll_in_worker
from airflow_provider_wahelp.delivery.message.wait_state import (
    ChannelResult,
    PlainMessage,
    WaitState,
    channel_result,
    error_words,
    with_channel,
)
from airflow_provider_wahelp.delivery.waiting import WaitOptions
from airflow_provider_wahelp.incoming.heard import PatientLooks, about_message

log = logging.getLogger(__name__)

Event = Mapping[str, Any]
"""What became of a message: ``{"result": ...}``, ``{"error": ...}`` or ``{"late": True}``."""

Arrived = dict[str, Any]
"""The message, with the status that it has reached and the ``channel_uuid`` that it came through."""

SENT_EARLIER = "an earlier attempt of the task sent it, and no delivery was reported"


class TrackedSend:
    """One message to one person. Its steps raise a ``WahelpError`` where the message has not arrived."""

    def __init__(self, channels: FallbackChannels, options: WaitOptions) -> None:
        self._channels = channels
        self._options = options
        self._hook = channels.first.hook
        self.project_id = channels.first.recipient.project_id
        self.interval = options.interval
        self._alone = len(channels.channels) == 1
        # Where there are other channels a delivery decides, and whether it was read comes after that.
        self._wanted = options.wanted if self._alone else "delivered"

    def start(self) -> WaitState | Arrived:
        """Send it, or go on where an earlier attempt has stopped.

        :return: what to wait for, or the message that has arrived.
        """
        if self._alone:
            return self._send(self._channels.channels, "", [])
        tried = self._channels.tried()
        if not tried:
            channels = self._channels.in_order()
            return self._send(channels, channels[0], [])
        # The latest goes on. One that was skipped, as its messenger was missing, comes last.
        *before, current = tried
        untried = [channel for channel in self._channels.channels if channel not in tried]
        sent = [(channel, tried[channel].message) for channel in before]
        results = [channel_result(channel, SENT_EARLIER, message) for channel, message in sent if message]
        return self._send([current, *untried], next(iter(tried)), results)

    def advance(self, state: WaitState, event: Event) -> WaitState | Arrived:
        """Take the next step.

        :return: what to wait for next, or the message that has arrived.
        """
        if "result" in event:
            return self._reached(state, str(event["result"]["status"]))
        if "error" not in event:
            return self._check(state, late=True)  # it may have arrived since the last poll
        error = error_from_dict(event["error"])
        if isinstance(error, DeliveryFailedError):
            return self._fall_back(state, error)
        raise error

    def poll_in_worker(self, state: WaitState) -> Event:
        """Wait in the worker, and return the event for :meth:`advance`."""

        def look() -> Result | None:
            return arrived(self._read(state.message), state.wanted)

        heeds = about_message(state.channel_uuid, state.message["id"])
        looks = PatientLooks(self._hook, self.project_id, heeds)
        return poll_in_worker(self._hook, look, self.interval, self.seconds_left(state), looks)

    def seconds_left(self, state: WaitState) -> float:
        """Return for how many seconds a message is still waited for."""
        now = self._hook.run(moment()).seconds
        if state.remaining:
            return state.sent_at + self._options.fallback_after - now
        return max(state.sent_at, self._restarted_at(state)) + self._options.timeout - now

    def _send(
        self, channels: Sequence[str], first_channel: str, results: Sequence[ChannelResult]
    ) -> WaitState | Arrived:
        """Send it through the first of the channels that are left."""
        if not channels:
            return self._last_look(first_channel, results)
        channel, *remaining = channels
        try:
            send = self._channels.send_through(channel, may_wait=not results)
            sent, just_now, used = self._hook.run(send.send())
        except RecipientRefusedError as error:
            if self._alone:
                raise
            log.warning("%s%s", error, _then(remaining))
            return self._send(
                remaining, first_channel, [*results, channel_result(channel, error_words(error))]
            )
        log.info(
            "%s message %s to user %s through channel %s: %s",
            "Sent" if just_now else "An earlier attempt sent",
            *(sent[name] for name in ("id", "user_id")),
            used,
            sent["status"],
        )
        if used != channel and not self._alone:
            remaining = list(
                channels
            )  # the DAG has lost the one that was used: this one is still to be tried
        sent_at = self._sent_at(used, sent, just_now=just_now)
        message = with_channel(sent, used)
        state = WaitState(message, self._wanted, sent_at, first_channel, remaining, list(results))
        if status_reached(sent["status"], self._wanted):
            return self._reached(state, sent["status"])
        return self._wait(state) if just_now and not status_failed(sent["status"]) else self._check(state)

    def _check(self, state: WaitState, *, late: bool = False) -> WaitState | Arrived:
        """Read its status.

        :param late: whether the time is over, by the clock of the one that polled.
        """
        message = self._read(state.message)
        try:
            result = arrived(message, state.wanted)
        except DeliveryFailedError as error:
            return self._fall_back(state, error)
        if result:
            return self._reached(state, str(message.status))
        if not late and self.seconds_left(state) > 0:
            return self._wait(state)
        age = timedelta(seconds=round(self._hook.run(moment()).seconds - state.sent_at))
        words = f'its status is "{status_words(message)}", and it was sent {age} ago'
        return self._fall_back(
            state, DeliveryTimeoutError(f"see message {message.id} being {state.wanted}", words)
        )

    def _wait(self, state: WaitState) -> WaitState:
        """Keep over a deferral when the wait began: without a ledger nothing else keeps that."""
        return replace(state, restarted_at=self._restarted_at(state))

    def _reached(self, state: WaitState, status: str) -> WaitState | Arrived:
        """Return the message or, if it was delivered and is to be read, wait for that, in this channel."""
        send = self._channels.record_of(state.channel_uuid)
        entry = send.record_status(status)
        if state.wanted == "delivered":
            self._channels.remember(state.channel_uuid, state.first_channel)
        if not status_reached(status, self._options.wanted):
            message = {**state.message, "status": status}
            return self._check(replace(state, message=message, wanted=self._options.wanted, remaining=[]))
        message = send.full_message(entry) if entry else {**state.message, "text": send.text}
        return {**message, "status": status, "channel_uuid": state.channel_uuid}

    def _fall_back(self, state: WaitState, error: WahelpError) -> WaitState | Arrived:
        """Try the next channel, unless there never was one, or the message was delivered."""
        if self._alone or state.wanted != self._wanted:
            raise error
        log.warning("%s%s", error, _then(state.remaining))
        result = channel_result(state.channel_uuid, error_words(error), state.message)
        return self._send(state.remaining, state.first_channel, [*state.results, result])

    def _last_look(self, first_channel: str, results: Sequence[ChannelResult]) -> WaitState | Arrived:
        """Before the task fails, see whether what was sent earlier has arrived after all."""
        for result in results:
            if (sent := result["message"]) and (status := self._delivered_late(sent)):
                sent_at = self._sent_at(result["channel_uuid"], sent, just_now=False)
                return self._reached(WaitState(sent, self._wanted, sent_at, first_channel), status)
        words = "; ".join(f"channel {result['channel_uuid']}: {result['what']}" for result in results)
        raise NoChannelWorkedError("reach the person", words)

    def _delivered_late(self, sent: PlainMessage) -> str | None:
        try:
            message = self._read(sent)
        except WahelpError as error:  # the task fails with what happened in all channels
            log.warning("%s", error)
            return None
        return message.status if status_reached(message.status, "delivered") else None

    def _read(self, sent: PlainMessage) -> Message:
        return self._hook.run(find_message(self.project_id, sent["channel_uuid"], sent["id"]))

    def _sent_at(self, channel: str, sent: PlainMessage, *, just_now: bool) -> float:
        """Return when a message was sent, by the server's clock."""
        return self._channels.record_of(channel).sent_at(sent, just_now=just_now)

    def _restarted_at(self, state: WaitState) -> float:
        """Return when the task was cleared and began to wait anew; 0 if it was not."""
        return state.restarted_at or self._restarted_now

    @cached_property
    def _restarted_now(self) -> float:
        first = self._channels.first
        return first.wait_restarted_at() if first.attempt.cleared else 0.0


def _then(remaining: Sequence[str]) -> str:
    return f" Trying channel {remaining[0]} now." if remaining else ""

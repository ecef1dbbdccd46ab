"""The channels that a message may go through to one person, and the send through each of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.messages import Recipient, by_phone
from airflow_provider_wahelp.delivery.message.preferred_channel import PreferredChannels
from airflow_provider_wahelp.delivery.message.send import IdempotentSend
from airflow_provider_wahelp.delivery.message.send_record import Entry

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FallbackChannels:
    """A message to one person through one channel or another, sent at most once through each.

    :param first: the send through the channel that the author names first.
    :param others: the channels to try after it.
    :param preferred: which channel has reached whom before; ``None`` to remember nothing.
    """

    first: IdempotentSend
    others: Sequence[str] = ()
    preferred: PreferredChannels | None = None

    @cached_property
    def channels(self) -> list[str]:
        """The channels, each once, in the author's order."""
        return list(dict.fromkeys([self.first.recipient.channel_uuid, *self.others]))

    def send_through(self, channel_uuid: str, *, may_wait: bool) -> IdempotentSend:
        """Return the send through a channel, under a key of its own.

        :param may_wait: whether a limit may hold it back: once another channel has sent, it goes on.
        """
        send = self.record_of(channel_uuid)
        if send.admission and not may_wait:
            send = replace(send, admission=send.admission.passing)
        if channel_uuid == self.channels[0]:
            return send
        return replace(send, recipient=replace(self._person, channel_uuid=channel_uuid))

    def record_of(self, channel_uuid: str) -> IdempotentSend:
        """Return that send without its recipient, who may take a request: enough to use its ledger entry."""
        if len(self.channels) == 1:  # it is one message, whichever channel it has taken
            return self.first
        return self._send_under_key(channel_uuid, self._channel_of_plain_key())

    def tried(self) -> dict[str, Entry]:
        """Return the channels that earlier attempts have tried, the latest last."""
        plain = self._channel_of_plain_key()
        channels = dict.fromkeys([*self.channels, plain or self.channels[0]])  # a DAG may have lost one
        found = {channel: self._send_under_key(channel, plain).current_entry() for channel in channels}
        tried = {channel: entry for channel, entry in found.items() if entry}
        return dict(sorted(tried.items(), key=lambda each: each[1].began))

    def in_order(self) -> list[str]:
        """Return the channels in the order to try them: first the one that has reached this person before.

        :raises InputError: if the person cannot be found in other channels.
        """
        phone = self._person.phone  # needed sooner or later: better refused before anything is sent
        known = self.preferred.recall(phone) if self.preferred else None
        return sorted(self.channels, key=lambda channel: channel != known)

    def remember(self, channel_uuid: str, first_channel: str) -> None:
        """Remember which channel has reached the person.

        :param first_channel: the channel that was tried first, and would be the next time.
        """
        if self.preferred and channel_uuid != first_channel:
            try:
                phone = self._person.phone
            except WahelpError as error:  # the message has arrived all the same
                log.warning("The channel that reached the person is not remembered: %s", error)
            else:
                self.preferred.remember(phone, channel_uuid)

    def _channel_of_plain_key(self) -> str | None:
        """Return the channel whose key is the one without a fallback, as a DAG may be given a fallback later.

        That is the first channel, unless another one has used the key: a DAG may swap them between attempts.
        """
        first, entry = self.channels[0], self.first.current_entry()
        if entry and (entry.message is not None or entry.channel_uuid in self.channels):
            return entry.channel_uuid
        return None if self._under_own_key(first).current_entry() else first

    def _send_under_key(self, channel_uuid: str, plain: str | None) -> IdempotentSend:
        return self.first if channel_uuid == plain else self._under_own_key(channel_uuid)

    def _under_own_key(self, channel_uuid: str) -> IdempotentSend:
        return replace(self.first, key=f"{self.first.key}/{channel_uuid}" if self.first.key else "")

    @cached_property
    def _person(self) -> Recipient:
        """The person by phone: what they are known by in every channel."""
        to = self.first.recipient
        return to if to.phone else self.first.hook.run(by_phone(to))

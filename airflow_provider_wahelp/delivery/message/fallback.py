"""The channels that a message may go through to one person, and the send through each of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.messages import Recipient, by_phone
from airflow_provider_wahelp.delivery.message.preferred_channel import PreferredChannels
from airflow_provider_wahelp.delivery.message.send import Delivery
from airflow_provider_wahelp.delivery.message.send_record import Entry

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FallbackChannels:
    """A message to one person through one channel or another, sent once through each at most.

    :param first: the send through the channel that the author names first.
    :param others: the channels to try after it.
    :param memory: which channel has reached whom before; ``None`` to remember nothing.
    """

    first: Delivery
    others: Sequence[str] = ()
    memory: PreferredChannels | None = None

    @cached_property
    def channels(self) -> list[str]:
        """The channels, each once, in the author's order."""
        return list(dict.fromkeys([self.first.recipient.channel_uuid, *self.others]))

    def through(self, channel_uuid: str) -> Delivery:
        """Return the send through a channel, under a key of its own.

        :param channel_uuid: the channel.
        """
        filed = self.filed(channel_uuid)
        if channel_uuid == self.channels[0]:
            return filed
        return replace(filed, recipient=replace(self._person, channel_uuid=channel_uuid))

    def filed(self, channel_uuid: str) -> Delivery:
        """Return that send as far as the ledger is concerned: whom it is for need not be known.

        :param channel_uuid: the channel.
        """
        if len(self.channels) == 1:  # it is one message, whichever channel it has taken
            return self.first
        return self._filed(channel_uuid, self._at_home())

    def begun(self) -> dict[str, Entry]:
        """Return the channels that earlier attempts have tried, the latest last."""
        at_home = self._at_home()
        channels = dict.fromkeys([*self.channels, at_home or self.channels[0]])  # a DAG may have lost one
        found = {channel: self._filed(channel, at_home).kept() for channel in channels}
        tried = {channel: entry for channel, entry in found.items() if entry}
        return dict(sorted(tried.items(), key=lambda each: each[1].began))

    def planned(self) -> list[str]:
        """Return the channels in the order to try them: first what has worked for this person before.

        :raises InputError: if the person cannot be found in other channels.
        """
        phone = self._person.phone  # needed sooner or later: better refused before anything is sent
        known = self.memory.recall(phone) if self.memory else None
        return sorted(self.channels, key=lambda channel: channel != known)

    def worked(self, channel_uuid: str, tried_first: str) -> None:
        """Remember which channel has reached the person.

        :param channel_uuid: the channel.
        :param tried_first: the channel that was tried first, and would be the next time.
        """
        if self.memory and channel_uuid != tried_first:
            try:
                phone = self._person.phone
            except WahelpError as error:  # the message has arrived all the same
                log.warning("Which channel has reached the person is not remembered: %s", error)
            else:
                self.memory.remember(phone, channel_uuid)

    def _at_home(self) -> str | None:
        """Return the channel whose key is the one without a fallback, as a DAG may be given that later.

        That is the first channel, until the key is another's: they change their places between attempts.
        """
        first, kept = self.channels[0], self.first.kept()
        if kept and (kept.message is not None or kept.channel_uuid in self.channels):
            return kept.channel_uuid
        return None if self._apart(first).kept() else first

    def _filed(self, channel_uuid: str, at_home: str | None) -> Delivery:
        return self.first if channel_uuid == at_home else self._apart(channel_uuid)

    def _apart(self, channel_uuid: str) -> Delivery:
        return replace(self.first, key=f"{self.first.key}/{channel_uuid}" if self.first.key else "")

    @cached_property
    def _person(self) -> Recipient:
        """The person by phone: what they are known by in every channel."""
        to = self.first.recipient
        return to if to.phone else self.first.hook.run(by_phone(to))

"""The numbers of a mailing at work: all write at once, and then each looks what has arrived."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.delivery.mailing.channel import MailingChannel
from airflow_provider_wahelp.delivery.mailing.complaints import MailingHeldError, keep
from airflow_provider_wahelp.delivery.mailing.exclusions import Exclusions
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING
from airflow_provider_wahelp.delivery.mailing.together import outlook_of
from airflow_provider_wahelp.delivery.mailing.tracking import Tracking
from airflow_provider_wahelp.delivery.mailing.turns import Turns
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.delivery.waiting import WaitOptions

log = logging.getLogger(__name__)

Ended = datetime | WahelpError | None
"""What became of a number's work: when it goes on, why it does not, or nothing: it is done."""


class Number(NamedTuple):
    """A number, with the channels that its people are tried through.

    :param channels: the number's own first.
    :param exclusions: who must not be written to through the others, by their ids in the first.
    """

    channels: Sequence[MailingChannel]
    exclusions: Exclusions

    @property
    def first(self) -> MailingChannel:
        """The number's own channel."""
        return self.channels[0]

    @property
    def uuid(self) -> str:
        """Its uuid."""
        return self.first.sender.channel_uuid


@dataclass(frozen=True)
class Numbers:
    """The numbers of a mailing. A fault of one stops no other, unless people ask to stop.

    :param wait_options: what is waited for; ``None`` if nothing is.
    :param zones: returns the zones of a phone.
    """

    numbers: Sequence[Number]
    wait_options: WaitOptions | None
    zones: Callable[[str], str]

    def run(self, turns: Turns[Ended]) -> tuple[datetime | None, int]:
        """Write to all who may be written to now, and look what has arrived.

        :return: when to go on, and how many failures a retry may mend.
        :raises WahelpError: if no number goes on, and one has a fault; or if people ask to stop.
        """
        with ExitStack() as stack:
            for channel in self._channels():
                stack.callback(channel.dispatcher.close)
            for number in self.numbers:
                stack.callback(number.first.dispatcher.recorder.progress.close)
            ends = self._write(turns)
            ends += [(number.uuid, self._track(number)) for number in self.numbers]
        faults = {uuid: end for uuid, end in ends if isinstance(end, WahelpError)}
        untils = [end for _, end in ends if isinstance(end, datetime)]
        if faults and not untils:  # what goes on later tries all of them again
            raise _first(faults)
        given_up = sum(channel.dispatcher.reconciler.given_up for channel in self._channels())
        return min(untils, default=None), given_up

    def _channels(self) -> Iterator[MailingChannel]:
        for number in self.numbers:
            yield from number.channels

    def _write(self, turns: Turns[Ended]) -> list[tuple[str, Ended]]:
        channels = [number.first for number in self.numbers]
        ended = turns.run({each.sender.channel_uuid: partial(_work, each, channels) for each in channels})
        held = next((error for error in ended.values() if isinstance(error, MailingHeldError)), None)
        if held:
            for channel in channels:
                if ended[channel.sender.channel_uuid] is not held and channel.dispatcher.complaints:
                    channel.dispatcher.complaints.hold(channel.worklist, held)
            raise held
        return list(ended.items())

    def _track(self, number: Number) -> Ended:
        """See how far a number's messages have got, and try its other channels."""
        if not self.wait_options:
            return None
        try:
            return Tracking(number.channels, self.wait_options, number.exclusions, self.zones).run()
        except MailingHeldError:
            raise
        except WahelpError as error:
            log.warning("What channel %s has sent is not followed for now: %s", number.uuid, error)
            return error


def unsent(worklist: Worklist) -> int:
    """Return how many wait, or may not have got their message."""
    found = worklist.results.totals()
    return found.get(WAITING, 0) + found.get(OPEN, 0)


def _work(channel: MailingChannel, channels: Sequence[MailingChannel]) -> Ended:
    """Write through a number what may go now."""
    worklist = channel.worklist
    count = unsent(worklist)
    if not count:
        return None
    try:
        channel.sender.insist_on_active()
        channel.dispatcher.recorder.progress.label = f"Channel {channel.sender.channel_uuid}: "
        channel.dispatcher.start(count)
        works = [each.dispatcher.recorder.progress for each in channels]
        channel.dispatcher.recorder.report.outlook = partial(outlook_of, works)
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

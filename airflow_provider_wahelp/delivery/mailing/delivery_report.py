"""What became of each recipient of a mailing that is tracked, over all its channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from airflow_provider_wahelp.delivery.mailing.outcome import DELIVERY_OUTCOMES, NO_PHONE, Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import HELD, OPEN, REFUSED, WAITING
from airflow_provider_wahelp.delivery.mailing.report import DeliveryReportRow
from airflow_provider_wahelp.delivery.mailing.results import EVERYBODY, DeliveryState, outcome_of
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

NOT_DELIVERED = "no report of a delivery in time"
DELIVERY_FAILED = "the delivery failed"


_FOR_ANOTHER = {Outcome.UNDELIVERED, Outcome.NO_MESSENGER}
"""Outcomes for which the next channel is tried."""


class ChannelAttempt(NamedTuple):
    """What became of somebody in a channel."""

    channel_uuid: str
    delivery: DeliveryState


@dataclass(frozen=True)
class DeliveryReport:
    """Which recipients were reached, and through which channel.

    :param worklists: those of the channels, by uuid, in the order in which they are tried.
    """

    worklists: Mapping[str, Worklist]

    def report(self, where: str = EVERYBODY) -> Iterator[DeliveryReportRow]:
        """Yield what became of people, in the order of the source.

        :param where: a condition on what became of them in the first channel.
        """
        (channel, first), *others = self.worklists.items()
        results = {uuid: worklist.results for uuid, worklist in others if not worklist.results.empty()}
        unusable = "; ".join(worklist.unusable for _, worklist in others if worklist.unusable)
        for row, (key, state) in zip(first.results.report(where), first.results.states(where), strict=True):
            later = ((uuid, tried.state(key)) for uuid, tried in results.items() if key)
            attempts = [ChannelAttempt(uuid, found) for uuid, found in later if found]
            outcome, chosen, reason = _judged([ChannelAttempt(channel, state), *attempts])
            if unusable and (outcome in _FOR_ANOTHER or (outcome, state.state) == (Outcome.FAILED, REFUSED)):
                reason = f"{reason}; {unusable}"
            was_sent = chosen.delivery.message_id is not None
            yield DeliveryReportRow(
                row.number,
                row.key,
                chosen.delivery.user_id if was_sent else row.user_id,
                row.phone,
                outcome,
                reason or row.reason,
                chosen.delivery.message_id,
                row.variant,
                status=chosen.delivery.status if was_sent else "",
                channel_uuid=chosen.channel_uuid if was_sent else "",
            )

    def totals(self) -> dict[str, int]:
        """Return how many there are of each outcome; ``sent`` are all that were sent, arrived or not."""
        totals = {outcome.value: 0 for outcome in Outcome}
        for row in self.report():
            totals[row.outcome.value] += 1
        totals[Outcome.SENT.value] += sum(totals[outcome.value] for outcome in DELIVERY_OUTCOMES)
        return totals


def _judged(attempts: Sequence[ChannelAttempt]) -> tuple[Outcome, ChannelAttempt, str]:
    """Return a recipient's outcome, the attempt that decided it, and why it was no better."""
    first, last = attempts[0], attempts[-1]
    for attempt in attempts:
        if attempt.delivery.delivered:
            outcome = Outcome(attempt.delivery.status) if attempt is first else Outcome.FELL_BACK
            return outcome, attempt, ""
    if last.delivery.state in {WAITING, OPEN, HELD}:
        return Outcome.DEFERRED, last, ""
    sent = [attempt for attempt in attempts if attempt.delivery.state == Outcome.SENT]
    if waited := [each for each in sent if not each.delivery.over and each.delivery.status == "sent"]:
        return Outcome.SENT, waited[-1], ""
    if sent:
        why = DELIVERY_FAILED if sent[-1].delivery.status == "failed" else NOT_DELIVERED
        return Outcome.UNDELIVERED, sent[-1], why if last is sent[-1] else f"{why}; {_reason(last)}"
    refused = [each for each in attempts if each is first or each.delivery.state != Outcome.SKIPPED][-1]
    return (
        outcome_of(refused.delivery.state),
        refused,
        last.delivery.reason if last is first else _reason(last),
    )


def _reason(later: ChannelAttempt) -> str:
    """Return why a channel after the first did not write to a recipient: the ledger keeps no reasons."""
    return NO_PHONE if later.delivery.state == Outcome.SKIPPED else later.delivery.reason

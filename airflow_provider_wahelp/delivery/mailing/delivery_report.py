"""What became of everybody in a mailing that is followed, over all its channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from airflow_provider_wahelp.delivery.mailing.outcome import ARRIVALS, NO_PHONE, Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, WAITING
from airflow_provider_wahelp.delivery.mailing.report import ArrivalRow
from airflow_provider_wahelp.delivery.mailing.tracked_worklist import DeliveryState, TrackedWorklist
from airflow_provider_wahelp.delivery.mailing.worklist import EVERYBODY

NOT_DELIVERED = "no report of a delivery in time"
DELIVERY_FAILED = "the delivery failed"


class ChannelAttempt(NamedTuple):
    """What became of somebody in a channel.

    :param channel_uuid: the channel.
    :param fate: what became of them.
    """

    channel_uuid: str
    fate: DeliveryState


@dataclass(frozen=True)
class Arrivals:
    """Who was reached, and through which channel.

    :param worklists: those of the channels, by uuid, in the order in which they are tried.
    """

    worklists: Mapping[str, TrackedWorklist]

    def report(self, where: str = EVERYBODY) -> Iterator[ArrivalRow]:
        """Yield what became of people, in the order of the source.

        :param where: of whom, by what became of them in the first channel.
        """
        (channel, first), *others = self.worklists.items()
        tried = [(uuid, worklist) for uuid, worklist in others if not worklist.empty()]
        unusable = "; ".join(worklist.unusable for _, worklist in others if worklist.unusable)
        for row, (key, fate) in zip(first.report(where), first.fates(where), strict=True):
            later = [
                ChannelAttempt(uuid, found)
                for uuid, worklist in tried
                if key and (found := worklist.fate(key))
            ]
            outcome, chosen, reason = _judged([ChannelAttempt(channel, fate), *later])
            if outcome in {Outcome.UNDELIVERED, Outcome.NO_MESSENGER} and unusable:
                reason = f"{reason}; {unusable}"
            was_sent = chosen.fate.message_id is not None
            yield ArrivalRow(
                row.number,
                row.key,
                chosen.fate.user_id if was_sent else row.user_id,
                row.phone,
                outcome,
                reason or row.reason,
                chosen.fate.message_id,
                chosen.fate.standing if was_sent else "",
                chosen.channel_uuid if was_sent else "",
            )

    def totals(self) -> dict[str, int]:
        """Return how many there are of each outcome; ``sent`` are all that were sent, arrived or not."""
        totals = {outcome.value: 0 for outcome in Outcome}
        for row in self.report():
            totals[row.outcome.value] += 1
        totals[Outcome.SENT.value] += sum(totals[outcome.value] for outcome in ARRIVALS)
        return totals


def _judged(trials: Sequence[ChannelAttempt]) -> tuple[Outcome, ChannelAttempt, str]:
    """Return what became of somebody, in which channel, and why it was no better."""
    for trial in trials:
        if trial.fate.delivered:
            outcome = Outcome.FELL_BACK if trial is not trials[0] else Outcome(trial.fate.standing)
            return outcome, trial, ""
    last = trials[-1]
    if last.fate.state in {WAITING, OPEN}:
        return Outcome.DEFERRED, last, ""
    sent = [trial for trial in trials if trial.fate.state == Outcome.SENT]
    if waited := [trial for trial in sent if not trial.fate.over and trial.fate.standing == "sent"]:
        return Outcome.SENT, waited[-1], ""
    if sent:
        why = DELIVERY_FAILED if sent[-1].fate.standing == "failed" else NOT_DELIVERED
        return Outcome.UNDELIVERED, sent[-1], why if last is sent[-1] else f"{why}; {_reason(last)}"
    refused = [trial for trial in trials if trial is trials[0] or trial.fate.state != Outcome.SKIPPED][-1]
    return Outcome(refused.fate.state), refused, last.fate.reason if last is trials[0] else _reason(last)


def _reason(later: ChannelAttempt) -> str:
    """Return why a channel after the first did not write to somebody; the ledger does not keep reasons."""
    return NO_PHONE if later.fate.state == Outcome.SKIPPED else later.fate.reason

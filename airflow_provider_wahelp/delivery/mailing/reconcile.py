"""What became of messages that were begun and not known to be sent: the channel's history tells."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from airflow_provider_wahelp.client.errors import UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.flow import service_facts
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.proof import LOOKS, Reading, Verdict, judge, read_sent
from airflow_provider_wahelp.client.reconcile import ATTEMPTS, BegunSend
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.delivery.mailing.chunks import Done, batched
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.recorder import Recorder
from airflow_provider_wahelp.delivery.mailing.sender import SendResult

log = logging.getLogger(__name__)

SETTLED_AFTER = sum(LOOKS)
"""Seconds after which a message that went is in the history (docs/api.md, 3.3)."""

_HISTORY = "the history"
_UNCLEAR = "it is not known whether it was sent"


@dataclass
class Reconciler:
    """Finds out what became of sends of unknown outcome: one reading of the history serves all.

    :param if_unclear: where it is not known whether a message went: ``check``, ``fail`` or ``resend``.
    :param suspected_since: without a ledger, when an earlier attempt may have begun.
    """

    recorder: Recorder
    if_unclear: str = "check"
    suspected_since: Moment | None = None
    given_up: int = field(default=0, init=False)
    """Recipients given up after the last attempt to send: a retry of the task may still succeed."""
    _reading: Reading | None = field(default=None, init=False)

    def read_suspected(self) -> None:
        """Read what an earlier attempt may have sent, where no ledger tells."""
        if self.suspected_since:
            self._read_history(self.recorder.server_time(self.suspected_since), self._arrives_within())

    def settle(self) -> bool:
        """Find out what became of sends of unknown outcome; return whether there were any."""
        people = self.recorder.worklist.open()
        if not people:
            return False
        settled = self._looked_for(people) if self.if_unclear == "check" else map(self._unread, people)
        for done in batched([entry for some in settled for entry in some]):
            self.recorder.chunks.add(done)
        self.recorder.report.renew()  # they had a row already, where an earlier attempt had begun them
        return True

    def sent_before(self, person: QueuedMessage) -> SendResult | None:
        """Return what an earlier attempt has sent to a recipient, where no ledger tells."""
        if not self.suspected_since:
            return None
        suspected = person._replace(digest=person.fingerprint, began=self.suspected_since.seconds)
        verdict = self._verdict(suspected._replace(by_host=self.suspected_since.by_host))
        doubted = bool(verdict.doubt) and self.if_unclear != "resend"
        self.given_up += doubted and not verdict.message
        return _result(verdict) if verdict.message or doubted else None

    def begun(self, person: QueuedMessage, now: Moment) -> QueuedMessage:
        """Note when the sending is begun; what was begun first may still show up in the history."""
        text, began = person.fingerprint, now
        if person.began is not None and person.digest == text:
            earlier = self.recorder.server_time(person.begun_at)
            began = Moment(min(now.seconds, earlier), now.by_host)
        return person._replace(digest=text, began=began.seconds, by_host=began.by_host)

    def _looked_for(self, people: Sequence[QueuedMessage]) -> Iterator[Iterable[Done]]:
        """Look for messages in the history, and once more when what is under way must have arrived."""
        log.info("Looking into the history for %d messages of unknown outcome", len(people))
        since = min(map(self.recorder.server_time, (person.begun_at for person in people)))
        self._read_history(since, SETTLED_AFTER)
        missing = [person for person in people if not self._verdict(person).message]
        if missing:
            self._read_history(since, self._arrives_within())
        return (self._settled(person, self._verdict(person)) for person in people)

    def _settled(self, person: QueuedMessage, verdict: Verdict) -> Iterable[Done]:
        if verdict.message or verdict.doubt:
            return self._noted(person, _result(verdict))
        if person.text is None:
            self.recorder.record(person, SendResult(Outcome.SKIPPED, "no longer among the recipients"))
        elif person.attempts + 1 >= ATTEMPTS:
            self._noted(
                person, SendResult(Outcome.FAILED, f"sent {ATTEMPTS} times, and never seen in the history")
            )
        else:
            self.recorder.worklist.try_again(person.number)
        return []  # for this time: the next attempt tries again

    def _noted(self, person: QueuedMessage, result: SendResult) -> Iterable[Done]:
        """Note what became of a send. What failed the ledger still has begun: nothing is sent blindly."""
        done = self.recorder.record(person, result)
        if result.state == Outcome.SENT:
            return done
        self.given_up += 1
        return []

    def _unread(self, person: QueuedMessage) -> Iterable[Done]:
        """Deal with a send of unknown outcome as the author wants it."""
        if self.if_unclear == "fail":
            self.recorder.record(person, SendResult(Outcome.FAILED, _UNCLEAR))
            return []
        return self._settled(person, Verdict())

    def _verdict(self, person: QueuedMessage) -> Verdict:
        """Return what the history tells of a message to a recipient."""
        assert self._reading  # noqa: S101 - for the types: it is read first
        sender, began = self.recorder.sender, self.recorder.server_time(person.begun_at)
        where = sender.project_id, sender.channel_uuid, person.user_id or ""
        known = person.fingerprint == person.digest if person.text is not None else False
        text_digest, _, file = person.digest.partition("/")
        found = self.recorder.worklist.in_history(person.user_id, text_digest)
        return judge(
            BegunSend(*where, text_digest, began, file=file),
            person.text if known else None,
            found,
            self._reading,
            began,
        )

    def _read_history(self, since: float, settled_after: float) -> Reading:
        """Read it, once everything that went since the last send of unknown outcome is in it."""
        self.recorder.wait_until(self.recorder.opened + settled_after, _HISTORY)
        sender = self.recorder.sender
        try:
            self._reading = sender.hook.run(
                read_sent(sender.project_id, sender.channel_uuid, since, self._take)
            )
        except WahelpError as error:
            unclear = self._unknown(f"the history could not be read: {error.reason}")
            unclear.temporary = error.temporary
            raise unclear from error
        return self._reading

    def _arrives_within(self) -> float:
        """Return the seconds after which a message that is not in the history will not come any more."""
        return max(SETTLED_AFTER, self.recorder.sender.hook.run(service_facts()).arrives_within)

    def _take(self, message: Message, _reading: Reading) -> bool:
        self.recorder.sender.learn(message)
        self.recorder.worklist.add_history(message)
        self.recorder.look(_HISTORY)
        return False

    def _unknown(self, why: str) -> UnknownOutcomeError:
        return UnknownOutcomeError(
            f"the messages through channel {self.recorder.sender.channel_uuid} were sent", why
        )


def _result(verdict: Verdict) -> SendResult:
    if verdict.message:
        return SendResult(Outcome.SENT, message_id=verdict.message.id)
    return SendResult(Outcome.FAILED, f"{_UNCLEAR}: {verdict.doubt}")

"""What became of messages that were begun and not known to be sent: the channel's history tells."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field

from airflow_provider_wahelp.client.errors import UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.notices import is_deleted
from airflow_provider_wahelp.client.reconcile import ATTEMPTS, LOOKS, digest, outgoing_since
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
_DELETED = "deleted"
"""In place of a digest: what the message said is lost."""


@dataclass
class Reconciler:
    """Finds out what became of sends of unknown outcome: one reading of the history serves all.

    :param recorder: notes it.
    :param if_unclear: where it is not known whether a message went: ``check``, ``fail`` or ``resend``.
    :param suspected_since: without a ledger, when an earlier attempt may have begun.
    """

    recorder: Recorder
    if_unclear: str = "check"
    suspected_since: Moment | None = None
    given_up: int = field(default=0, init=False)
    """Recipients given up after the last attempt to send: a retry of the task may still succeed."""

    def read_suspected(self) -> None:
        """Read what an earlier attempt may have sent, where no ledger tells."""
        if self.suspected_since:
            self._read_history(self.suspected_since)

    def settle(self) -> bool:
        """Find out what became of sends of unknown outcome; return whether there were any."""
        people = self.recorder.worklist.open()
        if not people:
            return False
        if self.if_unclear == "check":
            log.info("Looking into the history for %d messages of unknown outcome", len(people))
            begun = (person.begun_at for person in people)
            self._read_history(min(begun, key=self.recorder.server_time))
        for done in batched([entry for person in people for entry in self._settled(person)]):
            self.recorder.chunks.add(done)
        self.recorder.report.renew()  # they had a row already, where an earlier attempt had begun them
        return True

    def sent_before(self, person: QueuedMessage) -> SendResult | None:
        """Return what an earlier attempt has sent to a recipient, where no ledger tells."""
        if not self.suspected_since:
            return None
        return self._seen(person, short_digest(person.text), self.suspected_since)

    def begun(self, person: QueuedMessage, now: Moment) -> QueuedMessage:
        """Note when the sending is begun; what was begun first may still show up in the history."""
        text, began = short_digest(person.text), now
        if person.began is not None and person.digest == text:
            earlier = self.recorder.server_time(person.begun_at)
            began = Moment(min(now.seconds, earlier), now.by_host)
        return person._replace(digest=text, began=began.seconds, by_host=began.by_host)

    def _settled(self, person: QueuedMessage) -> list[Done]:
        if result := self._outcome(person):
            done = self.recorder.record(person, result)
            # What failed the ledger still has begun: a task that is cleared sends nothing blindly.
            return done if result.state == Outcome.SENT else []
        if person.text is None:
            self.recorder.record(person, SendResult(Outcome.SKIPPED, "no longer among the recipients"))
        elif person.attempts + 1 >= ATTEMPTS:
            reason = f"sent {ATTEMPTS} times, and never seen in the history"
            self.recorder.record(person, SendResult(Outcome.FAILED, reason))
            self.given_up += 1
        else:
            self.recorder.worklist.try_again(person.number)
        return []  # for this time: the next attempt tries again

    def _outcome(self, person: QueuedMessage) -> SendResult | None:
        """Return what became of a send of unknown outcome; ``None``: it may be sent again."""
        if self.if_unclear == "fail":
            return SendResult(Outcome.FAILED, "it is not known whether it was sent")
        return self._seen(person, person.digest, person.begun_at) if self.if_unclear == "check" else None

    def _seen(self, person: QueuedMessage, text_digest: str, since: Moment) -> SendResult | None:
        """Return what the history tells of a message to a recipient."""
        worklist = self.recorder.worklist
        began = math.floor(self.recorder.server_time(since))  # the history's times are whole seconds
        sent = worklist.in_history(person.user_id, text_digest, began)
        if sent is not None:
            return SendResult(Outcome.SENT, message_id=sent)
        if worklist.in_history(person.user_id, _DELETED, began) is not None:
            reason = "a message to them was deleted: it is not known whether it was sent"
            return SendResult(Outcome.FAILED, reason)
        return None

    def _read_history(self, since: Moment) -> None:
        """Read it once everything that went is in it."""
        self.recorder.wait_until(self.recorder.opened + SETTLED_AFTER, _HISTORY)
        sender = self.recorder.sender
        reading = outgoing_since(sender.project_id, sender.channel_uuid, since, self._take)
        try:
            sender.hook.run(reading)
        except WahelpError as error:
            what = f"the messages through channel {sender.channel_uuid} were sent"
            unclear = UnknownOutcomeError(what, f"the history could not be read: {error.reason}")
            unclear.temporary = error.temporary
            raise unclear from error

    def _take(self, message: Message) -> bool:
        at = message.created_at.timestamp() if message.created_at else math.inf
        text = _DELETED if is_deleted(message.text) else short_digest(message.text or "")
        self.recorder.worklist.add_history(message.id, message.user_id, text, at)
        self.recorder.look(_HISTORY)
        return False


def short_digest(text: str) -> str:
    """Return what a text is recognised by, short enough for a ledger of thousands."""
    return digest(text)[:24]

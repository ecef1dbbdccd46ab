"""Sending one message exactly once, over retries and killed workers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple
from uuid import uuid4

from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.file_likeness import name_digest
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.likeness import digest
from airflow_provider_wahelp.client.messages import Recipient, begin_send, send_message
from airflow_provider_wahelp.client.models import Message, parse_time
from airflow_provider_wahelp.client.proof import LOOKS, find_sent
from airflow_provider_wahelp.client.reconcile import BegunSend, by_server, moment
from airflow_provider_wahelp.client.users import find_user
from airflow_provider_wahelp.delivery.attempt import Attempt
from airflow_provider_wahelp.delivery.ledger import Ledger
from airflow_provider_wahelp.delivery.limits.admission import Admission
from airflow_provider_wahelp.delivery.message.send_record import Entry
from airflow_provider_wahelp.delivery.message.wait_state import impersonal
from airflow_provider_wahelp.hooks.wahelp import WahelpHook
from airflow_provider_wahelp.storage.keys import digest_key, keyed_hash
from airflow_provider_wahelp.storage.outgoing import OutgoingFile

log = logging.getLogger(__name__)


class SentMessage(NamedTuple):
    """What a send comes to.

    :param just_now: whether this attempt sent it.
    :param channel_uuid: the channel that was used, which an earlier attempt may have chosen.
    """

    message: dict[str, Any]
    just_now: bool
    channel_uuid: str


@dataclass(frozen=True)
class IdempotentSend:
    """A message that is to arrive once.

    :param ledger: where the state is kept; ``None`` before Airflow 3.3, unless the author names a path.
    :param key: what the send is filed under; the attempt's own by default.
    :param if_unclear: what to do where an earlier attempt may have sent: ``check``, ``fail`` or ``resend``.
    :param on_rerun: what to do where the task had sent before it was cleared: ``skip`` or ``resend``.
    :param others: the ids of messages that are known to be others, though they may have the same text.
    :param file: a file to send with the text; it is read or fetched only if it is to be sent.
    :param admission: what may hold it back before it is begun; ``None``: nothing does, nor counts it.
    """

    hook: WahelpHook
    recipient: Recipient
    text: str
    attempt: Attempt
    ledger: Ledger | None = None
    key: str = ""
    if_unclear: str = "check"
    on_rerun: str = "skip"
    others: Sequence[Id] = ()
    file: OutgoingFile | None = None
    admission: Admission | None = None

    def send(self) -> Flow[SentMessage]:
        """Send it, unless it was sent already.

        :raises UnknownOutcomeError: if it is not known whether it was sent.
        :raises HeldError: if it may not go now; nothing was begun.
        """
        entry = yield from self._begin()
        if isinstance(entry, SentMessage):
            return entry
        try:
            looks = LOOKS if self.if_unclear == "check" else None
            note = partial(self._note_repeat, entry)
            message = yield from send_message(entry, self.text, looks, note, file=self._part)
        except WahelpError as error:
            self._failed(error)
            if self.admission and not error.may_have_happened:
                self.admission.give_back(entry, self.recipient.phone, self._counted_as)
            if self.if_unclear == "fail" and error.may_have_happened:
                raise entry.unknown(error.reason, error.status) from error
            raise
        return self._done(entry, message, just_now=True)

    def current_entry(self) -> Entry | None:
        """Return what the ledger says of this send; ``None`` also where it is to be sent once more."""
        entry = self._read()
        return None if entry and entry.message and self._is_to_be_resent(entry) else entry

    def record_status(self, status: str) -> Entry | None:
        """Record how far the message has got, so that a later attempt need not look again.

        :return: what the ledger says now; ``None`` without a ledger.
        """
        entry = self._read()
        if not self.ledger or not entry or not entry.message:
            return None
        updated = replace(entry, message={**entry.message, "status": status})
        if updated != entry:
            self.ledger.write(self._key, asdict(updated))
        return updated

    def full_message(self, done: Entry) -> dict[str, Any]:
        """Return what was sent, with the text, which the ledger does not hold: ``None`` where it differs."""
        text = self.text if self._has_same_text(done) else None
        return {**Message().to_dict(), **(done.message or {}), "text": text}

    def sent_at(self, sent: Mapping[str, Any], *, just_now: bool) -> float:
        """Return when the message was sent, in seconds since 1970 by the server's clock.

        :param just_now: whether this attempt sent it.
        """
        if not just_now:
            if entry := self.current_entry():
                return self.hook.run(by_server(entry.since))
            if created := parse_time(sent["created_at"]):
                return created.timestamp()
        return self.hook.run(moment()).seconds

    def wait_restarted_at(self) -> float:
        """Return when a task that was cleared began anew, in seconds since 1970 by the server's clock."""
        if not self.ledger:
            began = None if self.attempt.renewed else self.attempt.run_started
            return self.hook.run(moment(began)).seconds
        key, generation = f"{self._key}/wait_restarted_at", self.attempt.generation
        record = self.ledger.read(key)
        if not record or record["generation"] != generation:
            record = {"generation": generation, "at": self.hook.run(moment()).seconds}
            self.ledger.write(key, record)
        return float(record["at"])

    @property
    def _key(self) -> str:
        return self.key or self.attempt.key

    @cached_property
    def _counted_as(self) -> str:
        """What it is counted by: once over retries and fallback channels, anew where it is resent."""
        task = self.attempt.key or self.key or uuid4().hex
        again = self.on_rerun == "resend" and self.attempt.cleared
        return f"{task}/{self.attempt.generation}" if again else task

    @property
    def _part(self) -> FilePart | None:
        return self.file.part if self.file else None

    def _read(self) -> Entry | None:
        record = self.ledger.read(self._key) if self.ledger else None
        return Entry(**record) if record else None

    def _is_to_be_resent(self, done: Entry) -> bool:
        """Return whether the task was cleared since it has sent, in order to send once more."""
        cleared = self.attempt.cleared and done.generation != self.attempt.generation
        return self.on_rerun == "resend" and cleared

    def _note_repeat(self, entry: Entry, begun: BegunSend) -> None:
        """Record when it is sent again: whoever looks for it later knows how long it may be under way."""
        if self.ledger:
            self.ledger.write(self._key, asdict(replace(entry, attempted=begun.attempted)))

    def _begin(self) -> Flow[Entry | SentMessage]:
        """Record that the send begins now, or return what an earlier attempt has sent."""
        earlier = self._read() if self.ledger else (yield from self._assumed())
        if earlier and (sent := (yield from self._sent_by(earlier))):
            return sent
        others = [*self.others, *(earlier.sent_under_key if earlier else [])]
        user_id = earlier.user_id if earlier and not self.ledger else None  # found when it was assumed
        if self.admission:
            yield from self.admission.hear(self.recipient)
        begun = yield from begin_send(self.recipient, self.text, others, user_id, self._part)
        if earlier and not earlier.message and _alike(earlier, begun):
            # The message of the earlier attempt may still turn up in the history.
            first = yield from by_server(earlier.since)
            begun = replace(begun, began=min(first, begun.began))
        if self.admission:
            self.admission.admit(begun, self.recipient.phone, self._counted_as)
        entry = Entry(**vars(begun), generation=self.attempt.generation, person=self._phone_digest)
        if self.ledger:
            self.ledger.write(self._key, asdict(entry))
        return entry

    def _sent_by(self, earlier: Entry) -> Flow[SentMessage | None]:
        """Return what an earlier attempt has sent; ``None``, where this one is to send."""
        if not earlier.message:
            return (yield from self._reconciled(earlier))
        if self._is_to_be_resent(earlier):
            return None
        yield from self._warn_of_other_recipient(earlier)
        return SentMessage(self.full_message(earlier), False, earlier.channel_uuid)

    def _assumed(self) -> Flow[Entry | None]:
        """Without a ledger, assume that an earlier attempt began to send to the person named now."""
        again = self.on_rerun == "resend" and self.attempt.cleared
        if not self.attempt.repeated or (again and self.attempt.renewed):
            return None
        begun = yield from begin_send(self.recipient, self.text, list(self.others), file=self._part)
        since = yield from moment(self.attempt.run_started if again else self.attempt.earliest)
        attempted = begun.began - self.attempt.retry_delay
        assumed = replace(begun, began=since.seconds, by_host=since.by_host, attempted=attempted)
        return Entry(**vars(assumed), generation=self.attempt.generation, person=self._phone_digest)

    def _reconciled(self, begun: Entry) -> Flow[SentMessage | None]:
        """Look for the message of an earlier attempt; ``None``: send to the person named now."""
        found = yield from self._find(begun)
        if not found:
            return None
        self._has_same_text(begun)
        yield from self._warn_of_other_recipient(begun)
        return self._done(replace(begun, generation=self.attempt.generation), found, just_now=False)

    def _find(self, begun: Entry) -> Flow[Message | None]:
        if self.if_unclear == "resend":
            return None
        if self.if_unclear == "fail":
            raise begun.unknown('an earlier attempt began to send it, and if_unclear is "fail"')
        log.info("An earlier attempt may have sent the message: looking into the history.")
        try:
            return (yield from find_sent(begun, self.text))
        except UnknownOutcomeError as error:
            error.temporary = True  # a retry of the task looks again
            raise

    def _failed(self, error: WahelpError) -> None:
        if isinstance(error, UnknownOutcomeError):
            error.temporary = True  # a retry of the task looks again
        if self.ledger and not error.may_have_happened:
            self.ledger.forget(self._key)

    def _done(self, entry: Entry, message: Message, *, just_now: bool) -> SentMessage:
        sent = message.to_dict()
        if self.ledger:
            self.ledger.write(self._key, asdict(replace(entry, message=impersonal(sent))))
        return SentMessage(sent, just_now, entry.channel_uuid)

    def _has_same_text(self, sent: Entry) -> bool:
        name = self.file.name if self.file else ""
        is_untold = self.file is not None and not name  # the server that it comes from was not asked
        same_file = bool(sent.file) if is_untold else sent.file == (name_digest(name) if name else "")
        if sent.digest == digest(self.text) and same_file:
            return True
        what = "text or file" if sent.file or self.file else "text"
        log.warning(
            "An earlier attempt sent the message with another %s. The %s of this one is not sent.", what, what
        )
        return False

    def _warn_of_other_recipient(self, sent: Entry) -> Flow[None]:
        if not (yield from self._went_to_recipient(sent)):
            log.warning(
                "An earlier attempt sent the message to user %s. The task now names another person, to whom "
                'nothing is sent. To send to that person, clear the task with on_rerun="resend", or use an '
                "idempotency_key that differs from person to person.",
                sent.user_id,
            )

    def _went_to_recipient(self, sent: Entry) -> Flow[bool]:
        """Compare without a request where possible; a person who cannot be looked up is not doubted."""
        to = self.recipient
        if to.user_id is not None:
            return _same_id(to.user_id, sent.user_id)
        if sent.person == self._phone_digest:
            return True
        try:
            user = yield from find_user(to.project_id, sent.channel_uuid, to.phone)
        except WahelpError:
            return True
        return user is not None and user.id is not None and _same_id(user.id, sent.user_id)

    @cached_property
    def _phone_digest(self) -> str:
        """What a person named by phone is recognised by. Without a key, all phones could be tried out."""
        if not self.recipient.phone:
            return ""
        return keyed_hash(digest_key(), b"recipient", self.recipient.phone.encode()).hexdigest()


def _alike(one: BegunSend, other: BegunSend) -> bool:
    """Return whether two sends are of one text, to one person, through one channel."""
    same = (one.digest, one.file, one.channel_uuid) == (other.digest, other.file, other.channel_uuid)
    return same and _same_id(one.user_id, other.user_id)


def _same_id(one: Id, other: Id) -> bool:
    return str(one) == str(other)  # a template turns numbers into strings

"""Sending one message exactly once, over retries and killed workers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.messages import Recipient, send_message
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.operations import T
from airflow_provider_wahelp.client.reconcile import by_server, digest, find_sent, moment
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.client.users import find_user
from airflow_provider_wahelp.delivery.attempt import Attempt
from airflow_provider_wahelp.delivery.ledger import Ledger
from airflow_provider_wahelp.delivery.message.send_record import Entry
from airflow_provider_wahelp.delivery.message.wait_state import shown
from airflow_provider_wahelp.hooks.wahelp import WahelpHook
from airflow_provider_wahelp.storage.keys import digest_key, keyed_hash

log = logging.getLogger(__name__)


class Result(NamedTuple):
    """What a send comes to.

    :param message: the message.
    :param just_now: whether it was sent just now.
    :param channel_uuid: the channel that it went through, which an earlier attempt may have chosen.
    """

    message: dict[str, Any]
    just_now: bool
    channel_uuid: str


@dataclass(frozen=True)
class Delivery:
    """A message that is to arrive once.

    :param hook: the hook.
    :param recipient: whom it is for.
    :param text: the text.
    :param attempt: which attempt of the task this is.
    :param ledger: where the state is kept; ``None`` before Airflow 3.3, unless the author names a path.
    :param key: what the send is filed under; the attempt's own by default.
    :param if_unclear: what to do where an earlier attempt may have sent: ``check``, ``fail`` or ``resend``.
    :param on_rerun: what to do where the task had sent before it was cleared: ``skip`` or ``resend``.
    """

    hook: WahelpHook
    recipient: Recipient
    text: str
    attempt: Attempt
    ledger: Ledger | None = None
    key: str = ""
    if_unclear: str = "check"
    on_rerun: str = "skip"

    def send(self) -> Result:
        """Send it, unless it was sent already.

        :raises UnknownOutcomeError: if it is not known whether it was sent.
        """
        entry = self._earlier()
        if not entry:
            return self._send(self._resolved())
        if entry.message is None:
            return self._settle(entry)
        if self._again(entry):
            return self._send(self._resolved(), others=[*entry.others, entry.message["id"]])
        self._warn_of_another_person(entry)
        return Result(self.whole(entry), False, self._channel(entry))

    def kept(self) -> Entry | None:
        """Return what the ledger says of this send; nothing, where it is to be sent once more."""
        entry = self._read()
        return None if entry and entry.message is not None and self._again(entry) else entry

    def note(self, status: str) -> Entry | None:
        """Keep how far the message has got, so that nobody needs to look again.

        :param status: its status.
        :return: what is kept; ``None`` without a ledger.
        """
        entry = self._read()
        if not self.ledger or not entry or entry.message is None:
            return None
        noted = replace(entry, message={**entry.message, "status": status})
        if noted != entry:
            self.ledger.write(self._key, asdict(noted))
        return noted

    def whole(self, done: Entry) -> dict[str, Any]:
        """Return what was sent, with the text that the ledger does not hold: ``None`` where it was another.

        :param done: what the ledger holds.
        """
        same = self._is_of_this_text(done)
        return {**Message().to_dict(), **(done.message or {}), "text": self.text if same else None}

    def restarted(self) -> float:
        """Return when a task that was cleared began anew, in seconds since 1970 by the server's clock."""
        if not self.ledger:
            began = None if self.attempt.renewed else self.attempt.run_started
            return self.hook.run(moment(began)).seconds
        key, generation = f"{self._key}/restarted", self.attempt.generation
        kept = self.ledger.read(key)
        if not kept or kept["generation"] != generation:
            kept = {"generation": generation, "at": self.hook.run(moment()).seconds}
            self.ledger.write(key, kept)
        return float(kept["at"])

    @property
    def _key(self) -> str:
        return self.key or self.attempt.key

    def _earlier(self) -> Entry | None:
        """Return what an earlier attempt has left, or what must be assumed of it."""
        return self._read() if self.ledger else self._assumed()

    def _read(self) -> Entry | None:
        kept = self.ledger.read(self._key) if self.ledger else None
        return Entry(**kept) if kept else None

    def _again(self, done: Entry) -> bool:
        """Return whether the task was cleared since it has sent, in order to send once more."""
        cleared = self.attempt.cleared and done.generation != self.attempt.generation
        return self.on_rerun == "resend" and cleared

    def _assumed(self) -> Entry | None:
        """Without a ledger, take an earlier attempt for one that had begun to send."""
        again = self.on_rerun == "resend" and self.attempt.cleared
        if not self.attempt.repeated or (again and self.attempt.renewed):
            return None
        began = self.attempt.run_started if again else self.attempt.earliest
        since = self.hook.run(moment(began))
        return Entry(since.seconds, digest(self.text), "", self.attempt.generation, by_host=since.by_host)

    def _settle(self, begun: Entry) -> Result:
        """Find out what became of a send that was begun; if nothing did, send to whoever is named now."""
        user_id = None
        if not begun.user_id:
            user_id = self._resolved()
            begun = replace(begun, user_id=user_id, person=self._person)
        if found := self._look(begun):
            self._warn_of_another_person(begun)
            channel = self._channel(begun)
            begun = replace(begun, generation=self.attempt.generation, channel_uuid=channel)
            return Result(self._finish(begun, found), False, channel)
        return self._send(self._resolved() if user_id is None else user_id, begun, begun.others)

    def _send(self, user_id: Id, earlier: Entry | None = None, others: Sequence[Id] = ()) -> Result:
        entry = self._begin(user_id, earlier, others)
        return Result(self._finish(entry, self._post(entry)), True, entry.channel_uuid)

    def _resolved(self) -> Id:
        return self.hook.run(self.recipient.resolve())

    def _look(self, entry: Entry) -> Message | None:
        """Find out what became of a send that was begun."""
        if self.if_unclear == "resend":
            return None
        log.info("An earlier attempt may have sent the message: looking into the history.")
        found = self.hook.run(self._settled(self._search(entry)))
        if found:
            self._is_of_this_text(entry)
        return found

    def _search(self, entry: Entry) -> Flow[Message | None]:
        channel = self._channel(entry)
        if self.if_unclear == "fail":
            raise UnknownOutcomeError(
                f"send a message to user {entry.user_id} through channel {channel}",
                'an earlier attempt has started it, and if_unclear is "fail"',
            )
        known = self.recipient.project_id, channel, entry.user_id, entry.digest, entry.since, entry.others
        return (yield from find_sent(*known))

    def _channel(self, entry: Entry) -> str:
        return entry.channel_uuid or self.recipient.channel_uuid

    def _begin(self, user_id: Id, earlier: Entry | None, others: Sequence[Id]) -> Entry:
        to = self.recipient.channel_uuid, str(user_id)
        same = earlier if earlier and (self._channel(earlier), str(earlier.user_id)) == to else None
        since = self.hook.run(self._since(same))
        entry = Entry(
            since.seconds,
            digest(self.text),
            user_id,
            self.attempt.generation,
            others=list(others),
            by_host=since.by_host,
            person=self._person,
            channel_uuid=self.recipient.channel_uuid,
        )
        if self.ledger:
            self.ledger.write(self._key, asdict(entry))
        return entry

    def _since(self, earlier: Entry | None) -> Flow[Moment]:
        """Return when this is begun: what was begun first may still turn up."""
        now = yield from moment()
        if not earlier or earlier.digest != digest(self.text):
            return now
        return replace(now, seconds=min(now.seconds, (yield from by_server(earlier.since))))

    def _post(self, entry: Entry) -> Message:
        look = self.if_unclear == "check"
        sending = send_message(
            self.recipient, entry.user_id, self.text, entry.since, look=look, others=entry.others
        )
        try:
            return self.hook.run(self._settled(sending))
        except WahelpError as error:
            if self.ledger and not error.may_have_happened:
                self.ledger.forget(self._key)
            raise

    def _settled(self, conversation: Flow[T]) -> Flow[T]:
        """Say of an unclear outcome whether a retry of the task settles it: if it looks again, it may."""
        try:
            return (yield from conversation)
        except UnknownOutcomeError as error:
            error.temporary = self.if_unclear == "check"
            raise
        except WahelpError as error:
            if self.if_unclear == "fail" and error.may_have_happened:
                raise UnknownOutcomeError(error.what, error.reason, status=error.status) from error
            raise

    def _is_of_this_text(self, sent: Entry) -> bool:
        if sent.digest == digest(self.text):
            return True
        log.warning("The message was sent already, with a text that would now be another.")
        return False

    def _warn_of_another_person(self, sent: Entry) -> None:
        if not self._went_to_the_one_named_now(sent):
            log.warning(
                "An earlier attempt sent the message to user %s, who is not the person named now: to that "
                'one nothing is sent. A cleared task with on_rerun="resend" sends to them, and so does an '
                "idempotency_key that differs from person to person.",
                sent.user_id,
            )

    def _went_to_the_one_named_now(self, sent: Entry) -> bool:
        """Compare without a request where that can be done; what cannot be looked up is not doubted."""
        to = self.recipient
        if to.user_id is not None:
            return _same(to.user_id, sent.user_id)
        if sent.person == self._person:
            return True
        try:
            user = self.hook.run(find_user(to.project_id, self._channel(sent), to.phone))
        except WahelpError:
            return True
        return user is not None and user.id is not None and _same(user.id, sent.user_id)

    @cached_property
    def _person(self) -> str:
        """What somebody named by phone is recognised by; a digest without a key would be tried out."""
        if not self.recipient.phone:
            return ""
        return keyed_hash(digest_key(), b"recipient", self.recipient.phone.encode()).hexdigest()

    def _finish(self, entry: Entry, message: Message) -> dict[str, Any]:
        sent = message.to_dict()
        if self.ledger:
            self.ledger.write(self._key, asdict(replace(entry, message=shown(sent))))
        return sent


def _same(one: Id, other: Id) -> bool:
    """Return whether two ids are the same, as a template turns numbers into words."""
    return str(one) == str(other)

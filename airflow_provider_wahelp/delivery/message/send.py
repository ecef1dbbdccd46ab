"""Sending one message exactly once, over retries and killed workers."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.messages import Recipient, post_message, send_message
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.operations import T
from airflow_provider_wahelp.client.reconcile import BegunSend, by_server, digest, find_sent, moment
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
        return self.hook.run(self._send())

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

    def _send(self) -> Flow[Result]:
        earlier = self._read() if self.ledger else (yield from self._assumed())
        if not earlier:
            return (yield from self._post())
        if not earlier.message:
            return (yield from self._settle(earlier))
        if self._again(earlier):
            return (yield from self._post(earlier))
        yield from self._warn_of_another_person(earlier)
        return Result(self.whole(earlier), False, earlier.channel_uuid)

    def _read(self) -> Entry | None:
        kept = self.ledger.read(self._key) if self.ledger else None
        return Entry(**kept) if kept else None

    def _again(self, done: Entry) -> bool:
        """Return whether the task was cleared since it has sent, in order to send once more."""
        cleared = self.attempt.cleared and done.generation != self.attempt.generation
        return self.on_rerun == "resend" and cleared

    def _assumed(self) -> Flow[Entry | None]:
        """Without a ledger, take an earlier attempt for one that had begun to send to the same person."""
        again = self.on_rerun == "resend" and self.attempt.cleared
        if not self.attempt.repeated or (again and self.attempt.renewed):
            return None
        since = yield from moment(self.attempt.run_started if again else self.attempt.earliest)
        return self._entry((yield from self.recipient.resolve()), since)

    def _settle(self, begun: Entry) -> Flow[Result]:
        """Find out what became of a send that was begun; if nothing did, send to whoever is named now."""
        if found := (yield from self._look(begun)):
            yield from self._warn_of_another_person(begun)
            begun = replace(begun, generation=self.attempt.generation)
            return Result(self._finish(begun, found), False, begun.channel_uuid)
        return (yield from self._post(begun))

    def _look(self, begun: Entry) -> Flow[Message | None]:
        if self.if_unclear == "resend":
            return None
        log.info("An earlier attempt may have sent the message: looking into the history.")
        found = yield from self._settled(self._search(begun))
        if found:
            self._is_of_this_text(begun)
        return found

    def _search(self, begun: Entry) -> Flow[Message | None]:
        if self.if_unclear == "fail":
            raise UnknownOutcomeError(
                f"send a message to user {begun.user_id} through channel {begun.channel_uuid}",
                'an earlier attempt has started it, and if_unclear is "fail"',
            )
        return (yield from find_sent(begun))

    def _post(self, earlier: Entry | None = None) -> Flow[Result]:
        # Without a ledger the earlier attempt is taken to have been for the person named now.
        known = earlier.user_id if earlier and not self.ledger else None
        entry = yield from self._begin(known or (yield from self.recipient.resolve()), earlier)
        sending = send_message if self.if_unclear == "check" else post_message
        try:
            message = yield from self._settled(sending(entry, self.text))
        except WahelpError as error:
            if self.ledger and not error.may_have_happened:
                self.ledger.forget(self._key)
            raise
        return Result(self._finish(entry, message), True, entry.channel_uuid)

    def _begin(self, user_id: Id, earlier: Entry | None) -> Flow[Entry]:
        entry = self._entry(user_id, (yield from moment()))
        if earlier and earlier.message:
            entry = replace(entry, others=[*earlier.others, earlier.message["id"]])
        elif earlier:
            # What was begun first may still turn up.
            first = (yield from by_server(earlier.since)) if _alike(earlier, entry) else entry.began
            entry = replace(entry, others=earlier.others, began=min(entry.began, first))
        if self.ledger:
            self.ledger.write(self._key, asdict(entry))
        return entry

    def _entry(self, user_id: Id, since: Moment) -> Entry:
        return Entry(
            self.recipient.project_id,
            self.recipient.channel_uuid,
            user_id,
            digest(self.text),
            since.seconds,
            since.by_host,
            generation=self.attempt.generation,
            person=self._person,
        )

    def _settled(self, flow: Flow[T]) -> Flow[T]:
        """Say of an unclear outcome whether a retry of the task settles it: if it looks again, it may."""
        try:
            return (yield from flow)
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

    def _warn_of_another_person(self, sent: Entry) -> Flow[None]:
        if not (yield from self._went_to_the_one_named_now(sent)):
            log.warning(
                "An earlier attempt sent the message to user %s, who is not the person named now: to that "
                'one nothing is sent. A cleared task with on_rerun="resend" sends to them, and so does an '
                "idempotency_key that differs from person to person.",
                sent.user_id,
            )

    def _went_to_the_one_named_now(self, sent: Entry) -> Flow[bool]:
        """Compare without a request where that can be done; what cannot be looked up is not doubted."""
        to = self.recipient
        if to.user_id is not None:
            return _same(to.user_id, sent.user_id)
        if sent.person == self._person:
            return True
        try:
            user = yield from find_user(to.project_id, sent.channel_uuid, to.phone)
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


def _alike(one: BegunSend, other: BegunSend) -> bool:
    """Return whether two sends are the same text for the same person through the same channel."""
    same = one.digest == other.digest and one.channel_uuid == other.channel_uuid
    return same and _same(one.user_id, other.user_id)


def _same(one: Id, other: Id) -> bool:
    """Return whether two ids are the same, as a template turns numbers into words."""
    return str(one) == str(other)

"""Sending one message exactly once, over retries and killed workers."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from typing import Any

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import UnclearError, WahelpError
from airflow_provider_wahelp.client.messages import Recipient, send_message
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.operations import T
from airflow_provider_wahelp.client.steps import Conversation, Moment
from airflow_provider_wahelp.client.unclear import by_server, digest, moment, sent_after_all
from airflow_provider_wahelp.delivery.attempt import Attempt
from airflow_provider_wahelp.delivery.entry import Entry
from airflow_provider_wahelp.delivery.ledger import Ledger
from airflow_provider_wahelp.hooks.wahelp import WahelpHook

log = logging.getLogger(__name__)


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

    def send(self) -> tuple[dict[str, Any], bool]:
        """Send it, unless it was sent already.

        :return: the message, and whether it was sent just now.
        :raises UnclearError: if it is not known whether it was sent.
        """
        entry = self._earlier()
        others: list[Id] = []
        if entry and entry.message is not None:
            if not self._again(entry):
                return dict(entry.message), False
            others = [*entry.others, entry.message["id"]]
            entry = None
        user_id = entry.user_id if entry and entry.user_id else self.hook.run(self.recipient.resolve())
        if entry and (found := self._look(entry, user_id)):
            entry = replace(entry, user_id=user_id, generation=self.attempt.generation)
            return self._finish(entry, found), False
        entry = self._begin(user_id, entry, others)
        return self._finish(entry, self._post(entry)), True

    def kept(self) -> Entry | None:
        """Return what the ledger says of this send; nothing, where it is to be sent once more."""
        entry = self._read()
        return None if entry and entry.message is not None and self._again(entry) else entry

    def note(self, status: str) -> dict[str, Any] | None:
        """Keep how far the message has got, so that nobody needs to look again.

        :param status: its status.
        :return: the message as it is kept; ``None`` without a ledger.
        """
        entry = self._read()
        if not self.ledger or not entry or entry.message is None:
            return None
        message = {**entry.message, "status": status}
        if message != entry.message:
            self.ledger.write(self._key, asdict(replace(entry, message=message)))
        return message

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

    def _look(self, entry: Entry, user_id: Id) -> Message | None:
        """Find out what became of a send that was begun."""
        if self.if_unclear == "resend":
            return None
        log.info("An earlier attempt may have sent the message: looking into the history.")
        found = self.hook.run(self._settled(self._search(entry, user_id)))
        if found and entry.digest != digest(self.text):
            log.warning("The message was sent already, with a text that would now be another.")
        return found

    def _search(self, entry: Entry, user_id: Id) -> Conversation[Message | None]:
        to = self.recipient
        if self.if_unclear == "fail":
            raise UnclearError(
                f"tell whether a message to user {user_id} through channel {to.channel_uuid} was sent",
                'an earlier attempt had begun to send it, and if_unclear is "fail"',
            )
        known = to.project_id, to.channel_uuid, user_id, entry.digest, entry.since, entry.others
        return (yield from sent_after_all(*known))

    def _begin(self, user_id: Id, earlier: Entry | None, others: list[Id]) -> Entry:
        since = self.hook.run(self._since(earlier))
        entry = Entry(
            since.seconds,
            digest(self.text),
            user_id,
            self.attempt.generation,
            others=list(earlier.others) if earlier else others,
            by_host=since.by_host,
        )
        if self.ledger:
            self.ledger.write(self._key, asdict(entry))
        return entry

    def _since(self, earlier: Entry | None) -> Conversation[Moment]:
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

    def _settled(self, conversation: Conversation[T]) -> Conversation[T]:
        """Say of an unclear outcome whether a retry of the task settles it: if it looks again, it may."""
        try:
            return (yield from conversation)
        except UnclearError as error:
            error.temporary = self.if_unclear == "check"
            raise
        except WahelpError as error:
            if self.if_unclear == "fail" and error.may_have_happened:
                raise UnclearError(error.what, str(error), status=error.status) from error
            raise

    def _finish(self, entry: Entry, message: Message) -> dict[str, Any]:
        sent = message.to_dict()
        if self.ledger:
            self.ledger.write(self._key, asdict(replace(entry, message=sent)))
        return sent

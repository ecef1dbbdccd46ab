"""Writing to one person of a mailing, from any thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import (
    ChannelNotActiveError,
    InputError,
    MessengerMissingError,
    RecipientMissingError,
    RecipientRefusedError,
    RejectedError,
    WahelpError,
)
from airflow_provider_wahelp.client.messages import Recipient, send_message
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.reconcile import BegunSend
from airflow_provider_wahelp.delivery.mailing.files import MailingFiles
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, REFUSED, WAITING, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.strikes import Strikes
from airflow_provider_wahelp.hooks.wahelp import WahelpHook
from airflow_provider_wahelp.storage.user_ids import UserIdCache, is_same_phone

log = logging.getLogger(__name__)


class SendResult(NamedTuple):
    """What came of a send.

    :param state: an outcome, or one of the states of a queued message.
    :param strike: when it failed, by :class:`Strikes`; 0 if it did not.
    """

    state: str
    reason: str = ""
    message_id: Id | None = None
    strike: int = 0


Identified = tuple[QueuedMessage, SendResult | None]
"""A recipient with their id in the channel, or with the reason why there is no id."""


class Sender:
    """Finds recipients in a channel and writes to them; a fault that concerns all of them stops it.

    :param user_ids: the ids of phones that the host remembers.
    :param files: what is sent with the texts.
    """

    def __init__(
        self,
        hook: WahelpHook,
        project_id: Id,
        channel_uuid: str,
        user_ids: UserIdCache,
        files: MailingFiles | None = None,
    ) -> None:
        self.hook = hook
        self.project_id = project_id
        self.channel_uuid = channel_uuid
        self.fault: Exception | None = None
        self.strikes = Strikes()
        self._user_ids = user_ids
        self._files = files
        self._looked_up: set[int] = set()

    @property
    def stopped(self) -> bool:
        """Whether nobody is to be written to: a fault concerns all, or may do."""
        return self.fault is not None or self.strikes.stopped

    @property
    def trouble(self) -> str:
        """What keeps Wahelp from answering, where calls are being repeated; nothing if it answers."""
        return self.hook.get_conn().trouble

    def insist_on_active(self) -> None:
        """Refuse a channel through which nothing can be sent."""
        insist_on_active(self.hook, self.project_id, self.channel_uuid)

    def close(self) -> None:
        """Let go of what the tasks of the host share."""
        self._user_ids.close()

    def identified(
        self,
        pool: ThreadPoolExecutor,
        people: Sequence[QueuedMessage],
        result: Callable[[Future[Identified]], Identified] = Future.result,
    ) -> Iterable[Identified]:
        """Return recipients with their ids in the channel, or with the reason why there is no id.

        :param pool: looks up the ids that the host does not remember.
        :param result: waits for what a thread finds out.
        """
        unnamed = [person.phone for person in people if person.user_id is None]
        # In doubt each id is looked up: those that the host remembers may be what is wrong.
        known = self._user_ids.get_many(unnamed) if unnamed and not self.strikes.probing else {}
        named = (
            person if person.user_id is not None else person._replace(user_id=known.get(person.phone))
            for person in people
        )
        if not unnamed:  # a thread that has nothing to look up costs more than the answer
            return ((person, None) for person in people)
        return map(result, [pool.submit(self._identify, person) for person in named])

    def post(self, person: QueuedMessage) -> SendResult:
        """Write to a recipient, once."""
        if self.stopped or person.user_id is None:
            return SendResult(WAITING)
        began = self.strikes.begin()
        where = self.project_id, self.channel_uuid, person.user_id
        begun = BegunSend(*where, person.digest, person.began or 0.0, bool(person.by_host))
        try:
            file = self._files.part(person) if self._files else None
            message = self.hook.run(send_message(begun, person.text, looks=None, file=file))
        except WahelpError as error:
            return self._result(error, person)
        except Exception as error:  # noqa: BLE001 - whatever it is: it may have gone
            self.fault = error
            return SendResult(OPEN)
        self.strikes.accepted(began)
        return self._astray(message, person) or SendResult(Outcome.SENT, message_id=message.id)

    def learn(self, message: Message) -> None:
        """Forget an id that a message shows to be another phone's by now."""
        self._user_ids.learn(message.user_id, message.phone)

    def _identify(self, person: QueuedMessage) -> Identified:
        if person.user_id is not None:
            return person, None
        if self.stopped:
            return person, SendResult(WAITING)
        number = person.phone
        to = Recipient(self.project_id, self.channel_uuid, phone=number, name=person.name or number)
        try:
            user_id = self.hook.run(to.resolve())
        except WahelpError as error:
            error.may_have_happened = False  # at most they were added: nothing was sent
            return person, self._result(error, person)
        self._user_ids.put(number, user_id)
        self._looked_up.add(person.number)
        return person._replace(user_id=user_id), None

    def _result(self, error: WahelpError, person: QueuedMessage) -> SendResult:
        """Tell a fault that concerns one recipient from one that concerns all."""
        if isinstance(error, MessengerMissingError):
            return SendResult(Outcome.NO_MESSENGER, error.meaning)
        if isinstance(error, InputError):
            return SendResult(Outcome.FAILED, str(error))
        outdated = isinstance(error, RecipientMissingError) and self._renew(person)
        if state := WAITING if outdated else _state_of(error):
            return SendResult(state, str(error), strike=self.strikes.add(person.number, error.reason))
        self.fault = error
        return SendResult(WAITING)

    def _astray(self, message: Message, person: QueuedMessage) -> SendResult | None:
        """Return what to do about a message that went to an id that is another phone's by now."""
        remembered = person.by_phone and person.number not in self._looked_up
        if not remembered or not message.phone or is_same_phone(message.phone, person.phone):
            return None
        self._user_ids.forget(person.phone)
        anew, failed = self._identify(person._replace(user_id=None))
        if anew.user_id is not None and str(anew.user_id) == str(person.user_id):
            return None
        log.warning(
            "Row %d: its message went to user %s, whose phone is another one by now. The host had remembered "
            "the user for the phone of the row.",
            person.number,
            person.user_id,
        )
        return failed or SendResult(WAITING)  # the recipient has got nothing yet

    def _renew(self, person: QueuedMessage) -> bool:
        """Forget an id that the host remembers and that is outdated, once; return whether it was one."""
        outdated = person.by_phone and person.user_id is not None and person.number not in self._looked_up
        if outdated:
            self._looked_up.add(person.number)  # whatever comes of that: once
            self._user_ids.forget(person.phone)
        return outdated


def insist_on_active(hook: WahelpHook, project_id: Id, channel_uuid: str) -> None:
    """Refuse a channel through which nothing can be sent.

    :raises ChannelNotActiveError: if it is not authorized, or was logged out.
    """
    if not hook.get_channel(channel_uuid, project_id).active:
        raise ChannelNotActiveError(f"write to anybody through channel {channel_uuid}")


def _state_of(error: WahelpError) -> str | None:
    """Return what an error makes of one recipient; ``None``: it concerns all."""
    if error.may_have_happened:
        return OPEN
    if isinstance(error, RecipientRefusedError):
        return REFUSED
    of_person = isinstance(error, RejectedError | RecipientMissingError)
    return Outcome.FAILED if of_person and not isinstance(error, ChannelNotActiveError) else None

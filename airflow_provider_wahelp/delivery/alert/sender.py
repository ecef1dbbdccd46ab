"""Sending an alert to one recipient, once, through the first channel that reaches them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import (
    ChannelNotActiveError,
    NoChannelWorkedError,
    NotFoundError,
    RecipientRefusedError,
    RejectedError,
    WahelpError,
)
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.messages import Recipient, begin_send, by_phone, send_message
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.proof import find_sent
from airflow_provider_wahelp.client.reconcile import BegunSend
from airflow_provider_wahelp.delivery.alert.recipients import AlertRecipient, Channels
from airflow_provider_wahelp.delivery.alert.store import Action, Alert, Alerts, Claim
from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
from airflow_provider_wahelp.storage.state.interface import State
from airflow_provider_wahelp.storage.user_ids import UserIdCache, is_same_phone

T = TypeVar("T")

log = logging.getLogger(__name__)

_NOT_OF_FILE = (RecipientRefusedError, ChannelNotActiveError)

LOOKS = (0.0, 1.5, 2.5)
"""Seconds before each look into the history: fewer than for a send, as an alert has seconds, not minutes."""


@dataclass(frozen=True)
class AlertMessage:
    """What an alert says.

    :param file: a file to send with it.
    :param text_alone: the text where Wahelp refuses the file.
    """

    text: str = field(repr=False)
    file: FilePart | None = None
    text_alone: str = field(default="", repr=False)


class AlertSender:
    """Sends alerts that this process has claimed.

    :param remembering: the state in which the ids of phones are remembered, and the key of their digests.
    """

    def __init__(
        self, hook: WahelpAsyncHook, alerts: Alerts, channels: Channels, remembering: tuple[State, bytes]
    ) -> None:
        self._remembering = remembering
        self._hook = hook
        self._alerts = alerts
        self._channels = channels

    async def send(self, alert: Alert, who: AlertRecipient, claim: Claim, said: AlertMessage) -> None:
        """Send an alert, unless its message turns out to have been sent before.

        :raises WahelpError: if it was not sent, or if that is not known.
        """
        try:
            if claim.action is Action.RECONCILE and (
                found := await self._find_sent(alert, claim.note, said.text)
            ):
                log.info("Nothing to send to %s: message %s was sent before.", who, found.id)
            else:
                await self._try_channels(alert, who, said)
        except WahelpError:
            await asyncio.to_thread(self._alerts.give_back, alert)
            raise
        except BaseException:  # above all out of time: none is left to wait for a thread
            self._alerts.give_back(alert)
            raise
        await asyncio.to_thread(self._alerts.finish, alert)

    async def _find_sent(self, alert: Alert, note: Mapping[str, Any], text: str) -> Message | None:
        """Find the message that a process has begun to send, and of which it noted no end."""
        found = await self._hook.run(find_sent(BegunSend(**note), text, LOOKS))
        if found is None:
            await asyncio.to_thread(self._alerts.withdraw, alert)
        return found

    async def _try_channels(self, alert: Alert, who: AlertRecipient, said: AlertMessage) -> None:
        """Send it through the first channel in which the recipient can be written to."""
        failed = []
        for channel in self._channels.uuids:
            try:
                to = await self._recipient(who, channel)
                message = await self._post(alert, to, await self._user_id(to), said)
            except RecipientRefusedError as error:
                if len(self._channels.uuids) == 1:
                    raise
                failed.append(f"channel {channel or 'of the connection'}: {error.meaning}")
                log.info("%s", error)
            else:
                log.info("Sent to %s: message %s through channel %s", who, message.id, to.channel_uuid)
                return
        raise NoChannelWorkedError(f"send to {who}", "; ".join(failed))

    async def _post(self, alert: Alert, to: Recipient, user_id: Id, said: AlertMessage) -> Message:
        begun = await self._hook.run(begin_send(to, said.text, user_id=user_id, file=said.file))
        try:
            await asyncio.to_thread(self._alerts.begin, alert, asdict(begun))
        except BaseException:  # out of time in a storm: no request has left
            self._alerts.withdraw(alert)
            raise
        try:
            send = send_message(begun, said.text, LOOKS, patient=False, file=said.file)
            message = await self._hook.run(send)
            if not await self._is_another(to, message):
                return message
        except WahelpError as error:
            if not error.may_have_happened:  # what comes next may fail, or run out of time
                await asyncio.to_thread(self._alerts.withdraw, alert)
            of_file = isinstance(error, RejectedError) and not isinstance(error, _NOT_OF_FILE)
            if said.file and of_file:  # or of the text, and then this fails once more
                return await self._post(alert, to, user_id, AlertMessage(said.text_alone))
            if not isinstance(error, NotFoundError) or not await self._forget(to):
                raise
        return await self._post(alert, to, await self._resolve(to), said)

    async def _recipient(self, who: AlertRecipient, channel: str | None) -> Recipient:
        project, uuid = await self._hook.project_and_channel(channel, self._channels.project_id)
        if who.phone:
            return Recipient(project, uuid, phone=who.phone, name=self._channels.name or who.phone)
        first = self._channels.uuids[0]
        if channel == first:
            return Recipient(project, uuid, who.user_id)
        # The id belongs to the first channel. The other channels know the person by phone.
        known = await self._recipient(who, first)
        return replace(await self._ask(by_phone(known)), channel_uuid=uuid)

    async def _user_id(self, to: Recipient) -> Id:
        """Return the id of a user; a phone that the host remembers costs no request."""
        if to.user_id is not None:
            return to.user_id
        remembered = await self._remembered(to, lambda users: users.get(to.phone))
        return await self._resolve(to) if remembered is None else remembered

    async def _resolve(self, to: Recipient) -> Id:
        user_id = await self._ask(to.resolve())
        await self._remembered(to, lambda users: users.put(to.phone, user_id))
        return user_id

    async def _is_another(self, to: Recipient, message: Message) -> bool:
        """Return whether a message went to a remembered id that is another phone's by now; forget the id."""
        if to.user_id is not None or not message.phone or is_same_phone(message.phone, to.phone):
            return False
        await self._forget(to)
        if str(await self._resolve(to)) == str(message.user_id):
            return False
        log.warning("The alert went to user %s, whose phone is another one by now.", message.user_id)
        return True

    async def _ask(self, flow: Flow[T]) -> T:
        """Find out about a recipient."""
        try:
            return await self._hook.run(flow)
        except WahelpError as error:
            error.may_have_happened = False  # at most they were added to the channel: nothing was sent
            raise

    async def _forget(self, to: Recipient) -> bool:
        """Forget the user id of a phone, which may be out of date; return whether it was remembered."""

        def forget(users: UserIdCache) -> bool:
            known = users.get(to.phone) is not None
            users.forget(to.phone)
            return known

        return to.user_id is None and await self._remembered(to, forget)

    async def _remembered(self, to: Recipient, work: Callable[[UserIdCache], T]) -> T:
        """Do some work with the user ids that the host remembers of the recipient's channel."""
        scope = f"{await self._hook.server()}/{to.project_id}/{to.channel_uuid}"

        def do() -> T:
            with closing(UserIdCache(*self._remembering, scope)) as users:
                return work(users)

        return await asyncio.to_thread(do)

"""Telling one person of something, once, through the first channel that reaches them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from typing import Any, TypeVar

from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import (
    MessengerMissingError,
    NoChannelWorkedError,
    NotFoundError,
    WahelpError,
)
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.messages import Recipient, begin_send, by_phone, send_message
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.phones import normalise
from airflow_provider_wahelp.client.reconcile import BegunSend, find_sent
from airflow_provider_wahelp.delivery.alert.recipients import AlertRecipient, Way
from airflow_provider_wahelp.delivery.alert.store import Alert, Alerts, Claim
from airflow_provider_wahelp.delivery.alert.throttle import Move
from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
from airflow_provider_wahelp.storage.directory import shared_directory
from airflow_provider_wahelp.storage.keys import digest_key
from airflow_provider_wahelp.storage.user_ids import UserIdCache

T = TypeVar("T")

log = logging.getLogger(__name__)

LOOKS = (0.0, 1.5, 2.5)
"""Seconds before each look into the history: fewer than for a send, as an alert has seconds, not minutes."""


class AlertSender:
    """Tells people of things.

    :param hook: the hook.
    :param alerts: what the host knows.
    :param way: how an alert goes.
    """

    def __init__(self, hook: WahelpAsyncHook, alerts: Alerts, way: Way) -> None:
        self._hook = hook
        self._alerts = alerts
        self._way = way

    async def tell(self, alert: Alert, who: AlertRecipient, turn: Claim, text: str) -> None:
        """Tell somebody of something, unless they turn out to know.

        :param alert: what they are told of, and whose turn it is.
        :param who: the person.
        :param turn: what is to be done.
        :param text: the words.
        :raises WahelpError: if they were not told, or if that is not known.
        """
        try:
            if turn.move is Move.LOOK and (found := await self._look(alert, turn.note)):
                log.info("Nothing to tell %s: message %s has told it before.", who, found.id)
            else:
                await self._send(alert, who, text)
        except WahelpError:
            await asyncio.to_thread(self._alerts.give_back, alert)
            raise
        except BaseException:  # out of time, above all; no waiting for a thread now
            self._alerts.give_back(alert)
            raise
        await asyncio.to_thread(self._alerts.finish, alert)

    async def _look(self, alert: Alert, note: Mapping[str, Any]) -> Message | None:
        """Find out whether it was sent by somebody who did not come to say so."""
        found = await self._hook.run(find_sent(BegunSend(**note), LOOKS))
        if found is None:
            await asyncio.to_thread(self._alerts.withdraw, alert)
        return found

    async def _send(self, alert: Alert, who: AlertRecipient, text: str) -> None:
        """Send it through the first channel in which the person has the messenger."""
        tale = []
        for channel in self._way.channels:
            try:
                to, user_id = await self._find(who, channel)
                message = await self._post(alert, to, user_id, text)
            except MessengerMissingError as error:
                if len(self._way.channels) == 1:
                    raise
                tale.append(f"channel {channel or 'of the connection'}: {error.meaning}")
                log.info("%s", error)
            else:
                log.info("Told %s: message %s through channel %s", who, message.id, to.channel_uuid)
                return
        raise NoChannelWorkedError(f"tell {who}", "; ".join(tale))

    async def _post(self, alert: Alert, to: Recipient, user_id: Id, text: str) -> Message:
        begun = await self._hook.run(begin_send(to, text, user_id=user_id))
        try:
            await asyncio.to_thread(self._alerts.begin, alert, asdict(begun))
        except BaseException:  # out of time in a storm: no request has left
            self._alerts.withdraw(alert)
            raise
        try:
            return await self._hook.run(send_message(begun, text, LOOKS))
        except WahelpError as error:
            if not error.may_have_happened:  # what comes next may fail, or run out of time
                await asyncio.to_thread(self._alerts.withdraw, alert)
            if not isinstance(error, NotFoundError) or not await self._forget(to):
                raise
        return await self._post(alert, to, await self._resolve(to), text)

    async def _find(self, who: AlertRecipient, channel: str | None) -> tuple[Recipient, Id]:
        """Return a person in a channel; one whom the host remembers costs no request."""
        first = self._way.channels[0]
        phone = normalise(who.phone) if who.phone else None
        given = (who.user_id, phone, self._way.name)
        if phone or channel == first:
            to = await self._hook.recipient(*given, channel, self._way.project_id)
        else:  # a user of the first channel is known by phone in the others
            known = await self._hook.recipient(*given, first, self._way.project_id)
            phoned = await self._ask(by_phone(known))
            to = await self._hook.recipient(None, phoned.phone, phoned.name, channel, self._way.project_id)
        if to.user_id is not None:
            return to, to.user_id
        remembered = await asyncio.to_thread(_remembered, await self._scope(to), to.phone)
        return to, remembered if remembered is not None else await self._resolve(to)

    async def _resolve(self, to: Recipient) -> Id:
        user_id = await self._ask(to.resolve())
        await asyncio.to_thread(_remember, await self._scope(to), to.phone, user_id)
        return user_id

    async def _ask(self, conversation: Flow[T]) -> T:
        """Find out about a person."""
        try:
            return await self._hook.run(conversation)
        except WahelpError as error:
            error.may_have_happened = False  # at most they were added: nothing was sent
            raise

    async def _forget(self, to: Recipient) -> bool:
        """Forget who a phone is, and return whether that was known: perhaps they are not there any more."""
        return to.user_id is None and await asyncio.to_thread(_forget, await self._scope(to), to.phone)

    async def _scope(self, to: Recipient) -> str:
        return f"{await self._hook.server()}/{to.project_id}/{to.channel_uuid}"


def _remembered(scope: str, phone: str) -> Id | None:
    with _people(scope) as people:
        return people.get(phone)


def _remember(scope: str, phone: str, user_id: Id) -> None:
    with _people(scope) as people:
        people.put(phone, user_id)


def _forget(scope: str, phone: str) -> bool:
    """Forget who somebody is, and return whether that was known."""
    with _people(scope) as people:
        known = people.get(phone) is not None
        people.forget(phone)
        return known


def _people(scope: str) -> closing[UserIdCache]:
    return closing(UserIdCache(shared_directory(), scope, digest_key()))

"""The latest messages of a person, read live from Wahelp for somebody who looks at a page."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_wahelp.client import arguments, calls
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import NotFoundError, OutOfTimeError, RejectedError
from airflow_provider_wahelp.client.events import event_of
from airflow_provider_wahelp.client.flow import Flow, once
from airflow_provider_wahelp.client.history import Extent, by_time, read_history
from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.client.models import Message, User
from airflow_provider_wahelp.notifications.hook import InterruptibleHook
from airflow_provider_wahelp.pages.connections import insist_on_wahelp

SECONDS = 20.0
"""So long a look may take."""

MOST_READ = 1000
"""Messages of the channel that are looked through: the API has no history of a person (docs/api.md, 3.3)."""

MOST_SHOWN = 50


@dataclass(frozen=True)
class Channel:
    """The channel in which a person is looked for: a connection, and what replaces its defaults."""

    conn_id: str
    project_id: str | int | None = None
    channel_uuid: str | None = None


@dataclass
class Conversation:
    """What was said between a person and a channel, the oldest first.

    :param read: how many messages of the channel were looked through.
    :param whole: whether these were all.
    """

    project_id: Id
    channel_uuid: str
    user: User = field(repr=False)
    messages: list[Message] = field(default_factory=list, repr=False)
    read: int = 0
    whole: bool = False


async def read_conversation(asked: Channel, phone: str | None, user_id: Id | None) -> Conversation:
    """Return the latest messages of a person.

    :raises WahelpError: if the person or the messages cannot be read.
    """
    await asyncio.to_thread(insist_on_wahelp, asked.conn_id)
    arguments.recipient(user_id, phone)
    found: Conversation | None = None
    try:
        async with asyncio.timeout(SECONDS), InterruptibleHook(asked.conn_id, SECONDS) as hook:
            project, channel = await hook.project_and_channel(asked.channel_uuid, asked.project_id)
            user = await _person(hook, project, channel, phone, user_id)
            found = Conversation(project, channel, user)
            await hook.run(_read(found))
    except TimeoutError:
        if not found or not found.messages:
            raise OutOfTimeError("read the conversation") from None
    found.messages = sorted(found.messages, key=by_time)[-MOST_SHOWN:]
    return found


def shown(conversation: Conversation, *, revealed: bool) -> dict[str, Any]:
    """Return what the page shows of a conversation: plain JSON values.

    :param revealed: whether its texts, the phone and the name are among them.
    """
    user = conversation.user
    digits = user.phone or next((each.phone for each in conversation.messages if each.phone), "")
    phone = f"+{digits.lstrip('+')}" if digits else ""
    return {
        "project_id": conversation.project_id,
        "channel_uuid": conversation.channel_uuid,
        "user_id": user.id,
        "phone": phone if revealed or not phone else mask_phone(phone),
        "name": (user.name or "") if revealed else "",
        "revealed": revealed,
        "read": conversation.read,
        "whole": conversation.whole,
        "messages": [_message(each, revealed=revealed) for each in conversation.messages],
    }


async def _person(
    hook: InterruptibleHook, project: int, channel: str, phone: str | None, user_id: Id | None
) -> User:
    if phone:
        if (found := await hook.find_user(phone, channel, project)) is None or found.id is None:
            raise NotFoundError("find the person", "the channel has nobody with this phone")
        return found
    user = arguments.user_id(user_id)
    try:
        return await hook.run(once(calls.get_user(project, channel, user)))
    except (NotFoundError, RejectedError):  # the history may have them all the same
        return User(id=user)


def _read(conversation: Conversation) -> Flow[None]:
    """Read the history until there is enough of a person, or too much of others."""
    user_id, latest = str(conversation.user.id), math.inf
    newest_first = True

    def take(message: Message, extent: Extent) -> bool:
        nonlocal latest, newest_first
        conversation.read = extent.count
        newest_first = newest_first and _at(message) <= latest
        latest = _at(message)
        if str(message.user_id) == user_id and event_of(message):
            conversation.messages.append(message)
        enough = newest_first and len(conversation.messages) >= MOST_SHOWN
        return enough or extent.count >= MOST_READ

    extent = yield from read_history(
        conversation.project_id, conversation.channel_uuid, lambda _: -math.inf, take
    )
    conversation.whole = extent.is_whole


def _message(message: Message, *, revealed: bool) -> dict[str, Any]:
    event = event_of(message)
    text = {"text": message.text or ""} if revealed else {}
    return {
        "direction": message.direction,
        "kind": event.kind if event and event.kind in {"call", "deleted"} else message.message_type or "text",
        "status": message.status or "",
        "at": message.created_at.isoformat() if message.created_at else "",
        **text,
    }


def _at(message: Message) -> float:
    return message.created_at.timestamp() if message.created_at else -math.inf

"""Replies that a process took, and died before they had decided anything: the history still has them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from airflow_provider_wahelp.assets.uri import ChannelUri
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.events import event_of
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.history import Extent, read_history
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
from airflow_provider_wahelp.incoming.listener import oldest_first
from airflow_provider_wahelp.receiver.decisions import Question
from airflow_provider_wahelp.receiver.question_order import asked_since
from airflow_provider_wahelp.receiver.received import Received

log = logging.getLogger(__name__)

Place = tuple[str, ChannelUri]
"""A connection and a channel."""


class MissedReplies:
    """Finds them with the first event of a channel that a process takes: one reading, if a question waits."""

    def __init__(self) -> None:
        self._searched: set[Place] = set()

    def unsearched(self, received: Sequence[Received]) -> list[Received]:
        """Return the events from channels that were not searched yet."""
        return [each for each in received if _place(each) not in self._searched]

    async def before(
        self, received: Sequence[Received], asked: Mapping[str, Sequence[Question]]
    ) -> list[Received]:
        """Return what approvers wrote before these events, the oldest first, in channels not searched yet.

        :param asked: the questions of each connection.
        """
        found: list[Received] = []
        for place in {_place(each): None for each in self.unsearched(received)}:
            waiting = [question for question in asked.get(place[0], ()) if question.is_open]
            try:
                found += await _written(place, waiting) if waiting else []
            except WahelpError as error:  # the next event searches again
                log.warning("Replies from before this process was started are not known yet. %s", error)
            else:
                self._searched.add(place)
        told = {_key(each) for each in received}
        return [each for each in found if _key(each) not in told]


async def _written(place: Place, waiting: Sequence[Question]) -> list[Received]:
    conn_id, channel = place
    async with WahelpAsyncHook(conn_id) as hook:
        messages = await hook.run(_read(channel, waiting))
    events = [event for message in oldest_first(messages) if (event := event_of(message))]
    return [Received(conn_id, channel, event) for event in events if event.kind == "message"]


def _read(channel: ChannelUri, waiting: Sequence[Question]) -> Flow[list[Message]]:
    """Return what approvers have written since the first question that waits."""
    since = min(map(asked_since, waiting))
    found: list[Message] = []

    def take(message: Message, _: Extent) -> bool:
        if any(question.record.user_of(message.phone) for question in waiting):
            found.append(message)
        return False

    yield from read_history(channel.project_id, channel.channel_uuid, lambda _: since, take)
    return found


def _place(received: Received) -> Place:
    return received.conn_id, received.channel


def _key(received: Received) -> tuple[Place, str]:
    return _place(received), str(received.event.message.id)

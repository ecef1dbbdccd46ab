"""Which questions a message may answer: those that the channel's history has before it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.history import Extent, read_history
from airflow_provider_wahelp.client.history_clock import LONGEST_ZONE
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.incoming.listener import oldest_first

if TYPE_CHECKING:
    from airflow_provider_wahelp.receiver.decisions import Question

_SLACK = 300.0  # seconds by which a worker's clock may differ, beside a time zone: docs/api.md, 4.4


def asked_before(
    project_id: Id, channel_uuid: str, reply: Message, asked: Sequence[Question]
) -> Flow[list[Question]]:
    """Return which questions were sent to the writer of a message before it.

    A question is recognised by its code, which stands in its text.
    """
    since = min(map(asked_since, asked), default=math.inf)
    found: dict[str, Message] = {}
    messages: list[Message] = []

    def take(message: Message, _: Extent) -> bool:
        messages.append(message)
        for question in asked:
            if _is_it(message, question, reply):
                found[question.code] = message
        return len(found) == len(asked) and any(each.id == reply.id for each in messages)

    yield from read_history(project_id, channel_uuid, lambda _: since, take)
    places = {str(message.id): place for place, message in enumerate(oldest_first(messages))}
    return [each for each in asked if each.code in found and _is_before(found[each.code], reply, places)]


def _is_it(message: Message, question: Question, reply: Message) -> bool:
    to_them = message.direction == "outgoing" and str(message.user_id) == str(reply.user_id)
    late_enough = not message.created_at or message.created_at.timestamp() >= asked_since(question)
    return to_them and late_enough and f"#{question.code}" in (message.text or "")


def _is_before(sent: Message, reply: Message, places: Mapping[str, int]) -> bool:
    """Return whether a message was sent before another: by the time, within a second by id or place."""
    if sent.created_at and reply.created_at and sent.created_at != reply.created_at:
        return sent.created_at < reply.created_at
    if isinstance(sent.id, int) and isinstance(reply.id, int):
        return sent.id < reply.id
    return places[str(sent.id)] < places.get(str(reply.id), math.inf)


def asked_since(question: Question) -> float:
    """Return when a question was sent, at the earliest, in seconds since 1970 by the history's clock."""
    return datetime.fromisoformat(question.record.asked_at).timestamp() - LONGEST_ZONE - _SLACK

"""What the people who were asked have written since: a channel's messages, matched to the question."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from itertools import count
from typing import Any, NamedTuple

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.events import event_of
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.history import Extent, may_be_missing, read_history
from airflow_provider_wahelp.client.history_clock import LONGEST_ZONE
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.incoming.choices import choices_of
from airflow_provider_wahelp.incoming.question import Asked, Question, Reply
from airflow_provider_wahelp.incoming.stop_words import is_stop

log = logging.getLogger(__name__)

_doubted = set[str]()  # channels: a worker that polls says it once

VOICE = "audio"
"""The ``message_type`` of a voice note (docs/api.md, 4.3)."""


class _Line(NamedTuple):
    """A message of the channel that matters: from somebody who was asked, or sent to them by the question.

    :param place: its place among the messages that were shown.
    :param reply: ``None`` for what was sent.
    """

    place: int
    at: float | None
    reply: Reply | None


class Listener:
    """Listens to a channel for the people of one question. Messages may be shown once or again and again."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._choices = choices_of(question.rules.answers)
        self._people = {str(person.user_id): person for person in question.people}
        self._sent = {str(sent) for person in question.people for sent in person.sent}
        self._lines: dict[str, _Line] = {}
        self._places = count()

    @property
    def since(self) -> float:
        """From when on messages may be answers, in seconds since 1970 by the history's clock."""
        return min(map(_since, self._waited_for()), default=self._question.asked_at)

    @property
    def user_ids(self) -> Collection[str]:
        """The people whose messages may be answers."""
        return self._people.keys()

    def take(self, messages: Sequence[Message]) -> dict[str, Any] | None:
        """Return what was written, once there is something to be done about it. Texts are left out.

        :param messages: the channel's, the oldest first.
        """
        replies = self.hear(messages)
        return {"replies": [asdict(reply) for reply in replies]} if self._is_news(replies) else None

    def hear(self, messages: Sequence[Message]) -> list[Reply]:
        """Return the answers since the question, and what is unclear since the last message to a person.

        :param messages: the channel's, the oldest first.
        """
        for message in messages:
            self._note(message)
        lines = sorted(self._lines.values(), key=lambda line: (line.at or 0.0, line.place))
        return [line.reply for line in lines if line.reply and self._counts(line, line.reply)]

    def _is_news(self, replies: Sequence[Reply]) -> bool:
        question = self._question.hear(replies)
        unclear = [reply for reply in replies if reply.answer is None]
        if question.rules.on_unclear == "fail" and unclear:
            return True
        return question.decision() is not None or bool(question.due(unclear, float("-inf")))

    def _note(self, message: Message) -> None:
        """Remember a message, or forget it where it was deleted since."""
        key = str(message.id)
        known = self._lines.pop(key, None)
        place = known.place if known else next(self._places)
        at = message.created_at.timestamp() if message.created_at else None
        if key in self._sent:
            self._lines[key] = _Line(place, at, None)
        elif (person := self._people.get(str(message.user_id))) and (reply := self._reply(message, person)):
            self._lines[key] = _Line(place, at, replace(reply, at=at))

    def _reply(self, message: Message, person: Asked) -> Reply | None:
        """Return what a person means by a message; ``None`` for what is no reply at all, e.g. a call."""
        event = event_of(message)
        if event is None or event.kind != "message" or message.id is None:
            return None
        text = message.text if message.text and message.text.strip() else None
        voice = text is None and message.message_type == VOICE
        if text is None and not voice:  # a sticker or a picture
            return None
        answer = self._choices.meaning(text)
        return Reply(person.user_id, message.id, None, answer, voice, answer is None and is_stop(text))

    def _counts(self, line: _Line, reply: Reply) -> bool:
        person = self._people[str(reply.user_id)]
        if reply.answer is None and not reply.stop:
            return self._is_after(line, reply, person.sent[-1], person.last_at)
        return self._is_after(line, reply, person.sent[0], person.question_at)

    def _is_after(self, line: _Line, reply: Reply, sent: Id, sent_at: float | None) -> bool:
        """Return whether a reply came after what was sent: by the times, within a second by the order."""
        shown = self._lines.get(str(sent))
        at = shown.at if shown else sent_at
        if line.at is not None and at is not None and line.at != at:
            return line.at > at
        if shown:
            return line.place > shown.place
        return isinstance(reply.message_id, int) and isinstance(sent, int) and reply.message_id > sent

    def _waited_for(self) -> list[Asked]:
        return [person for person in self._question.people if person.reply is None]


def _since(person: Asked) -> float:
    """Return the time of a question; the history's clock may be off by a time zone where it is not known."""
    return person.sent_at - LONGEST_ZONE if person.question_at is None else person.question_at


def listen(project_id: Id, channel_uuid: str, listener: Listener) -> Flow[list[Reply]]:
    """Read the history back to the question, and return what was written."""
    messages: list[Message] = []

    def take(message: Message, _extent: Extent) -> bool:
        messages.append(message)
        return False

    extent = yield from read_history(project_id, channel_uuid, lambda _extent: listener.since, take)
    if not extent.is_whole and channel_uuid not in _doubted:
        _doubted.add(channel_uuid)
        log.warning("%s", may_be_missing(channel_uuid, extent))
    return listener.hear(oldest_first(messages))


def oldest_first(messages: Sequence[Message]) -> list[Message]:
    """Return messages in the order of their times and, within a second, in that of the history."""
    newest_first = len(messages) > 1 and _age(messages[0]) > _age(messages[-1])
    ordered = list(reversed(messages)) if newest_first else list(messages)
    return sorted(ordered, key=lambda message: _age(message)[0])


def _age(message: Message) -> tuple[float, int]:
    at = message.created_at.timestamp() if message.created_at else 0.0
    return at, message.id if isinstance(message.id, int) else 0

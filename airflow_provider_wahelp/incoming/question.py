"""A question to one person or several: who has answered what, and what comes next. Plain values, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from airflow_provider_wahelp.client.call import Id

Decide = Literal["first", "all", "majority"]
"""Whose answer decides: the first one, all that agree, or more than half of those who were asked."""

OnUnclear = Literal["ask_again", "ignore", "fail"]
PromptKind = Literal["unclear", "voice", "reminder"]


@dataclass(frozen=True)
class Reply:
    """What a person has written since the question.

    :param answer: the answer; ``None`` if what they wrote is none.
    :param at: when, in seconds since 1970 by the history's clock; ``None`` if it does not tell.
    :param voice: whether it was a voice note.
    """

    user_id: Id
    message_id: Id
    at: float | None
    answer: str | None = None
    voice: bool = False


@dataclass(frozen=True)
class Asked:
    """A person who was asked.

    :param sent: the ids of what was sent to the person: the question, and all that came after it.
    :param question_at: the time of the question by the history's clock, if it is known; ``last_at``: of the
        last message.
    :param sent_at: when that was sent, in seconds since 1970 by the server's clock.
    :param repeats: how often the person was asked again because of an unclear answer.
    :param told: whether the person was told that a voice note is not understood.
    :param reply: the answer, once there is one.
    """

    user_id: Id
    sent: Sequence[Id]
    question_at: float | None
    last_at: float | None
    sent_at: float
    repeats: int = 0
    told: bool = False
    reminded: bool = False
    reply: Mapping[str, Any] | None = None

    def prompted(self, kind: PromptKind, sent: Id | None, at: float | None, sent_at: float) -> Asked:
        """Return the person after something more was sent; ``None``: it could not be."""
        reminded = kind == "reminder"
        return replace(
            self,
            sent=self.sent if sent is None else [*self.sent, sent],
            last_at=self.last_at if sent is None else at,
            sent_at=sent_at,
            repeats=self.repeats + (not reminded),
            told=self.told or kind == "voice",
            reminded=self.reminded or reminded,
        )


@dataclass(frozen=True)
class Rules:
    """What is asked for. Times are in seconds.

    :param answers: the words for each answer, by its name.
    :param max_repeats: how often a person is asked again.
    :param reminder_after: how long after the last message to a person they are reminded, once.
    """

    answers: Mapping[str, Sequence[str]]
    decide: Decide = "first"
    on_unclear: OnUnclear = "ask_again"
    max_repeats: int = 2
    timeout: float = 86400.0
    reminder_after: float | None = None


@dataclass(frozen=True)
class Decision:
    """How a question has ended.

    :param answer: the answer; ``None`` if people do not agree.
    :param by: the reply that decided.
    """

    answer: str | None
    by: Reply | None = None


@dataclass(frozen=True)
class Prompt:
    """Something to be sent to a person who has not answered.

    :param number: of the repeat, from 1 on; a reminder has no number.
    """

    person: Asked
    kind: PromptKind
    number: int = 0


@dataclass(frozen=True)
class Question:
    """A question that was sent. ``asdict`` makes plain values of it, and :meth:`of` makes it anew.

    :param channel_uuid: the channel that it was sent through.
    :param people: those to whom it was sent; ``count``: how many it was meant for.
    :param asked_at: when it was sent, or the wait began anew, by the server's clock.
    """

    rules: Rules
    channel_uuid: str
    people: Sequence[Asked]
    count: int
    asked_at: float

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the question that plain values describe."""
        people = [Asked(**person) for person in values["people"]]
        return cls(**{**values, "rules": Rules(**values["rules"]), "people": people})

    @property
    def deadline(self) -> float:
        """When it is too late for an answer, by the server's clock."""
        return self.asked_at + self.rules.timeout

    @property
    def wake_at(self) -> float:
        """When something is to be done even if no one writes."""
        return min([self.deadline, *filter(None, map(self._reminder_at, self.people))])

    @property
    def replies(self) -> list[Reply]:
        """The answers of the people, the earliest first."""
        given = [Reply(**person.reply) for person in self.people if person.reply]
        return sorted(given, key=lambda reply: reply.at or 0.0)

    def hear(self, replies: Sequence[Reply]) -> Self:
        """Return the question with the answers that are new. The first answer of a person stays.

        :param replies: what was written, the earliest first.
        """
        first: dict[str, Reply] = {}
        for reply in replies:
            if reply.answer is not None:
                first.setdefault(str(reply.user_id), reply)
        return replace(
            self, people=[_heard(person, first.get(str(person.user_id))) for person in self.people]
        )

    def decision(self) -> Decision | None:
        """Return how it has ended; ``None`` while that is open."""
        if self.rules.decide == "first":
            return next((Decision(reply.answer, reply) for reply in self.replies), None)
        if self.rules.decide == "all":
            return self._agreement() if len(self.replies) >= self.count else None
        return self._majority()

    def due(self, replies: Sequence[Reply], now: float) -> list[Prompt]:
        """Return what is to be sent now, to those who have not answered.

        :param replies: the unclear ones, which came after the last message to each person.
        :param now: by the server's clock.
        """
        unclear = {str(reply.user_id): reply for reply in replies if reply.answer is None}
        found = []
        for person in self.people:
            if reply := self.is_to_be_repeated(person) and unclear.get(str(person.user_id)):
                kind: PromptKind = "voice" if reply.voice and not person.told else "unclear"
                found.append(Prompt(person, kind, person.repeats + 1))
            elif (at := self._reminder_at(person)) is not None and at <= now:
                found.append(Prompt(person, "reminder"))
        return found

    def is_to_be_repeated(self, person: Asked) -> bool:
        """Return whether a person whose message is no answer is asked again."""
        repeats = self.rules.on_unclear == "ask_again" and person.repeats < self.rules.max_repeats
        return repeats and person.reply is None

    def prompted(self, person: Asked) -> Self:
        """Return the question after something was sent to a person."""
        people = [person if each.user_id == person.user_id else each for each in self.people]
        return replace(self, people=people)

    def _reminder_at(self, person: Asked) -> float | None:
        after = self.rules.reminder_after
        at = None if after is None or person.reminded or person.reply else person.sent_at + after
        return at if at is not None and at < self.deadline else None

    def _agreement(self) -> Decision:
        *_, last = replies = self.replies
        agree = len({reply.answer for reply in replies}) == 1
        return Decision(last.answer, last) if agree else Decision(None)

    def _majority(self) -> Decision | None:
        votes: Counter[str | None] = Counter()
        for reply in self.replies:
            votes[reply.answer] += 1
            if votes[reply.answer] * 2 > self.count:
                return Decision(reply.answer, reply)
        left = len(self.people) - votes.total()
        can_win = (max(votes.values(), default=0) + left) * 2 > self.count
        return None if can_win else Decision(None)


def _heard(person: Asked, reply: Reply | None) -> Asked:
    return replace(person, reply=asdict(reply)) if reply and person.reply is None else person

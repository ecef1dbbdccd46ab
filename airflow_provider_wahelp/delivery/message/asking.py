"""A question that is sent, waited for, repeated where the answer is unclear, and reminded of.

Workers alone take the steps, and each message goes out once, under a key of its own. Between two steps the
channel is polled, by a trigger or by :mod:`~airflow_provider_wahelp.delivery.message.poll_in_worker`, which
return the same events.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import (
    NoAnswerError,
    RecipientMissingError,
    RecipientRefusedError,
    UnclearAnswerError,
    error_from_dict,
)
from airflow_provider_wahelp.client.messages import Recipient
from airflow_provider_wahelp.client.models import parse_time
from airflow_provider_wahelp.client.reconcile import moment
from airflow_provider_wahelp.client.waiting import Result
from airflow_provider_wahelp.delivery.message.poll_in_worker import poll_in_worker
from airflow_provider_wahelp.delivery.message.send import IdempotentSend, SentMessage
from airflow_provider_wahelp.incoming.heard import PatientLooks
from airflow_provider_wahelp.incoming.listener import Listener, listen
from airflow_provider_wahelp.incoming.question import Asked, Prompt, PromptKind, Question, Reply, Rules

log = logging.getLogger(__name__)

Event = Mapping[str, Any]
"""What was heard: ``{"result": {"replies": [...]}}``, ``{"error": ...}`` or ``{"late": True}``."""

Answered = dict[str, Any]
"""The answer: ``answer``, the ``answers`` of each user, and the ``user_id``, ``message_id`` and time ``at``
of the reply that decided."""

_OUT_OF_REACH = (RecipientRefusedError, RecipientMissingError)


@dataclass(frozen=True)
class Asking:
    """A question to one person or several.

    :param send: the question; ``people``: those to send it to.
    :param texts: what is sent beside it.
    :param default: the answer if there is none in time, or people do not agree.
    :param interval: seconds between two polls.
    """

    send: IdempotentSend
    people: Sequence[Recipient]
    rules: Rules
    texts: Mapping[PromptKind, str]
    default: str | None
    interval: float

    @property
    def project_id(self) -> Id:
        """The project."""
        return self.people[0].project_id

    def start(self) -> Question | Answered:
        """Send the question, unless it was sent already.

        :return: what to wait for, or the answer, if an earlier attempt has asked.
        """
        asked = [each for to in self.people for each in self._ask(to)]
        if not asked:
            raise RecipientRefusedError("ask anybody", "each of them is out of reach; see the task's log")
        people = {str(sent.message["user_id"]): self._asked(send, sent) for send, sent in asked}
        first = replace(self.send, recipient=self.people[0])
        restarted_at = first.wait_restarted_at() if first.attempt.cleared else 0.0
        question = Question(
            self.rules,
            channel_uuid=asked[0][1].channel_uuid,
            people=list(people.values()),
            count=len(self.people),
            asked_at=max(restarted_at, *(person.sent_at for person in people.values())),
        )
        asked_now = all(sent.just_now for _, sent in asked)
        return question if asked_now else self._go_on(question, self._look(question))

    def advance(self, question: Question, event: Event) -> Question | Answered:
        """Take the next step.

        :return: what to wait for next, or the answer.
        """
        question = replace(question, rules=self.rules)  # the DAG may be another one by now
        if "error" in event:
            raise error_from_dict(event["error"])
        if "result" in event:
            return self._go_on(question, [Reply(**reply) for reply in event["result"]["replies"]])
        # The answer may have come since the last poll.
        return self._go_on(question, self._look(question), not_before=question.wake_at)

    def poll_in_worker(self, question: Question) -> Event:
        """Wait in the worker, and return the event for :meth:`advance`."""

        def look() -> Result | None:
            listener = Listener(question)
            self._listen(question, listener)
            return listener.take([])

        hook, user_ids = self.send.hook, Listener(question).user_ids
        looks = PatientLooks(
            hook, self.project_id, lambda hint: hint.is_written_in(question.channel_uuid, user_ids)
        )
        return poll_in_worker(hook, look, self.interval, self.seconds_left(question), looks)

    def seconds_left(self, question: Question) -> float:
        """Return for how many seconds there is nothing to do if no one writes."""
        return question.wake_at - self._now()

    def _go_on(
        self, question: Question, replies: Sequence[Reply], not_before: float = 0.0
    ) -> Question | Answered:
        """Return the answer or, after what is to be sent, the question that is waited for.

        :param not_before: a moment that has come by the clock of the one that polled.
        """
        question = question.hear(replies)
        if decision := question.decision():
            return self._answered(question, decision.answer, decision.by)
        unclear = [reply for reply in replies if reply.answer is None]
        if unclear and self.rules.on_unclear == "fail":
            reply = unclear[0]
            raise UnclearAnswerError(
                f"understand the answer of user {reply.user_id}", f"message {reply.message_id}"
            )
        now = max(self._now(), not_before)
        if now >= question.deadline:
            return self._too_late(question)
        for prompt in question.due(unclear, now):
            question = question.prompted(self._prompt(question, prompt))
        return question

    def _ask(self, to: Recipient) -> list[tuple[IdempotentSend, SentMessage]]:
        """Send the question to a person; to nobody, where they cannot be reached and others may be enough."""
        hook, alone = self.send.hook, len(self.people) == 1
        try:
            user_id = None if alone else hook.run(to.resolve())
            send = replace(self.send, recipient=to, key=self._key(user_id))
            sent = hook.run(send.send())
        except _OUT_OF_REACH as error:
            if alone or self.rules.decide == "all":
                raise
            log.warning("%s", error)
            return []
        what = "Asked" if sent.just_now else "An earlier attempt asked"
        log.info("%s user %s by message %s", what, sent.message["user_id"], sent.message["id"])
        return [(send, sent)]

    def _asked(self, send: IdempotentSend, sent: SentMessage) -> Asked:
        at, sent_at = self._times(send, sent)
        return Asked(sent.message["user_id"], [sent.message["id"]], at, at, sent_at)

    def _prompt(self, question: Question, prompt: Prompt) -> Asked:
        """Send something to a person who has not answered."""
        person, name = prompt.person, f"again/{prompt.number}" if prompt.number else prompt.kind
        send = replace(
            self.send,
            recipient=Recipient(self.project_id, question.channel_uuid, person.user_id),
            text=self.texts[prompt.kind],
            key=f"{self._key(person.user_id)}/{name}",
            others=person.sent,
        )
        try:
            sent = self.send.hook.run(send.send())
        except _OUT_OF_REACH as error:
            log.warning("%s", error)
            return person.prompted(prompt.kind, None, None, self._now())
        log.info("User %s has not answered yet: %s, message %s", person.user_id, name, sent.message["id"])
        return person.prompted(prompt.kind, sent.message["id"], *self._times(send, sent))

    def _key(self, user_id: Id | None) -> str:
        """Return the key of the question to a person: of one person it is that of the task."""
        base = self.send.key or self.send.attempt.key
        return base if len(self.people) == 1 else f"{base}/{user_id}"

    def _times(self, send: IdempotentSend, sent: SentMessage) -> tuple[float | None, float]:
        """Return when something was sent, by the history's clock and by the server's."""
        created = parse_time(sent.message["created_at"])
        at = created.timestamp() if created else None
        return at, send.sent_at(sent.message, just_now=sent.just_now)

    def _look(self, question: Question) -> list[Reply]:
        return self._listen(question, Listener(question))

    def _listen(self, question: Question, listener: Listener) -> list[Reply]:
        return self.send.hook.run(listen(self.project_id, question.channel_uuid, listener))

    def _now(self) -> float:
        return self.send.hook.run(moment()).seconds

    def _too_late(self, question: Question) -> Answered:
        if self.default is None:
            told = f"{len(question.replies)} of {question.count} have answered"
            waited = timedelta(seconds=round(question.rules.timeout))
            raise NoAnswerError("get an answer", f"it was waited for {waited}; {told}")
        log.info("There was no clear answer in time: the default counts")
        return self._answered(question, self.default, None)

    def _answered(self, question: Question, answer: str | None, by: Reply | None) -> Answered:
        if by:
            log.info("User %s has answered by message %s: %s", by.user_id, by.message_id, answer)
        return {
            "answer": self.default if answer is None else answer,
            "answers": {str(reply.user_id): reply.answer for reply in question.replies},
            "user_id": by and by.user_id,
            "at": by and by.at and datetime.fromtimestamp(by.at, UTC).isoformat(),
            "message_id": by and by.message_id,
        }

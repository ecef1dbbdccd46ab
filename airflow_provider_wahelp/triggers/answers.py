"""Waiting for answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from airflow_provider_wahelp.incoming.listener import Listener
from airflow_provider_wahelp.incoming.question import Question
from airflow_provider_wahelp.triggers.base import WahelpTrigger
from airflow_provider_wahelp.triggers.waiters import IncomingWaiter, Outcome, Waiter


class AnswersTrigger(WahelpTrigger):
    """Waits until a question is answered, or something is to be sent because of what was written.

    :param question: a :class:`~airflow_provider_wahelp.incoming.question.Question` as plain values. The event
        carries it too, because ``dag.test()`` drops what a task has deferred with.
    :param deadline: until when, in seconds since 1970, whatever restarts there were: then the event is
        ``{"late": True}``.
    """

    arguments = (*WahelpTrigger.arguments, "question", "deadline")

    def __init__(self, question: Mapping[str, Any], deadline: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.question = question
        self.deadline = deadline

    async def _outcome(self) -> Outcome:
        return {**await super()._outcome(), "question": self.question}

    def _waiter(self) -> Waiter:
        listener = Listener(Question.of(self.question))
        return IncomingWaiter(
            self.channel_uuid, self.poke_interval, listener.since, listener.take, listener.user_ids
        )

    def _left(self) -> float | None:
        return None if self.deadline is None else self.deadline - time.time()

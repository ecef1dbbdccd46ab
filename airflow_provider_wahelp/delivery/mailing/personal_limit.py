"""Recipients of a mailing who have got messages enough, from whichever task."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from airflow_provider_wahelp.delivery.limits.per_person import People, PersonalMessage
from airflow_provider_wahelp.delivery.limits.send_limits import SendLimits
from airflow_provider_wahelp.delivery.mailing.chunks import batched
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.storage.state.interface import State, StateAwayError
from airflow_provider_wahelp.storage.state.shared import shared_key, warn_once

log = logging.getLogger(__name__)

HELD_BACK = "nobody is written to whose messages are limited (per_person)"
UNCOUNTED = "messages go that are not counted for per_person"


@dataclass
class PersonalLimit:
    """Counts the messages of a mailing for each person, and holds back what is too much.

    :param open_state: returns the state in which all tasks count.
    :param scope: the server and the project.
    :param task: what the mailing's messages are told from those of others by.
    """

    open_state: Callable[[], State]
    scope: str
    channel_uuid: str
    task: str
    limits: SendLimits

    @property
    def reason(self) -> str:
        """Why a recipient is held back."""
        words = self.limits.per_person.words if self.limits.per_person else ""
        return f"held back by per_person ({words})"

    def screen(self, worklist: Worklist) -> None:
        """Leave out the waiting recipients who have got enough. Nothing is counted yet."""
        if self.limits.urgent:
            return
        try:
            held = list(self._held(worklist))
        except StateAwayError:  # asked again before each message, which then waits
            return
        for number in held:
            worklist.settle(number, Outcome.SUPPRESSED, self.reason)

    def admit(self, people: Sequence[QueuedMessage]) -> list[bool]:
        """Count the messages that may go now; return of each whether it may.

        :raises StateAwayError: if the state does not answer, and so nobody may be written to.
        """
        try:
            return self._people.admit(list(map(self._message, people)))
        except StateAwayError as error:
            warn_once(UNCOUNTED if self.limits.urgent else HELD_BACK, str(error))
            if self.limits.urgent:
                return [True] * len(people)
            raise

    def give_back(self, people: Iterable[QueuedMessage]) -> None:
        """Count messages no more that did not go."""
        messages = list(map(self._message, people))
        if messages:
            try:
                self._people.give_back(messages)
            except StateAwayError as error:
                log.warning("%d messages that did not go stay counted (%s)", len(messages), error)

    def close(self) -> None:
        """Let go of the state."""
        self._state.close()

    def _held(self, worklist: Worklist) -> Iterable[int]:
        for some in batched(worklist.results.waiting_people()):
            messages = [
                (self._people.message(self.task, key, self.channel_uuid, user_id, phone), rank)
                for _, key, user_id, phone, rank in some
            ]
            found = zip(some, self._people.held(messages), strict=True)
            yield from (row.number for row, held in found if held)

    def _message(self, person: QueuedMessage) -> PersonalMessage:
        return self._people.message(self.task, person.key, self.channel_uuid, person.user_id, person.phone)

    @cached_property
    def _state(self) -> State:
        return self.open_state()

    @cached_property
    def _people(self) -> People:
        limit = None if self.limits.urgent else self.limits.per_person
        return People(self._state, shared_key(self._state), self.scope, limit)

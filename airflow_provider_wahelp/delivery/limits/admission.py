"""Whether one message to one person may go: it counts like those of mailings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace

from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.messages import Recipient
from airflow_provider_wahelp.client.reconcile import BegunSend
from airflow_provider_wahelp.delivery.limits.per_person import People, PersonalMessage
from airflow_provider_wahelp.delivery.limits.rate_limit import AWAY_LONG, Pace
from airflow_provider_wahelp.delivery.limits.send_limits import SendLimits
from airflow_provider_wahelp.delivery.limits.silence import Silence
from airflow_provider_wahelp.storage.state.interface import State, StateAwayError
from airflow_provider_wahelp.storage.state.shared import remembering, shared_key, warn_once

AWAY = "the shared state is away, and nobody can tell whether it may go"
UNCOUNTED = "a message that nothing holds back is sent, and not counted"


class HeldError(Exception):
    """A message may not go now. Nothing of it was begun.

    :param words: why.
    :param seconds: after how many it may be asked again; ``None`` if it is not to go at all.
    """

    def __init__(self, words: str, seconds: float | None = None) -> None:
        super().__init__(words)
        self.seconds = seconds


@dataclass(frozen=True)
class Admission:
    """Lets a message go, or holds it back; what goes is counted.

    :param server: the address that the channels belong to.
    :param open_state: returns the state in which all tasks count.
    """

    server: str
    limits: SendLimits
    open_state: Callable[[], State]

    @property
    def passing(self) -> Admission:
        """What counts a message, and holds none back."""
        return replace(self, limits=self.limits._replace(urgent=True))

    def hear(self, to: Recipient) -> Flow[None]:
        """Hold back a message to somebody who has been silent for long; nobody is added to the channel.

        :raises HeldError: if they have.
        """
        if self.limits.silent_for and not self.limits.urgent:
            silence = Silence(remembering(), self.server, self.limits.silent_for)
            if reason := (yield from silence.of_one(to)):
                raise HeldError(reason)

    def admit(self, begun: BegunSend, phone: str, task: str) -> None:
        """Count a message that is about to go.

        :param phone: the person's, if it is known.
        :param task: what the message is known by, also over retries.
        :raises HeldError: if it may not go now.
        """
        with closing(self.open_state()) as state:
            try:
                self._admit(state, begun, phone, task)
            except StateAwayError as error:
                if not self._passes:
                    raise HeldError(AWAY, AWAY_LONG) from None
                warn_once(UNCOUNTED, str(error))

    def give_back(self, begun: BegunSend, phone: str, task: str) -> None:
        """Count a message no more that did not go. The day of the channel keeps it."""
        if not self.limits.per_person:
            return
        with closing(self.open_state()) as state, suppress(StateAwayError):
            people = self._people(state, begun)
            people.give_back([_message(people, begun, phone, task)])

    def _admit(self, state: State, begun: BegunSend, phone: str, task: str) -> None:
        if self.limits.per_person:
            people = self._people(state, begun)
            if not people.admit([_message(people, begun, phone, task)])[0]:
                raise HeldError(f"held back by per_person ({self.limits.per_person.words})")
        if self._uncapped:
            self._pace(state, begun).count()
            return
        try:
            self._take(self._pace(state, begun))
        except HeldError:
            self.give_back(begun, phone, task)
            raise

    @property
    def _uncapped(self) -> bool:
        return self.limits.urgent or self.limits.daily_cap is None

    @property
    def _passes(self) -> bool:
        return self._uncapped and (self.limits.urgent or not self.limits.per_person)

    def _take(self, pace: Pace) -> None:
        seconds = pace.take()
        if pace.away:
            raise HeldError(AWAY, AWAY_LONG)
        if seconds:
            raise HeldError("the channel's day is full (daily_cap); urgent=True passes it", seconds)

    def _pace(self, state: State, begun: BegunSend) -> Pace:
        cap = None if self._uncapped else self.limits.daily_cap
        channel = f"{self.server}/{begun.project_id}/{begun.channel_uuid}"
        return Pace(state, channel, daily_cap=cap, warm_up=self.limits.warm_up)

    def _people(self, state: State, begun: BegunSend) -> People:
        limit = None if self.limits.urgent else self.limits.per_person
        return People(state, shared_key(state), f"{self.server}/{begun.project_id}", limit)


def _message(people: People, begun: BegunSend, phone: str, task: str) -> PersonalMessage:
    return people.message(task, "", begun.channel_uuid, begun.user_id, phone)

"""Whether one message to one person may go: it counts like those of mailings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from airflow_provider_wahelp.client.reconcile import BegunSend
from airflow_provider_wahelp.delivery.limits.options import SendLimits
from airflow_provider_wahelp.delivery.limits.rate_limit import AWAY_LONG, Pace
from airflow_provider_wahelp.storage.state.interface import State, StateAwayError
from airflow_provider_wahelp.storage.state.shared import warn_once

log = logging.getLogger(__name__)

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

    def admit(self, begun: BegunSend) -> None:
        """Count a message that is about to go.

        :raises HeldError: if it may not go now.
        """
        state = self.open_state()
        try:
            if self._passes:
                self._count(self._pace(state, begun))
            else:
                self._take(self._pace(state, begun))
        finally:
            state.close()

    @property
    def _passes(self) -> bool:
        return self.limits.urgent or self.limits.daily_cap is None

    def _pace(self, state: State, begun: BegunSend) -> Pace:
        cap = None if self._passes else self.limits.daily_cap
        scope = f"{self.server}/{begun.project_id}/{begun.channel_uuid}"
        return Pace(state, scope, daily_cap=cap, warm_up=self.limits.warm_up)

    def _count(self, pace: Pace) -> None:
        try:
            pace.count()
        except StateAwayError as error:
            warn_once(UNCOUNTED, str(error))

    def _take(self, pace: Pace) -> None:
        seconds = pace.take()
        if pace.away:
            raise HeldError("the shared state is away", AWAY_LONG)
        if seconds:
            raise HeldError("the channel's day is full (daily_cap); urgent=True passes it", seconds)

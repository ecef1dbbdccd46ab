"""How fast messages may go: a messenger bans a number that writes too fast, whichever task it was."""

from __future__ import annotations

import logging
import math
import random as randomness
import threading
from contextlib import suppress

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.limits.daily_cap import DailyCap
from airflow_provider_wahelp.delivery.limits.daily_use import leave_cap, names_of
from airflow_provider_wahelp.delivery.limits.spacing import DAY, SLOWEST, limits
from airflow_provider_wahelp.storage.state.interface import Limits, Seen, State, StateAwayError, Turn

log = logging.getLogger(__name__)

AWAY = 5.0
"""Seconds after which a state that is away is asked again."""

AWAY_LONG = 120.0
"""The same where it has been away for a minute: long enough for the task to free its worker."""

_OFTEN = 12  # times: then it has been away for a minute
_FOR_GOOD = 10 * 365 * 86_400.0
_RECENT, _TURNS = 60.0, 8  # seconds, and messages, for which another task's is news


class Pace:
    """How fast messages may go through one channel, counted across all tasks that share a state.

    Tasks may name different limits for one channel: each keeps to its own, and all that was sent counts.
    While the state is away nothing goes.

    :param state: where the tasks count together.
    :param channel: what the channel is known by.
    :param per_minute: messages in any minute at most; a fraction is one message in so many minutes.
    :param daily_cap: messages in any 24 hours at most.
    :param warm_up: whether the channel is new: its cap rises from day to day. The state remembers the first.
    :param random: what spaces the messages.
    :raises InputError: if a limit is not a number, or too small to send anything.
    """

    def __init__(
        self,
        state: State,
        channel: str,
        *,
        per_minute: float | None = None,
        daily_cap: int | None = None,
        warm_up: bool = False,
        random: randomness.Random | None = None,
    ) -> None:
        self.per_minute = _limit(per_minute, "per_minute", SLOWEST)
        self.daily_cap = int(cap) if (cap := _limit(daily_cap, "daily_cap", 1)) else None
        self._state = state
        self._names = names_of(channel)
        self.warms_up = warm_up and self.daily_cap is not None
        """Whether the cap rises from day to day."""
        self._cap = DailyCap(self.daily_cap, warm_up) if self.daily_cap else None
        self._shows_cap = False
        self._first: int | None = None
        """When the channel's first message went, by the state's clock, in milliseconds since 1970."""
        self._limits = self._limits_at(0)
        self._random = random or randomness.Random()  # noqa: S311 - nobody gains by guessing it
        self._chance = self._draw()
        self.capped = False
        """Whether it is the cap that holds the next message."""
        self._seen: Seen | None = None
        self._now = 0  # by the state's clock, in milliseconds: when this task has looked last
        self._others = -math.inf  # and when another one has sent last
        self._asked = 0  # in vain, since the state was away
        self._threads = threading.Lock()

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self._limits.rates)

    @property
    def interval(self) -> float:
        """Seconds from one message to the next, on average; 0 without a pace."""
        return self._limits.interval / 1000

    @property
    def shared(self) -> bool:
        """Whether another task writes through this channel too: they take turns as it comes."""
        return self._now - self._others < 1000 * max(_RECENT, _TURNS * self.interval)

    @property
    def away(self) -> bool:
        """Whether it is the state that holds the next message: it does not answer."""
        return self._asked > 0

    def take(self) -> float:
        """Count one message, if it may go now. Never fails, and waits only for a state that is away.

        :return: 0.0 if the message is counted; else the seconds until asking again is worth it.
        """
        if not self.limited:
            return 0.0
        with self._threads:
            try:
                turn = self._ask()
            except StateAwayError as error:
                return self._wait_for_state(error)
            self._note(turn)
            return turn.wait / 1000

    def count(self) -> None:
        """Count a message that goes whatever the limits say.

        :raises StateAwayError: if it cannot be counted.
        """
        with self._threads:
            self._remember_first(self._state.take(self._names.log, Limits(), 0.0).now)

    def room(self, now: float) -> int | None:
        """Return how many messages the day has room for; ``None`` without a cap, or if nobody can tell.

        :param now: in seconds since 1970.
        """
        if not self._cap:
            return None
        with self._threads, suppress(StateAwayError):
            self._look_for_first()
            return max(0, self.cap_at(now, now) - self._state.count(self._names.log, DAY))
        return None

    def cap_at(self, moment: float, now: float) -> int:
        """Return the cap at a moment, in seconds since 1970; 0 without one. It rises while a channel is new.

        :param now: when the first message goes of a channel that has sent none, as far as is known.
        """
        if not self._cap:
            return 0
        first = 1000 * now if self._first is None else self._first
        return self._cap.after(int(1000 * moment - first))

    def close(self) -> None:
        """Let go of the state; what was counted stays counted."""
        self._state.close()

    def _ask(self) -> Turn:
        turn = self._state.take(self._names.log, self._limits, self._shift(), self._seen)
        if turn.wait and self._grow(turn.now):
            turn = self._state.take(self._names.log, self._limits, self._shift(), self._seen)
        if not turn.wait:
            self._remember_first(turn.now)
        self._show_cap()
        return turn

    def _grow(self, now: int) -> bool:
        """Return whether the cap has become another one, as the channel is not as new any more."""
        if not self.warms_up:
            return False
        self._look_for_first()
        before, self._limits = self._limits, self._limits_at(now)
        return before != self._limits

    def _limits_at(self, now: int) -> Limits:
        cap = self._cap.after(now - self._first if self._first is not None else 0) if self._cap else None
        return limits(self.per_minute, cap)

    def _look_for_first(self) -> None:
        if self._first is None and (found := self._state.read([self._names.first])):
            self._first = int(found[self._names.first])

    def _remember_first(self, now: int) -> None:
        """Remember for good that the channel's first message has gone, also without a cap to warm up to."""
        if self._first is None:
            with suppress(StateAwayError):  # the message is counted all the same
                self._state.claim(self._names.first, str(now).encode(), _FOR_GOOD)
                self._look_for_first()

    def _show_cap(self) -> None:
        """Leave the cap where people see it beside what was sent, once a task."""
        if self._cap and not self._shows_cap:
            self._shows_cap = True
            with suppress(StateAwayError):  # the message goes all the same
                leave_cap(self._state, self._names, self._cap)

    def _note(self, turn: Turn) -> None:
        """Note what came of asking, and whether somebody else has sent since this task asked last."""
        if self._seen is not None and self._seen.last != turn.last:
            self._others = turn.last
        self._now, self._seen, self._asked = turn.now, turn.seen, 0
        self.capped = turn.held >= 0 and self._limits.rates[turn.held].window == DAY
        if not turn.wait:
            self._chance = self._draw()

    def _wait_for_state(self, error: StateAwayError) -> float:
        self._asked += 1
        if self._asked == 1:
            words = "The shared state is away (%s): nothing is sent until it answers and can count."
            log.warning(words, error)
        return AWAY if self._asked <= _OFTEN else AWAY_LONG

    def _shift(self) -> float:
        return self._chance * self._limits.jitter

    def _draw(self) -> float:
        return self._random.uniform(-1, 1)


def _limit(value: float | None, argument: str, least: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
        raise InputError(argument, f"must be a number, {least} at least, or None for no limit")
    return value

"""What the receiver hears, for a task that runs in a worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from airflow_provider_wahelp.hooks.blocking import BlockingHook
from airflow_provider_wahelp.incoming.hearing import HEARING_SECONDS, Hearing
from airflow_provider_wahelp.incoming.hints import Board, Hint, board_name, read_board

Heeds = Callable[[Hint], bool]


def board_of(hook: BlockingHook, project_id: Any) -> Board | None:
    """Return the hints of a project, if the connection has a receiver that has heard anything."""
    host = hook.receiver_host()
    return read_board(board_name(host, project_id)) if host else None


def about_message(channel_uuid: str, message_id: Any) -> Heeds:
    """Return what heeds the hints about a message."""
    return lambda hint: (hint.channel_uuid, hint.message_id) == (channel_uuid, str(message_id))


class PatientLooks:
    """Says which of a worker's looks may be left out: the receiver has heard nothing of what it waits for.

    Hints make no look earlier here: the worker that waits asks at its interval, but Airflow, not Wahelp.
    """

    def __init__(
        self,
        hook: BlockingHook,
        project_id: Any,
        heeds: Heeds,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = partial(board_of, hook, project_id)
        self._heeds = heeds
        self._clock = clock
        self._hearing = Hearing(clock)

    def is_due(self, interval: float) -> bool:
        """Return whether to look now."""
        if self._clock() >= self._hearing.hear_at:
            self._hearing.hear(self._board(), self._heeds)
        now = self._clock()
        if self._hearing.hears and now < self._hearing.due(interval):
            return False
        # What a hint told of is looked for at each interval from now on: this look may be too early for it.
        self._hearing.looked(now, None, shown=())
        return True


class ChannelNews:
    """What has been heard of a channel's messages since the last time.

    :param clock: tells the time in seconds.
    """

    def __init__(
        self, hook: BlockingHook, project_id: Any, channel_uuid: str, clock: Callable[[], float]
    ) -> None:
        self._board = partial(board_of, hook, project_id)
        self._channel_uuid = channel_uuid
        self._clock = clock
        self._next = 0.0
        self._count: int | None = None
        self.next()

    def next(self) -> Sequence[Hint] | None:
        """Return what is new, for a moment nothing again; ``None`` where some of it may have been missed."""
        if 0 < self._next - self._clock() <= HEARING_SECONDS:
            return ()
        self._next = self._clock() + HEARING_SECONDS
        known, board = self._count, self._board()
        self._count = board.count if board else None
        new = board.since(known) if board and known is not None else ()
        return None if new is None else [hint for hint in new if hint.channel_uuid == self._channel_uuid]

"""How a mailing waits for what becomes of its messages, with a receiver of webhooks and without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from airflow_provider_wahelp.delivery.waiting import WaitOptions
    from airflow_provider_wahelp.hooks.wahelp import WahelpHook


@dataclass(frozen=True)
class News:
    """What the receiver had heard when a task began; without one, it changes nothing.

    :param board: the Variable with the hints; the empty string where there is none.
    :param count: how many hints there had ever been.
    :param channels: those that the mailing goes through.
    """

    board: str = ""
    count: int = 0
    channels: Sequence[str] = ()

    @classmethod
    def so_far(cls, hook: WahelpHook, project_id: Any, channels: Sequence[str]) -> Self:
        """Return what was heard until now: to be asked before the history is read."""
        from airflow_provider_wahelp.incoming.hints import board_name, read_board

        host = hook.receiver_host()
        board = read_board(name := board_name(host, project_id)) if host else None
        return cls(name, board.count, channels) if board else cls()

    def patient(self, options: WaitOptions) -> WaitOptions:
        """Return what is waited for, with the intervals of a net."""
        from airflow_provider_wahelp.incoming.hearing import net_interval

        return options._replace(net=net_interval(options.interval)) if self.board else options

    def trigger(self, until: datetime, interval: float) -> Any:
        """Return the trigger for a moment, or for news after an interval."""
        if not self.board:
            return trigger_at(until)
        from airflow_provider_wahelp.triggers.news import NewsTrigger

        soon = datetime.now(UTC) + timedelta(seconds=interval)
        return NewsTrigger(until.isoformat(), soon.isoformat(), list(self.channels), self.board, self.count)


def trigger_at(moment: datetime) -> Any:
    """Return Airflow's trigger for a moment. Airflow 2 has it in another module."""
    try:
        temporal = import_module("airflow.providers.standard.triggers.temporal")
    except ImportError:
        temporal = import_module("airflow.triggers.temporal")
    return temporal.DateTimeTrigger(moment)

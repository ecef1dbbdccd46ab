"""Waiting for messages."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from airflow_provider_wahelp.client.waiting import arrived
from airflow_provider_wahelp.triggers.base import WahelpTrigger
from airflow_provider_wahelp.triggers.waiters import Outcome, Waiter


class MessageStatusTrigger(WahelpTrigger):
    """Waits until a message has arrived, or never will.

    :param status: ``delivered`` or ``read``.
    :param deadline: when to give up, in seconds since 1970, whatever restarts there were: then the event is
        ``{"late": True}``. ``None`` to wait for ever.
    :param wait_state: what the task needs to go on, as plain values. The event carries it too, because
        ``dag.test()`` drops what a task has deferred with.
    """

    arguments = (*WahelpTrigger.arguments, "message_id", "status", "deadline", "wait_state")

    def __init__(
        self,
        message_id: int | str,
        status: str = "delivered",
        deadline: float | None = None,
        wait_state: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.message_id = message_id
        self.status = status
        self.deadline = deadline
        self.wait_state = wait_state

    async def _outcome(self) -> Outcome:
        outcome = await super()._outcome()
        return outcome if self.wait_state is None else {**outcome, "wait_state": self.wait_state}

    def _waiter(self) -> Waiter:
        predicate = partial(arrived, wanted=self.status)
        return Waiter(self.channel_uuid, self.poke_interval, predicate, str(self.message_id))

    def _left(self) -> float | None:
        return None if self.deadline is None else self.deadline - time.time()

"""What all triggers share."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.triggers.poller import polled
from airflow_provider_wahelp.triggers.waiters import Outcome, Waiter


class ReadingTrigger(BaseTrigger):
    """Waits for something, and only reads.

    Airflow stores the arguments in its database, so they hold nothing secret or personal.

    :param poke_interval: seconds between two looks.
    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    """

    arguments: ClassVar[Sequence[str]] = ("project_id", "channel_uuid", "poke_interval", "wahelp_conn_id")
    """What it is created from; what is ``None`` is left out."""

    def __init__(
        self,
        project_id: int | str,
        channel_uuid: str | None,
        poke_interval: float = 60.0,
        wahelp_conn_id: str = "wahelp_default",
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.project_id = project_id
        self.channel_uuid = channel_uuid
        self.poke_interval = poke_interval
        self.wahelp_conn_id = wahelp_conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and the arguments that Airflow creates the trigger from in the triggerer."""
        given = {name: value for name in self.arguments if (value := getattr(self, name)) is not None}
        return f"{type(self).__module__}.{type(self).__qualname__}", given

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then yield the outcome: ``{"result": ...}``, ``{"error": ...}`` or ``{"late": True}``."""
        # Leave the poller before the event is yielded: Airflow may drop the generator after that.
        yield TriggerEvent(await self._outcome())  # type: ignore[no-untyped-call]

    @abstractmethod
    async def _outcome(self) -> Outcome:
        """Wait, and return the outcome."""


class WahelpTrigger(ReadingTrigger):
    """Waits through the poller that all triggers on one connection and project share."""

    channel_uuid: str

    async def _outcome(self) -> Outcome:
        waiter = self._waiter()
        with polled(self.wahelp_conn_id, arguments.project_id(self.project_id), waiter):
            try:
                async with asyncio.timeout(self._left()):
                    while isinstance(event := await waiter.next_event(), str):
                        self.log.warning(event)
            except TimeoutError:
                return {"late": True}
        return event

    def _left(self) -> float | None:
        """Return the longest wait in seconds; ``None`` if Airflow's own timeout applies."""
        return None

    @abstractmethod
    def _waiter(self) -> Waiter:
        """Return what is waited for."""

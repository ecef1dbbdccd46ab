"""Waiting for a moment, or for news of messages from the receiver of webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from airflow_provider_wahelp.incoming.hints import read_board

READING_SECONDS = 10.0
"""Seconds between two readings of the hints: a mailing's task starts a worker for what it is told."""


class NewsTrigger(BaseTrigger):
    """Waits until a moment or, from an earlier one on, until webhooks have told of a message's status.

    What has happened, the task reads from the API. Moments are in ISO 8601.

    :param until: when to go on in any case.
    :param not_before: when to go on at the earliest.
    :param channel_uuids: the channels.
    :param board: the Variable that holds the hints; ``count``: how many the task knew of.
    """

    def __init__(
        self, until: str, not_before: str, channel_uuids: Sequence[str], board: str, count: int
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.until = until
        self.not_before = not_before
        self.channel_uuids = channel_uuids
        self.board = board
        self.count = count

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and the arguments that Airflow creates the trigger from in the triggerer."""
        names = ("until", "not_before", "channel_uuids", "board", "count")
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then yield an event that says nothing."""
        pause = _left(self.not_before)
        while (left := _left(self.until)) > 0:
            await asyncio.sleep(min(left, pause))
            if await self._is_news():
                break
            pause = READING_SECONDS
        yield TriggerEvent(True)  # type: ignore[no-untyped-call]

    async def _is_news(self) -> bool:
        board = await sync_to_async(read_board)(self.board)
        new = board.since(self.count) if board else ()
        return new is None or any(
            hint.kind == "status" and hint.channel_uuid in self.channel_uuids for hint in new
        )


def _left(moment: str) -> float:
    return max((datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds(), 0.0)

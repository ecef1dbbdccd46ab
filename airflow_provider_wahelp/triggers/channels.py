"""Waiting for channels."""

from __future__ import annotations

from airflow_provider_wahelp.client.waiting import active
from airflow_provider_wahelp.triggers.base import WahelpTrigger
from airflow_provider_wahelp.triggers.waiters import Waiter


class ChannelActiveTrigger(WahelpTrigger):
    """Waits until a channel is active."""

    def _waiter(self) -> Waiter:
        return Waiter(self.channel_uuid, self.poke_interval, active)

"""Waiting for messages."""

from __future__ import annotations

from functools import partial
from typing import Any

from airflow_provider_wahelp.client.waiting import arrived
from airflow_provider_wahelp.triggers.base import WahelpTrigger
from airflow_provider_wahelp.triggers.wait import Wait


class MessageStatusTrigger(WahelpTrigger):
    """Waits until a message has arrived, or never will.

    :param message_id: the message.
    :param status: ``delivered`` or ``read``.
    :param project_id: the project.
    :param channel_uuid: the message's channel.
    :param poke_interval: seconds between two looks.
    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    """

    def __init__(self, message_id: int | str, status: str = "delivered", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.message_id = message_id
        self.status = status

    def _wait(self) -> Wait:
        judge = partial(arrived, wanted=self.status)
        return Wait(self.channel_uuid, self.poke_interval, judge, str(self.message_id))

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), "message_id": self.message_id, "status": self.status}

"""Waiting for a message to arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.sensors.base import WahelpSensor
from airflow_provider_wahelp.task import required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.waiting import Result
    from airflow_provider_wahelp.incoming.heard import PatientLooks


class MessageStatusSensor(WahelpSensor):
    """Wait until a message is delivered, or read.

    The sensor fails at once if Wahelp reports that the delivery failed. Many messages stay ``sent`` for ever:
    after ``timeout`` the sensor fails or, with ``soft_fail``, is skipped.

    :param message_id: the message, e.g. ``send.output["id"]``.
    :param status: ``delivered`` or ``read``. A message that is read was delivered too.
    :param channel_uuid: the channel that it was sent through; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param deferrable: whether to wait in the triggerer, after a first look in the worker; by default what
        Airflow's ``[operators] default_deferrable`` says.
    :param start_from_trigger: with ``deferrable``: wait in the triggerer from the start, with no worker. Only
        where all arguments, project and channel among them, are literals.
    :return: of the message: ``id``, ``user_id``, ``channel_id``, ``status``, ``created_at``; not its text.
    """

    checks = WahelpSensor.checks | {
        "message_id": required(arguments.message_id),
        "status": required(arguments.awaited),
    }
    template_fields: Sequence[str] = tuple(checks)
    trigger_class = "airflow_provider_wahelp.triggers.messages.MessageStatusTrigger"

    def __init__(
        self, *, message_id: int | str, status: arguments.Awaited = "delivered", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.message_id = message_id
        self.status = status
        self._looks: PatientLooks | None = None  # of the process that waits
        self._prepare_start()

    def _look(self, context: Context) -> Result | None:
        from airflow_provider_wahelp.client.waiting import arrived, find_message
        from airflow_provider_wahelp.incoming.heard import PatientLooks, about_message

        wanted, message_id = self._checked("status"), self._checked("message_id")
        project, channel = self.hook.project_and_channel(self.channel_uuid, self.project_id)
        if self._looks is None:
            self._looks = PatientLooks(self.hook, project, about_message(channel, message_id))
        if not self._looks.is_due(self.poke_interval):
            return None
        message = self.hook.run(find_message(project, channel, message_id))
        with airflow_errors():
            return arrived(message, wanted)

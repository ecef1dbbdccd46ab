"""Waiting for a message to arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.literals import check_literal, checked_literal, refuse_none
from airflow_provider_wahelp.sensors.base import WahelpSensor

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.waiting import Result


class MessageStatusSensor(WahelpSensor):
    """Wait until a message is delivered, or read.

    Fails at once if Wahelp reports that it was not delivered. Many messages stay ``sent`` for ever: after
    ``timeout`` the sensor fails or, with ``soft_fail``, is skipped.

    :param message_id: the message, e.g. ``send.output["id"]``.
    :param status: ``delivered`` or ``read``; what was read was delivered.
    :param channel_uuid: the channel that it was sent through; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param deferrable: whether to wait in the triggerer, after a first look in the worker; by default what
        Airflow's ``[operators] default_deferrable`` says.
    :param start_from_trigger: with ``deferrable``: wait in the triggerer from the start, with no worker. Only
        where all arguments, project and channel among them, are literals.
    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    :return: of the message: ``id``, ``user_id``, ``channel_id``, ``status``, ``created_at``; not its text.
    """

    template_fields: Sequence[str] = ("wahelp_conn_id", "message_id", "status", "channel_uuid", "project_id")
    trigger_class = "airflow_provider_wahelp.triggers.messages.MessageStatusTrigger"

    def __init__(
        self, *, message_id: int | str, status: arguments.Awaited = "delivered", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        refuse_none(message_id=message_id, status=status)
        check_literal(arguments.message_id, message_id)
        check_literal(arguments.awaited, status)
        self.message_id = message_id
        self.status = status
        self._prepare_start()

    def _look(self, context: Context) -> Result | None:
        from airflow_provider_wahelp.client.waiting import arrived, find_message

        wanted = self.hook.checked(arguments.awaited, self.status)
        message_id = self.hook.checked(arguments.message_id, self.message_id)
        project, channel = self.hook.project_and_channel(self.channel_uuid, self.project_id)
        message = self.hook.run(find_message(project, channel, message_id))
        return self.hook.checked(lambda found: arrived(found, wanted), message)

    def _awaited(self) -> dict[str, Any]:
        return {"message_id": checked_literal(arguments.message_id, self.message_id), "status": self.status}

"""Channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.links import CHANNEL_LINKS, leave_channel
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import optional, required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class CreateChannelOperator(WahelpOperator):
    """Create a channel, or take the one of the same name and type.

    A new channel is inactive until somebody authorizes it: let a
    :class:`~airflow_provider_wahelp.sensors.channels.ChannelActiveSensor` wait for that. From Airflow 3.1 on
    a link of the task leads to the channel's page, with the QR code to scan.

    :param name: the channel's name.
    :param channel_type: ``whatsapp``, ``telegram``, ``waba``, ``viber``, ``vk``, ``instagram`` or ``max``.
    :param project_id: the project; the connection's by default.
    :param if_exists: with one of the same name and type: ``reuse`` it, ``create`` another, or ``fail``.
    :return: the channel: ``id``, ``uuid``, ``name``, ``type``, ``active``, ``settings``.
    """

    operator_extra_links = CHANNEL_LINKS
    outputs = ("id", "uuid")
    checks = WahelpOperator.checks | {
        "name": required(arguments.name),
        "channel_type": required(arguments.channel_type),
        "project_id": optional(arguments.project_id),
        "if_exists": required(arguments.if_exists),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(
        self,
        *,
        name: str,
        channel_type: arguments.ChannelType = "whatsapp",
        project_id: int | str | None = None,
        if_exists: arguments.IfExists = "reuse",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.channel_type = channel_type
        self.project_id = project_id
        self.if_exists = if_exists
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Create the channel."""
        channel = self.hook.create_channel(self.name, self.channel_type, self.project_id, self.if_exists)
        state = "active" if channel.active else "not active yet"
        self.log.info("Channel %s (%s, %s): %s", channel.uuid, channel.name, channel.type, state)
        self._leave_link(context, channel.uuid)
        return self._result(context, channel.to_dict())

    def _leave_link(self, context: Context, uuid: str | None) -> None:
        if self.do_xcom_push and uuid and (ti := context.get("ti")):
            leave_channel(ti, self.wahelp_conn_id, *self.hook.project_and_channel(uuid, self.project_id))

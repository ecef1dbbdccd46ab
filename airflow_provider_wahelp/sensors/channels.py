"""Waiting for a channel to be authorized."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.literals import check_literal

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.models import Channel
    from airflow_provider_wahelp.hooks.wahelp import WahelpHook


class ChannelActiveSensor(BaseSensorOperator):
    """Wait until a channel is active: until somebody has authorized it.

    Fails at once where waiting cannot help (no such channel, refused credentials). A fault that may pass is
    logged, and the sensor looks again. The log says how to authorize the channel, with its QR code where
    the API gives one.

    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    :return: the channel: ``id``, ``uuid``, ``name``, ``type``, ``active``, ``settings``.
    """

    template_fields: Sequence[str] = ("wahelp_conn_id", "channel_uuid", "project_id")
    ui_color = "#e3f6ec"

    def __init__(
        self,
        *,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        wahelp_conn_id: str = "wahelp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_literal(arguments.channel_uuid, channel_uuid)
        check_literal(arguments.project_id, project_id)
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.wahelp_conn_id = wahelp_conn_id
        self._shown: str | None = None

    @cached_property
    def hook(self) -> WahelpHook:
        """The hook of this task."""
        from airflow_provider_wahelp.hooks.wahelp import WahelpHook

        return WahelpHook(self.wahelp_conn_id)

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once."""
        try:
            channel = self.hook.get_channel(self.channel_uuid, self.project_id)
        except WahelpError as error:
            if not error.temporary:
                raise
            self.log.warning("%s Looking again in %g s.", error, self.poke_interval)
            return PokeReturnValue(is_done=False)
        if not channel.active:
            self._tell_how(channel)
        return PokeReturnValue(is_done=channel.active, xcom_value=channel.to_dict())

    def _tell_how(self, channel: Channel) -> None:
        """Log how to authorize the channel; a QR code again only when it is another."""
        from airflow_provider_wahelp.sensors.qr import drawing

        code = self._qr(channel)
        drawn = drawing(code) if code else ""
        if self._shown != drawn:
            self._shown = drawn
            self.log.info(
                "Channel %s (%s) waits for its authorization: open it in Wahelp%s\n%s",
                channel.uuid,
                channel.type,
                " or scan this QR code with the phone:" if drawn else ".",
                drawn,
            )

    def _qr(self, channel: Channel) -> Any:
        if channel.type != "whatsapp":
            return None
        try:
            return self.hook.get_channel_qr(self.channel_uuid, self.project_id)
        except WahelpError as error:  # it is a courtesy: the wait goes on without it
            self.log.debug("%s", error)
            return None

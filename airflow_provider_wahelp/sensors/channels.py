"""Waiting for a channel to be authorized."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client.base_error import WahelpError
from airflow_provider_wahelp.links import CHANNEL_LINKS, WahelpLink, leave_channel
from airflow_provider_wahelp.sensors.base import WahelpSensor

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.models import Channel
    from airflow_provider_wahelp.client.waiting import Result


class ChannelActiveSensor(WahelpSensor):
    """Wait until a channel is active: until somebody has authorized it.

    The sensor fails at once where waiting cannot help (no such channel, refused credentials). A transient
    fault is logged, and the sensor looks again. The log says how to authorize the channel, with its QR code
    where the API gives one. Links of the task lead to Wahelp and, from Airflow 3.1 on, to the channel's page,
    with the QR code as a picture.

    :param channel_uuid: the channel; the connection's by default.
    :param project_id: the project; the connection's by default.
    :param deferrable: whether to wait in the triggerer, after a first look in the worker; by default what
        Airflow's ``[operators] default_deferrable`` says.
    :param start_from_trigger: with ``deferrable``: wait in the triggerer from the start, with no worker,
        and so without a QR code in the log. Only where all arguments, project and channel among them, are
        literals.
    :return: the channel: ``id``, ``uuid``, ``name``, ``type``, ``active``. Not its ``settings``, as Airflow
        keeps and logs what a trigger finds: ``WahelpHook().get_channel(...).settings`` has them.
    """

    template_fields: Sequence[str] = tuple(WahelpSensor.checks)
    operator_extra_links = (WahelpLink(), *CHANNEL_LINKS)
    trigger_class = "airflow_provider_wahelp.triggers.channels.ChannelActiveTrigger"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._shown: str | None = None
        self._linked = False
        self._prepare_start()

    def _look(self, context: Context) -> Result | None:
        from airflow_provider_wahelp.client.waiting import active

        self._offer_links(context)
        channel = self.hook.get_channel(self.channel_uuid, self.project_id)
        result = active(channel)
        if result is None:
            self._tell_how(channel)
        return result

    def _offer_links(self, context: Context) -> None:
        if not self._linked and (ti := context.get("ti")):
            self._linked = True
            ti.xcom_push(key=WahelpLink.key, value=self.hook.get_conn().settings.base_url)
            leave_channel(
                ti, self.wahelp_conn_id, *self.hook.project_and_channel(self.channel_uuid, self.project_id)
            )

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
        except WahelpError as error:  # the QR code is a courtesy: the wait goes on without it
            self.log.debug("%s", error)
            return None

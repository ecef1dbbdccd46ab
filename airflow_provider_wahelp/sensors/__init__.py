"""Sensors: waiting for something to become true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.sensors.channels import ChannelActiveSensor as ChannelActiveSensor
    from airflow_provider_wahelp.sensors.messages import MessageStatusSensor as MessageStatusSensor

__getattr__, __all__ = lazy_exports(__name__, channels="ChannelActiveSensor", messages="MessageStatusSensor")

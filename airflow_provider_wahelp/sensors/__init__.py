"""Sensors: waiting for something to become true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.sensors.channels import ChannelActiveSensor
    from airflow_provider_wahelp.sensors.messages import MessageStatusSensor

__all__ = ["ChannelActiveSensor", "MessageStatusSensor"]

__getattr__ = lazy_exports(__name__, {"ChannelActiveSensor": "channels", "MessageStatusSensor": "messages"})

"""Sensors: waiting for something to become true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.sensors.channels import ChannelActiveSensor

__all__ = ["ChannelActiveSensor"]

__getattr__ = lazy_exports(__name__, {"ChannelActiveSensor": "channels"})

"""Notifiers: alerts about failures and other events, sent to phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.notifications.wahelp import WahelpNotifier, send_wahelp_notification

__all__ = ["WahelpNotifier", "send_wahelp_notification"]

__getattr__ = lazy_exports(__name__, {"WahelpNotifier": "wahelp", "send_wahelp_notification": "wahelp"})

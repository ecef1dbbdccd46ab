"""Notifiers: alerts about failures and other events, sent to phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.notifications.approval import (
        WahelpApprovalNotifier as WahelpApprovalNotifier,
    )
    from airflow_provider_wahelp.notifications.wahelp import WahelpNotifier as WahelpNotifier
    from airflow_provider_wahelp.notifications.wahelp import (
        send_wahelp_notification as send_wahelp_notification,
    )

__getattr__, __all__ = lazy_exports(
    __name__, approval="WahelpApprovalNotifier", wahelp="WahelpNotifier send_wahelp_notification"
)

"""Checks of a notifier's arguments that a DAG file pays for only where they are given."""

from __future__ import annotations

from typing import Any

MOSCOW = "Europe/Moscow"


def check_hours(value: Any) -> object:
    """Return quiet hours."""
    from airflow_provider_wahelp.delivery.quiet_hours import QuietHours

    return QuietHours.parse(value) if value else None


def check_zone(value: Any) -> str:
    """Return the name of a time zone."""
    if value == MOSCOW:  # a DAG file reads no zones for the default
        return MOSCOW
    from airflow_provider_wahelp.delivery import quiet_hours

    return quiet_hours.check_zone(value)

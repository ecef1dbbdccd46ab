"""Checks of a notifier's arguments that a DAG file pays for only where they are given."""

from __future__ import annotations

from typing import Any

from airflow_provider_wahelp.literals import is_literal

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


def has_template(value: Any) -> bool:
    """Return whether a value is a template, or has one in it."""
    if isinstance(value, list | tuple):
        return any(map(has_template, value))
    return isinstance(value, str) and not is_literal(value)

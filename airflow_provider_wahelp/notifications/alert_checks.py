"""What the arguments of a notifier must be. Cheap: DAG files import it."""

from __future__ import annotations

from typing import Any

from airflow_provider_wahelp.literals import is_literal

MOSCOW = "Europe/Moscow"


def quiet_hours(value: Any) -> object:
    """Return the hours in which nothing is sent."""
    from airflow_provider_wahelp.delivery.quiet_hours import QuietHours

    return QuietHours.parse(value) if value else None


def zone(value: Any) -> str:
    """Return the name of a zone."""
    if value == MOSCOW:  # a DAG file reads no zones for the default
        return MOSCOW
    from airflow_provider_wahelp.delivery.quiet_hours import check_zone

    return check_zone(value)


def has_template(value: Any) -> bool:
    """Return whether a value is a template, or has one in it."""
    if isinstance(value, list | tuple):
        return any(map(has_template, value))
    return isinstance(value, str) and not is_literal(value)

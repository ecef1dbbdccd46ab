"""Whom ``[wahelp] alert_to`` names, to be told of every failure, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache


@dataclass(frozen=True)
class AlertSettings:
    """The options ``alert_...`` of Airflow's section ``wahelp``.

    :param to: phones with commas between.
    :param throttle: for how many seconds a message silences its group as text; ``0`` for not at all.
    :param quiet_hours: when nothing is sent; empty for never.
    :param timezone: the zone of times in texts.
    :param timeout: how many seconds an alert may take, as text.
    """

    to: str = field(repr=False)
    conn_id: str
    throttle: str
    quiet_hours: str
    timezone: str
    timeout: str


@cache
def alert_settings() -> AlertSettings | None:
    """Return the settings, read once a process; ``None`` where nobody is named.

    Nothing is checked here: who reads them parses DAGs, all of which an error would end.
    """
    from airflow.providers.common.compat.sdk import conf

    def option(name: str, default: str) -> str:
        return (conf.get("wahelp", f"alert_{name}", fallback="") or default).strip()

    to = option("to", "")
    if not to:
        return None
    return AlertSettings(
        to=to,
        conn_id=option("conn_id", "wahelp_default"),
        throttle=option("throttle", "600"),
        quiet_hours=option("quiet_hours", ""),
        timezone=option("timezone", "Europe/Moscow"),
        timeout=option("timeout", "40"),
    )

"""The Wahelp API, without Airflow: it can be used, tested and read alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.client.asynchronous import AsyncWahelpClient
    from airflow_provider_wahelp.client.blocking import WahelpClient
    from airflow_provider_wahelp.client.settings import Settings

__all__ = ["AsyncWahelpClient", "Settings", "WahelpClient"]

__getattr__ = lazy_exports(
    __name__,
    {"AsyncWahelpClient": "asynchronous", "Settings": "settings", "WahelpClient": "blocking"},
)

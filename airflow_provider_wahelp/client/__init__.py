"""The Wahelp API, without Airflow: it can be used, tested and read alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.client.asynchronous import AsyncWahelpClient as AsyncWahelpClient
    from airflow_provider_wahelp.client.blocking import WahelpClient as WahelpClient
    from airflow_provider_wahelp.client.settings import Settings as Settings

__getattr__, __all__ = lazy_exports(
    __name__, asynchronous="AsyncWahelpClient", blocking="WahelpClient", settings="Settings"
)

"""Assets: a channel, as what DAGs are scheduled on (Airflow 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.assets.event import IncomingEvent as IncomingEvent
    from airflow_provider_wahelp.assets.wahelp import WahelpAsset as WahelpAsset

__getattr__, __all__ = lazy_exports(__name__, event="IncomingEvent", wahelp="WahelpAsset")

"""Transfers: from somewhere else to people's phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.transfers.sql_to_wahelp import SqlToWahelpOperator as SqlToWahelpOperator

__getattr__, __all__ = lazy_exports(__name__, sql_to_wahelp="SqlToWahelpOperator")

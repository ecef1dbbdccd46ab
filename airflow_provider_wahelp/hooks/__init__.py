"""Hooks: an Airflow connection on one side, the Wahelp API on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook as WahelpAsyncHook
    from airflow_provider_wahelp.hooks.wahelp import WahelpHook as WahelpHook

__getattr__, __all__ = lazy_exports(__name__, asynchronous="WahelpAsyncHook", wahelp="WahelpHook")

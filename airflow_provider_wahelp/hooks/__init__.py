"""Hooks: an Airflow connection on one side, the Wahelp API on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_wahelp._lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
    from airflow_provider_wahelp.hooks.wahelp import WahelpHook

__all__ = ["WahelpAsyncHook", "WahelpHook"]

__getattr__ = lazy_exports(__name__, {"WahelpAsyncHook": "asynchronous", "WahelpHook": "wahelp"})

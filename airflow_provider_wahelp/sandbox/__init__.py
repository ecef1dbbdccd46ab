"""A Wahelp to try and to test against: a real HTTP server that behaves like the platform, as far as is known.

Everything is imported on first use, because pytest and Airflow load packages into processes that will never
start a server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.airflow_connection import SandboxConnection
    from airflow_provider_wahelp.sandbox.app import create_app
    from airflow_provider_wahelp.sandbox.habits.habits import Habits
    from airflow_provider_wahelp.sandbox.options import SandboxOptions
    from airflow_provider_wahelp.sandbox.server import Sandbox

__all__ = ["Habits", "Sandbox", "SandboxConnection", "SandboxOptions", "create_app"]

_HOMES = {
    "Habits": "habits.habits",
    "Sandbox": "server",
    "SandboxConnection": "airflow_connection",
    "SandboxOptions": "options",
    "create_app": "app",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = import_module(f"{__name__}.{_HOMES[name]}")
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        raise ModuleNotFoundError(
            f"The Wahelp sandbox needs {package}: pip install 'airflow-provider-wahelp[sandbox]'",
            name=package,
        ) from missing
    found: object = getattr(home, name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)

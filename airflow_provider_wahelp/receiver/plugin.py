"""What Airflow's processes load of this provider when they start: next to nothing but in the API server."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_provider_wahelp.hooks.receiver import PREFIX

LISTENERS: tuple[str, ...] = ("airflow_provider_wahelp.triggers.cursor_listener",)
"""Modules with functions marked by Airflow's ``hookimpl``. Each process imports them: they must be light."""

_SERVERS = frozenset({"api-server", "fastapi", "gunicorn", "uvicorn"})


def is_api_server(argv: list[str]) -> bool:
    """Return whether a process serves Airflow's API: itself, or as a worker of the one that does.

    :param argv: its command line; a worker that is spawned has that of its parent.
    """
    return bool(_SERVERS & {Path(argv[0]).name, *argv[1:2]}) if argv else False


def _fastapi_apps() -> list[dict[str, Any]]:
    if not is_api_server(sys.argv):
        return []
    from airflow_provider_wahelp.receiver.app import make_app

    return [{"app": make_app(), "url_prefix": PREFIX, "name": "Wahelp"}]


def _listeners() -> list[ModuleType | object]:
    return [import_module(name) for name in LISTENERS]


class WahelpPlugin(AirflowPlugin):
    """Receives what happens in channels."""

    name = "wahelp"
    fastapi_apps: list[Any] = _fastapi_apps()
    listeners: list[ModuleType | object] = _listeners()

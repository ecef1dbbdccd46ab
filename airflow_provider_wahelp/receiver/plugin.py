"""What Airflow's processes load of this provider when they start: next to nothing, but where it has work."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_1_PLUS

from airflow_provider_wahelp.hooks.receiver import PREFIX
from airflow_provider_wahelp.notifications.alert_settings import alert_settings
from airflow_provider_wahelp.pages.navigation import views

_CURSORS = "airflow_provider_wahelp.triggers.cursor_listener"
_BROKEN_DAGS = "airflow_provider_wahelp.notifications.broken_dags"
_TRIGGERER = frozenset({"triggerer"})
_DAG_PROCESSOR = frozenset({"dag-processor", *(() if AIRFLOW_V_3_0_PLUS else ("scheduler",))})
_API_SERVER = frozenset({"api-server", "fastapi", "gunicorn", "uvicorn"})


def is_one_of(processes: frozenset[str], argv: list[str]) -> bool:
    """Return whether a process is one of Airflow's that are named: itself, or as a worker of the one that is.

    :param processes: the commands that start them.
    :param argv: its command line; a worker that is spawned has that of its parent.
    """
    return bool(processes & {Path(argv[0]).name, *argv[1:2]}) if argv else False


def listeners(argv: list[str]) -> list[ModuleType | object]:
    """Return the modules with functions marked by Airflow's ``hookimpl`` that a process imports.

    Where there is any listener, Airflow refuses each DAG with a sensor that ends from its trigger. So no
    process has one that it does not need, and the policy takes it from who reads a DAG.
    """
    found = [_CURSORS] if is_one_of(_TRIGGERER, argv) else []
    if is_one_of(_DAG_PROCESSOR, argv) and alert_settings():
        found.append(_BROKEN_DAGS)
    return list(map(import_module, found))


def _fastapi_apps() -> list[dict[str, Any]]:
    if not is_one_of(_API_SERVER, sys.argv):
        return []
    from airflow_provider_wahelp.receiver.app import make_app

    app = make_app()
    if AIRFLOW_V_3_1_PLUS:
        from airflow_provider_wahelp.pages.routes import router

        app.include_router(router)
    return [{"app": app, "url_prefix": PREFIX, "name": "Wahelp"}]


class WahelpPlugin(AirflowPlugin):
    """Receives what happens in channels, and shows mailings, channels and alerts."""

    name = "wahelp"
    fastapi_apps: list[Any] = _fastapi_apps()
    external_views: list[Any] = views() if AIRFLOW_V_3_1_PLUS else []
    listeners: list[ModuleType | object] = listeners(sys.argv)

"""Lets Airflow move the cursors of watchers."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from airflow_provider_wahelp.triggers import cursor_listener


class ListeningPlugin(AirflowPlugin):
    """Names the listener."""

    name = "wahelp_listening_test"
    listeners = [cursor_listener]  # noqa: RUF012 - as Airflow has it

"""What both hooks are to Airflow."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_wahelp import connection_form


class BaseWahelpHook(BaseHook):
    """The connection type, for Airflow.

    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    """

    conn_name_attr = "wahelp_conn_id"
    default_conn_name = "wahelp_default"
    conn_type = connection_form.CONN_TYPE
    hook_name = connection_form.HOOK_NAME

    def __init__(self, wahelp_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.wahelp_conn_id = wahelp_conn_id

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the form's fields, for Airflow before 3.2."""
        return connection_form.form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return what the form does with the standard fields, for Airflow before 3.2."""
        return connection_form.ui_field_behaviour()

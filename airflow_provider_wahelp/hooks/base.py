"""The base of both hooks."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_wahelp import connection_form


class BaseWahelpHook(BaseHook):
    """Declares the connection type to Airflow."""

    conn_name_attr = "wahelp_conn_id"
    default_conn_name = "wahelp_default"
    conn_type = connection_form.CONN_TYPE
    hook_name = connection_form.HOOK_NAME

    def __init__(self, wahelp_conn_id: str = default_conn_name, default_region: str | None = None) -> None:
        super().__init__()
        self.wahelp_conn_id = wahelp_conn_id
        self.default_region = default_region
        self._sent: set[int | str | None] = set()

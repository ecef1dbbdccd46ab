"""Which of Airflow's connections a page may look through."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.connection_form import CONN_TYPE


def insist_on_wahelp(conn_id: str) -> None:
    """Refuse another connection: its password must not go to whatever its host is.

    :raises InputError: if it is of another type, or there is none.
    """
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise InputError("conn_id", "must be the id of a connection") from None
    if connection.conn_type != CONN_TYPE:
        raise InputError("conn_id", f"must be a connection of type {CONN_TYPE}")

"""The address of this Airflow's receiver of webhooks."""

from __future__ import annotations

from typing import NamedTuple

from airflow_provider_wahelp.client.errors import InputError

PREFIX = "/wahelp"
"""Where the API server has the receiver, below the path of ``[api] base_url``."""


class ReceiverAddress(NamedTuple):
    """Where webhooks are posted to, and whose events are expected there.

    :param url: the address with its secret: not to be shown.
    """

    url: str
    project_id: int


def receiver_address(conn_id: str) -> ReceiverAddress:
    """Return the address at which the API server takes the events of a connection's project.

    :raises InputError: if the connection has no receiver, or this Airflow does not know its own address.
    """
    from airflow.providers.common.compat.sdk import BaseHook, conf, mask_secret
    from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

    from airflow_provider_wahelp.hooks.connection import read_connection

    if not AIRFLOW_V_3_0_PLUS:
        raise InputError("receiver", "needs Airflow 3: its API server is what receives")
    connection = BaseHook.get_connection(conn_id)
    read = read_connection(connection, connection.extra_dejson)
    if not read.webhook_token:
        raise InputError("receiver", f"needs a webhook_token in the extra of the connection {conn_id!r}")
    mask_secret(read.webhook_token)
    base = conf.get("api", "base_url", fallback="") or ""
    if not base:
        raise InputError("receiver", "needs [api] base_url: the address at which Wahelp reaches this Airflow")
    url = f"{base.rstrip('/')}{PREFIX}/webhooks/{conn_id}?token={read.webhook_token}"
    return ReceiverAddress(url, read.project())

"""How an Airflow reaches a sandbox: its environment, for which nobody has to import Airflow."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_wahelp.sandbox.server import Sandbox


@dataclass(frozen=True)
class SandboxConnection:
    """An Airflow connection to a sandbox, whose defaults are an active channel and its project.

    :param conn_id: its id.
    :param project_id: the project.
    :param channel_uuid: the channel.
    """

    conn_id: str
    project_id: int
    channel_uuid: str


def make_connection(sandbox: Sandbox, conn_id: str) -> SandboxConnection:
    """Make an active channel in a project of its own, for a connection.

    :param sandbox: a sandbox that runs.
    :param conn_id: the id of the connection.
    """
    channel = sandbox.create_channel()
    return SandboxConnection(conn_id, channel["project_id"], channel["uuid"])


def environment(sandbox: Sandbox, connection: SandboxConnection, extra: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that tell an Airflow of a connection, and to go there without a proxy.

    :param sandbox: where it leads to.
    :param connection: the connection.
    :param extra: what else its extra has.
    """
    direct = {
        name: ",".join(filter(None, (os.environ.get(name), "127.0.0.1"))) for name in ("NO_PROXY", "no_proxy")
    }
    return {f"AIRFLOW_CONN_{connection.conn_id.upper()}": _as_json(sandbox, connection, extra), **direct}


def _as_json(sandbox: Sandbox, connection: SandboxConnection, extra: Mapping[str, Any]) -> str:
    options = sandbox.options
    defaults = {"project_id": connection.project_id, "channel_uuid": connection.channel_uuid}
    return json.dumps(
        {
            "conn_type": "wahelp",
            "host": sandbox.url,
            "login": options.login,
            "password": options.password,
            "extra": {**defaults, **extra},
        }
    )

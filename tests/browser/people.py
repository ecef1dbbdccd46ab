"""The people of an Airflow with FAB's auth manager. As a program, it puts them into the database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

ADMIN = {"username": "admin", "password": "admin-51739"}
CLERK = {"username": "clerk", "password": "clerk-51739"}
OPEN, CLOSED = "open_shop", "closed_shop"
"""DAGs: the clerk may see the first one. Connections are nothing for clerks."""

SETTINGS = {
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
}

_RESOURCES = (
    f"DAG:{OPEN}", "DAG Code", "DAG Runs", "DAG Versions", "Plugins", "Task Instances", "Task Logs",
    "Website", "XComs",
)  # fmt: skip


def let_in(env: Mapping[str, str]) -> None:
    """Put them into the database of an Airflow.

    :param env: the environment of its processes.
    """
    subprocess.run([sys.executable, __file__], env=env, check=True, capture_output=True, timeout=120)


def main() -> None:
    """Put them into the database of the Airflow that this process belongs to."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        rights = builder.sm
        rights.bulk_sync_roles([{"role": "Clerk", "perms": [("can_read", each) for each in _RESOURCES]}])
        for account, role in ((ADMIN, "Admin"), (CLERK, "Clerk")):
            name = account["username"]
            of_role = rights.find_role(role)
            assert rights.add_user(name, name, name, f"{name}@example.com", of_role, account["password"])


if __name__ == "__main__":
    main()

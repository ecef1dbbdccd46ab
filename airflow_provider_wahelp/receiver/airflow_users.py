"""Users of Airflow by name, as the auth manager knows them, and what they may decide."""

from __future__ import annotations

import logging
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.models.dag import DagModel

log = logging.getLogger(__name__)


def find_user(name: str) -> Any | None:
    """Return a user; ``None`` where there is none, or the auth manager cannot find one by name.

    No auth manager has a public way to. Who is not found decides nothing.
    """
    manager: Any = get_auth_manager()
    if not isinstance(manager, SimpleAuthManager):
        log.error("%s cannot find a user by name: no reply decides a task", type(manager).__name__)
        return None
    for user in manager.get_users():  # dictionaries before Airflow 3.2
        told = user if isinstance(user, dict) else vars(user)
        if told["username"] == name:
            return manager.deserialize_user(
                {"sub": name, "role": told["role"], "teams": told.get("teams") or []}
            )
    return None


def may_decide(user: Any, dag_id: str) -> bool:
    """Return whether a user may answer a DAG's questions: what the API's route demands of its callers."""
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    return bool(
        get_auth_manager().is_authorized_dag(
            method="PUT", access_entity=DagAccessEntity.HITL_DETAIL, details=details, user=user
        )
    )

"""Users of Airflow by name, as the auth manager knows them, and what they may decide."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from sqlalchemy import select

log = logging.getLogger(__name__)

_FAB = "airflow.providers.fab.auth_manager"


def find_user(name: str) -> Any | None:
    """Return a user; ``None`` where there is none, or the auth manager cannot find one by name.

    No auth manager has a public way to. Who is not found decides nothing.
    """
    manager: Any = get_auth_manager()
    if isinstance(manager, SimpleAuthManager):
        return _simple_user(manager, name)
    if any(each.__module__.startswith(_FAB) for each in type(manager).__mro__):
        return _fab_user(name)
    log.error("%s cannot find a user by name: no reply decides a task", type(manager).__name__)
    return None


def _simple_user(manager: Any, name: str) -> Any | None:
    for user in manager.get_users():  # dictionaries before Airflow 3.2
        told = user if isinstance(user, dict) else vars(user)
        if told["username"] == name:
            return manager.deserialize_user(
                {"sub": name, "role": told["role"], "teams": told.get("teams") or []}
            )
    return None


def _fab_user(name: str) -> Any | None:
    user = import_module(f"{_FAB}.models").User
    active = select(user).where(user.username == name, user.active.is_(True))
    # A session of its own: another one may still have the user with the rights of a while ago.
    with create_session(scoped=False) as session:
        found = session.scalars(active).all()
    return next((each for each in found if each.username == name), None)  # SQLite: "Anna" is "anna"


def may_decide(user: Any, dag_id: str) -> bool:
    """Return whether a user may answer a DAG's questions: what the API's route demands of its callers."""
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    return bool(
        get_auth_manager().is_authorized_dag(
            method="PUT", access_entity=DagAccessEntity.HITL_DETAIL, details=details, user=user
        )
    )

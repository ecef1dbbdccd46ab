"""What a user may see, as Airflow's auth manager says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import (
    ConnectionDetails,
    DagAccessEntity,
    DagDetails,
)


def visible_dags(user: Any) -> set[str]:
    """Return the DAGs that a user may see."""
    return get_auth_manager().get_authorized_dag_ids(user=user, method="GET")


def with_xcoms(user: Any, dag_ids: Iterable[str]) -> set[str]:
    """Return those of some DAGs whose XComs a user may read: a right of its own."""
    return _with(user, dag_ids, DagAccessEntity.XCOM)


def with_tasks(user: Any, dag_ids: Iterable[str]) -> set[str]:
    """Return those of some DAGs whose task instances a user may see."""
    return _with(user, dag_ids, DagAccessEntity.TASK_INSTANCE)


def may_read_connection(user: Any, conn_id: str) -> bool:
    """Return whether a user may read a connection, and so what its account knows of people."""
    details = ConnectionDetails(conn_id=conn_id)
    return get_auth_manager().is_authorized_connection(method="GET", details=details, user=user)


def _with(user: Any, dag_ids: Iterable[str], entity: DagAccessEntity) -> set[str]:
    manager = get_auth_manager()
    return {
        dag_id
        for dag_id in dag_ids
        if manager.is_authorized_dag(
            method="GET", access_entity=entity, details=DagDetails(id=dag_id), user=user
        )
    }

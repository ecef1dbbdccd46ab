"""The pages' application over Airflow's real database, for users whose rights the test decides.

The auth manager is the test's own: Airflow's simple one has no rights by DAG.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from inspect import signature
from typing import Any

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

if not AIRFLOW_V_3_1_PLUS:  # which have no pages
    collect_ignore_glob = ["test_*.py"]

RUN = "manual__2026-11-28T12:00:00+00:00"
TOTALS = {"sent": 7, "skipped": 1, "suppressed": 2, "no_messenger": 0, "failed": 1, "deferred": 3}
TOLD = {
    "channel": "3f2a",
    "conn_id": "wahelp_default",
    "report": None,
    "at": 1000.0,
    "began": 940.0,
    "totals": TOTALS,
    "reasons": [["failed", "HTTP 422: <b>no</b>", 1]],
    "points": [[940, 0, 0, 0], [1000, 7, 0, 0]],
    "speed": "at 20 a minute",
    "ends": 1009.0,
}


@dataclass
class Rights:
    """What the reader may do; it stands for Airflow's auth manager."""

    dags: set[str] = field(default_factory=set)
    xcoms: set[str] = field(default_factory=set)
    tasks: set[str] = field(default_factory=set)
    connections: bool = False

    def get_authorized_dag_ids(self, *, user: Any, method: str) -> set[str]:
        assert method == "GET"
        return self.dags

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: Any, user: Any) -> bool:
        assert method == "GET"
        return details.id in {"XCOM": self.xcoms, "TASK_INSTANCE": self.tasks}[access_entity.name]

    def is_authorized_connection(self, *, method: str, details: Any, user: Any) -> bool:
        return self.connections


class Reader:
    """Somebody who is logged in."""

    def get_name(self) -> str:
        return "anna"


Tell = Callable[..., None]


@pytest.fixture
def database() -> Iterator[None]:
    from airflow.models.connection import Connection
    from airflow.models.dagrun import DagRun
    from airflow.models.log import Log
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    initdb()
    yield
    with create_session() as session:
        for table in (Connection, DagRun, Log):
            session.execute(delete(table))


@pytest.fixture
def tell(database: None) -> Tell:
    """Return what leaves a task's words in the database."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import insert, select

    # Airflow 3.1 takes what a worker has sent as it is, and cannot be told to.
    as_is = {"serialize": False} if "serialize" in signature(XComModel.set).parameters else {}

    def told(dag_id: str, value: Any, task_id: str = "mail", key: str = "wahelp_mailing") -> None:
        with create_session() as session:
            if not session.scalar(select(DagRun.id).where(DagRun.dag_id == dag_id)):
                run = DagRun(dag_id=dag_id, run_id=RUN, run_type="manual", run_after=datetime.now(UTC))
                session.add(run)
                session.flush()
            task = {"dag_id": dag_id, "run_id": RUN, "task_id": task_id, "map_index": -1}
            session.execute(
                insert(TaskInstance).values(
                    **task, state="running", pool="default_pool", pool_slots=1, try_number=1, max_tries=0
                )
            )
            XComModel.set(key=key, value=value, **as_is, **task, session=session)  # type: ignore[arg-type]

    return told


@pytest.fixture
def rights(monkeypatch: pytest.MonkeyPatch) -> Rights:
    from airflow_provider_wahelp.pages import access

    given = Rights()
    monkeypatch.setattr(access, "get_auth_manager", lambda: given)
    return given


@pytest.fixture
def reader(rights: Rights, database: None) -> Iterator[Any]:
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from airflow_provider_wahelp.pages.routes import router

    app = FastAPI()
    app.include_router(router)
    app.dependency_overrides[get_user] = Reader
    root = FastAPI()
    root.mount("/airflow/wahelp", app)
    with TestClient(root, base_url="http://airflow.test/airflow/wahelp/") as client:
        yield client

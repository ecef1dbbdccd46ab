"""Where a short link of an alert leads: to the log of its task, which Airflow shows to whom it may."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.utils.session import create_session
from fastapi import APIRouter, Path
from sqlalchemy import select
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from airflow_provider_wahelp.notifications.short_links import uuid_of
from airflow_provider_wahelp.pages.headers import PRIVATE

router = APIRouter()

_GONE = "Airflow does not know this task any more."


@router.get("/r/{code}")
def log_of_task(code: Annotated[str, Path(pattern="^[a-z2-7]{26}$")]) -> Response:
    """Lead to the log of a task, by the id of one of its tries.

    Nobody has to be logged in: it tells no more than the alert that it stands in, and nobody guesses it.
    """
    uuid = uuid_of(code)
    if uuid is None or (found := _task(uuid)) is None:
        return PlainTextResponse(_GONE, 404, headers=PRIVATE)
    return RedirectResponse(_log(found), 302, headers=PRIVATE)


def _task(uuid: UUID) -> Any | None:
    """Return the try of a task instance: the current one, or one before it."""
    with create_session(scoped=False) as session:
        for table, key in (
            (TaskInstance, TaskInstance.id),
            (TaskInstanceHistory, TaskInstanceHistory.task_instance_id),
        ):
            columns = (table.dag_id, table.run_id, table.task_id, table.map_index, table.try_number)
            asked = uuid if key.type.python_type is UUID else str(uuid)  # a text before Airflow 3.3
            if found := session.execute(select(*columns).where(key == asked)).first():
                return found
    return None


def _log(task: Any) -> str:
    """Return the address of a log: relative, as Airflow may be served under a path."""
    dag, run, name = (quote(each, safe="") for each in (task.dag_id, task.run_id, task.task_id))
    index = f"/mapped/{task.map_index}" if task.map_index >= 0 else ""
    return f"../../dags/{dag}/runs/{run}/tasks/{name}{index}?{urlencode({'try_number': task.try_number})}"

"""Where the short links of alerts lead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from airflow_provider_wahelp.notifications.short_links import code_of
from tests.pages.conftest import RUN, TOLD, Tell

LOG = "/airflow/dags/shop/runs/manual__2026-11-28T12%3A00%3A00%2B00%3A00/tasks/mail"


def task_of(session: Any) -> Any:
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    return session.scalars(select(TaskInstance).where(TaskInstance.dag_id == "shop")).one()


def target(reader: Any, uuid: object) -> str:
    """Return where a browser goes."""
    answer = reader.get(f"r/{code_of(UUID(str(uuid)))}", follow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.url.join(answer.headers["location"]).raw_path, "ascii")


def test_it_leads_to_the_log_of_the_try_also_after_a_retry(reader: Any, tell: Tell) -> None:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    tell("shop", TOLD)
    with create_session() as session:
        first = task_of(session).id
    assert target(reader, first) == f"{LOG}?try_number=1"
    with create_session() as session:
        task: TaskInstance = task_of(session)
        task.prepare_db_for_next_try(session)
        task.try_number = 2
    with create_session() as session:
        second = task_of(session).id
    assert second != first
    assert target(reader, first) == f"{LOG}?try_number=1"
    assert target(reader, second) == f"{LOG}?try_number=2"


@pytest.mark.parametrize("code", [code_of(UUID(int=7)), "a" * 25, "0" * 26, "A" * 26, "..%2Fr"])
def test_what_is_no_task_is_not_found(reader: Any, database: None, code: str) -> None:
    answer = reader.get(f"r/{code}", follow_redirects=False)
    assert answer.status_code in {404, 422}
    assert RUN not in answer.text

"""Short links in alerts, and the long ones where nobody could resolve a short one."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from airflow_provider_wahelp.notifications.event import event_of
from airflow_provider_wahelp.notifications.short_links import code_of, uuid_of

RUN = "scheduled__2026-11-22T19%3A00%3A00%2B00%3A00"
LOG = f"https://airflow.example.com/team/dags/nightly_export/runs/{RUN}/tasks/load_orders?try_number=2"


@pytest.fixture(autouse=True)
def base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/team/")


def link(**task: object) -> str:
    ti = SimpleNamespace(dag_id="nightly_export", task_id="load_orders", state="failed", log_url=LOG, **task)
    return event_of({"ti": ti}).link


@pytest.mark.skipif(not AIRFLOW_V_3_1_PLUS, reason="which has no pages")
def test_a_link_is_short_enough_for_a_phone() -> None:
    uuid = uuid4()
    assert link(id=uuid) == link(id=str(uuid)) == f"https://airflow.example.com/team/wahelp/r/{code_of(uuid)}"
    assert len(link(id=uuid)) < len(LOG) * 0.6
    assert uuid_of(code_of(uuid)) == uuid


@pytest.mark.skipif(not AIRFLOW_V_3_1_PLUS, reason="which has no pages")
def test_it_is_the_long_one_where_a_short_one_is_unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__SHORT_LINKS", "False")
    assert "/dags/nightly_export/" in link(id=uuid4())


@pytest.mark.parametrize("ids", [{}, {"id": None}, {"id": 7}, {"id": "nightly_export"}])
def test_it_is_the_long_one_where_the_try_has_no_uuid(ids: dict[str, object]) -> None:
    assert "/dags/nightly_export/" in link(**ids)


@pytest.mark.skipif(AIRFLOW_V_3_1_PLUS, reason="which has pages")
def test_it_is_the_long_one_where_airflow_has_no_pages() -> None:
    assert "/dags/nightly_export/" in link(id=uuid4())


@pytest.mark.parametrize("code", ["", "a", "8" * 26, "ä" * 26])
def test_what_is_no_code_is_no_uuid(code: str) -> None:
    assert uuid_of(code) is None

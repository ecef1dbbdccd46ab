"""The page of alerts: what was told, held back, not sent or silent, and to whom that is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_wahelp.delivery.alert import history
from tests.notifications.conftest import (  # noqa: F401 - two are fixtures
    OTHER,
    PHONE,
    Rig,
    fail,
    notifier,
    of_run,
    of_task,
    rig,
    running,
)
from tests.pages.conftest import RUN, Rights

SECRET = "Your parcel is at the blue door"
HOUR = timedelta(hours=1)

Fails = Callable[..., None]


@pytest.fixture
def fails(database: None) -> Fails:
    """Return what leaves a task in the database that has failed."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import insert, select

    def failed(task_id: str, ago: timedelta = HOUR, dag_id: str = "shop", run_id: str = RUN) -> None:
        now = datetime.now(UTC)
        with create_session() as session:
            if not session.scalar(select(DagRun.id).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)):
                session.add(DagRun(dag_id=dag_id, run_id=run_id, run_type="manual", run_after=now))
                session.flush()
            task = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": -1}
            rest = {"pool": "default_pool", "pool_slots": 1, "try_number": 1, "max_tries": 0}
            session.execute(insert(TaskInstance).values(**task, **rest, state="failed", end_date=now - ago))

    return failed


@pytest.fixture
def seer(rights: Rights) -> Rights:
    rights.dags = rights.tasks = {"shop"}
    return rights


def shown(reader: Any) -> dict[str, Any]:
    found: dict[str, Any] = reader.get("data/alerts").raise_for_status().json()
    return found


def fates(reader: Any) -> dict[str, dict[str, int]]:
    """Return what became of the alerts of each task; of a run under its kind."""
    return {each["task_id"] or each["kind"]: dict(each["fates"]) for each in shown(reader)["alerts"]}


def test_what_was_told_held_back_and_not_sent_is_counted_by_people(
    reader: Any,
    seer: Rights,
    rig: Rig,  # noqa: F811
) -> None:
    by = notifier(phone=None, to=[PHONE, OTHER], group_by="all", text=SECRET)
    for task in ("load", "clean"):
        by(of_task(task_id=task))
    rig.connect("http://127.0.0.1:9", retries=0)
    by = notifier(group_by="another", timeout=2)
    by(of_task(task_id="send"))
    assert fates(reader) == {"load": {"told": 2}, "clean": {"held back": 2}, "send": {"not sent": 1}}
    assert dict(shown(reader)["totals"]) == {"told": 2, "held back": 2, "not sent": 1, "silent": 0}
    rig.connect(rig.sandbox.url)
    notifier(group_by="another")(of_task(task_id="next"))
    assert fates(reader) == {
        "load": {"told": 2}, "clean": {"held back": 2}, "send": {"told later": 1}, "next": {"told": 1},
    }  # fmt: skip
    words = reader.get("data/alerts").text
    assert not [secret for secret in (PHONE[2:], OTHER[2:], SECRET) if secret in words]


def test_whoever_may_not_see_a_dag_or_its_tasks_sees_none_of_its_alerts(
    reader: Any,
    rights: Rights,
    fails: Fails,
    rig: Rig,  # noqa: F811
) -> None:
    for dag in ("shop", "bank"):
        notifier()(of_task(dag_id=dag))
        fails("killed", dag_id=dag, ago=timedelta(minutes=5))
    nothing = {"told": 0, "held back": 0, "silent": 0}
    assert (shown(reader)["alerts"], dict(shown(reader)["totals"])) == ([], nothing)
    rights.dags, rights.tasks = {"shop", "bank"}, {"bank"}
    assert {each["dag_id"] for each in shown(reader)["alerts"]} == {"bank"}
    assert dict(shown(reader)["totals"]) == {**nothing, "told": 1}
    rights.dags, rights.tasks = {"shop"}, {"shop", "bank"}
    assert {each["dag_id"] for each in shown(reader)["alerts"]} == {"shop"}
    reader.app.routes[-1].app.dependency_overrides.clear()
    assert reader.get("data/alerts").status_code == 401


def test_a_failure_that_no_alert_came_up_for_is_silent(
    reader: Any,
    seer: Rights,
    fails: Fails,
    rig: Rig,  # noqa: F811
    past: Callable[[timedelta], None],
) -> None:
    fails("before", ago=3 * HOUR)
    assert fates(reader) == {}, "nobody uses alerts here"
    past(2 * HOUR)
    notifier()(of_task(task_id="told", run_id=RUN))
    notifier(text="{{ run_id }}")(of_run(run_id="other"))
    for task in ("told", "killed"):
        fails(task)
    fails("just_now", ago=timedelta(seconds=5))
    fails("of_a_run_that_told", run_id="other")
    fails("hidden", dag_id="bank")
    found = fates(reader)
    assert found == {"told": {"told": 1}, "failed": {"told": 1}, "killed": {"silent": 1}}
    assert dict(shown(reader)["totals"])["silent"] == 1


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Return what lets the next alerts come up some time ago."""
    from airflow_provider_wahelp.notifications import state
    from airflow_provider_wahelp.storage.directory import shared_directory
    from airflow_provider_wahelp.storage.state.directory import DirectoryState

    def ago(span: timedelta) -> None:
        at = datetime.now(UTC).timestamp() - span.total_seconds()
        monkeypatch.setattr(state, "host_state", lambda: DirectoryState(shared_directory(), lambda: at))

    return ago


def test_older_alerts_are_not_shown(
    reader: Any,
    seer: Rights,
    rig: Rig,  # noqa: F811
    past: Callable[[timedelta], None],
) -> None:
    past(timedelta(days=4))
    notifier()(of_task())
    assert shown(reader)["alerts"] == []
    past(timedelta(days=2))
    notifier()(of_task(task_id="later"))
    assert fates(reader) == {"later": {"told": 1}}


def test_a_state_that_is_away_is_said_and_nothing_else(
    reader: Any, seer: Rights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__STATE", "no_such_connection")
    found = shown(reader)
    assert "does not answer" in found["error"]
    assert (found["alerts"], found["totals"]) == ([], [])


def test_a_storm_is_shown_in_part(reader: Any, seer: Rights, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_wahelp.delivery.alert.records import Subject
    from airflow_provider_wahelp.delivery.alert.store import Alert, Alerts
    from airflow_provider_wahelp.pages import alerts
    from airflow_provider_wahelp.storage.state.shared import host_state

    monkeypatch.setattr(history, "_MOST", 30)
    monkeypatch.setattr(alerts, "MOST", 20)
    kept = Alerts(host_state())
    for number in range(40):
        key = number.to_bytes(64)
        subject = Subject("shop", RUN, "load", number)
        kept.claim(Alert(key, b"g", b"r", "FAILED load", subject=subject), 600, 10)
    found = shown(reader)
    assert [each["map_index"] for each in found["alerts"]] == list(range(39, 19, -1))
    assert dict(found["totals"]) == {"told": 0, "held back": 30, "silent": 0}

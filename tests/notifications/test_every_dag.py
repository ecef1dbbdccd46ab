"""Alerts that the policy sends, over real HTTP: of tasks, runs, recoveries and broken files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_wahelp.notifications import every_dag
from airflow_provider_wahelp.notifications.failed_tasks import FailedTask, Failures
from airflow_provider_wahelp.notifications.policy import tell_of_failure, tell_of_recovery, tell_of_run

from .conftest import PHONE, Rig, of_run, of_task

FAILED = ValueError("no rows in orders")
STACK = "Traceback (most recent call last):\n  File ...\nModuleNotFoundError: No module named 'shop'\n"

pytestmark = pytest.mark.usefixtures("alerts_for_all")


class Calendar:
    """The time of alerts' days, driven."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 27, 22, 5, tzinfo=ZoneInfo("Europe/Moscow"))

    def __call__(self, zone: Any) -> datetime:
        return self.now.astimezone(zone)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    calendar = Calendar()
    monkeypatch.setattr(every_dag, "_now", calendar)
    return calendar


@pytest.fixture(autouse=True)
def _each_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_wahelp.notifications.alert_settings import alert_settings

    monkeypatch.setenv("AIRFLOW__WAHELP__ALERT_THROTTLE", "0")
    alert_settings.cache_clear()


def heads(rig: Rig) -> list[str]:
    return [text.splitlines()[0] for text in rig.texts()]


def test_what_goes_on_failing_is_told_as_such_until_it_succeeds(rig: Rig, calendar: Calendar) -> None:
    for run in ("monday", "monday evening", "tuesday", "wednesday"):
        tell_of_failure(of_task(run_id=run, exception=FAILED))
        calendar.now += timedelta(hours=1 if run == "monday" else 24)
    tell_of_recovery(of_task("success", run_id="thursday"))
    tell_of_recovery(of_task("success", run_id="friday"))
    tell_of_failure(of_task(run_id="saturday", exception=FAILED))
    assert heads(rig) == [
        "Failed: shop, task load",
        "Failed again: shop, task load",
        "Failed again (day 2): shop, task load",
        "Failed again (day 3): shop, task load",
        "Recovered: shop, task load",
        "Failed: shop, task load",
    ]
    assert rig.texts()[4].splitlines()[1] == "It had failed 4 times, since 27 Nov 22:05."


def test_an_event_that_airflow_tells_of_twice_is_one_failure(rig: Rig, calendar: Calendar) -> None:
    for _ in range(2):
        tell_of_failure(of_task(exception=FAILED))
    calendar.now += timedelta(days=1)
    tell_of_failure(of_task(run_id="the next", exception=FAILED))
    assert heads(rig) == ["Failed: shop, task load", "Failed again (day 2): shop, task load"]


def test_what_was_lost_and_is_retried_is_no_failure_yet(rig: Rig) -> None:
    tell_of_failure(of_task("up_for_retry"))
    tell_of_recovery(of_task("success"))
    assert heads(rig) == ["Failed, to be retried: shop, task load"]


def test_a_recovery_that_could_not_be_told_is_told_with_the_next_success(rig: Rig) -> None:
    tell_of_failure(of_task(exception=FAILED))
    rig.connect("http://127.0.0.1:9", retries=0)
    tell_of_recovery(of_task("success", run_id="tuesday"))
    rig.connect(rig.sandbox.url)
    tell_of_recovery(of_task("success", run_id="wednesday"))
    assert heads(rig) == ["Failed: shop, task load", "Recovered: shop, task load"]


@pytest.mark.parametrize(
    ("reason", "failed", "told"),
    [
        ("task_failure", [], []),
        ("timed_out", [], ["Failed: shop\ntimed out"]),
        ("task_failure", [FailedTask("load")], ["Failed: shop\ntask failure: load"]),
        (
            "task_failure",
            [FailedTask("load", notifies=True)],
            ["Failed: shop\ntask failure", "failed without an alert of its own, probably killed: load"],
        ),
    ],
    ids=["told by its tasks", "timed out", "a task without a callback", "a task that was killed"],
)
def test_of_a_run_is_told_what_its_tasks_did_not(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, reason: str, failed: list[FailedTask], told: list[str]
) -> None:
    from airflow_provider_wahelp.notifications import failed_tasks

    monkeypatch.setattr(failed_tasks, "failures_of", lambda *_: Failures(tuple(failed)))
    tell_of_run(of_run(reason))
    assert len(rig.texts()) == bool(told)
    for text in rig.texts():
        assert all(part in text for part in told)


def test_a_run_tells_how_many_of_its_tasks_were_held_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_wahelp.notifications.alert_settings import alert_settings

    monkeypatch.setenv("AIRFLOW__WAHELP__ALERT_THROTTLE", "600")
    alert_settings.cache_clear()
    for index in range(5):
        tell_of_failure(of_task(map_index=index, exception=FAILED))
    tell_of_run(of_run())
    first, second = rig.texts()
    assert first.startswith("Failed: shop, task load [0]")
    assert second.splitlines()[-1].endswith("load failed (4)")


def test_a_broken_file_is_told_of_once_until_it_is_mended(rig: Rig, tmp_path: Path) -> None:
    file = str(tmp_path / "shop.py")
    every_dag.file_broken(file, STACK, new=True)
    for _ in range(3):
        every_dag.file_broken(file, STACK, new=False)
    every_dag.file_broken(file, STACK, new=True)  # mended, and broken again
    assert heads(rig) == ["Broken: shop.py"] * 2
    assert rig.texts()[0].splitlines()[1] == "ModuleNotFoundError: No module named 'shop'"


def test_a_broken_file_that_could_not_be_told_of_is_told_later(rig: Rig, tmp_path: Path) -> None:
    rig.connect("http://127.0.0.1:9", retries=0)
    every_dag.file_broken(str(tmp_path / "shop.py"), STACK, new=True)
    rig.connect(rig.sandbox.url)
    for _ in range(2):
        every_dag.file_broken(str(tmp_path / "shop.py"), STACK, new=False)
    assert heads(rig) == ["Broken: shop.py"]


@pytest.mark.parametrize("tell", [tell_of_failure, tell_of_run])
@pytest.mark.parametrize(
    ("option", "value", "named"), [("ALERT_TO", "Anna", "to"), ("ALERT_THROTTLE", "soon", "soon")]
)
def test_a_setting_that_is_wrong_is_named_in_the_log_and_ends_nothing(
    rig: Rig,
    monkeypatch: pytest.MonkeyPatch,
    task_log: Callable[[], str],
    tell: Callable[[Any], None],
    option: str,
    value: str,
    named: str,
) -> None:
    from airflow_provider_wahelp.notifications.alert_settings import alert_settings

    monkeypatch.setenv(f"AIRFLOW__WAHELP__{option}", value)
    alert_settings.cache_clear()
    tell({**of_task(exception=FAILED), "reason": "timed_out"})
    said = task_log()
    assert "An alert of [wahelp] alert_to failed" in said
    assert named in said
    assert rig.texts() == []


@pytest.mark.parametrize("tell", [tell_of_failure, tell_of_recovery])
def test_a_state_that_leads_nowhere_is_named_in_the_log_and_ends_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, task_log: Callable[[], str], tell: Callable[[Any], None]
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__STATE", "nowhere")
    tell(of_task(exception=FAILED))
    assert "there is no 'nowhere'" in task_log()


def test_the_alert_has_no_phone_of_others_in_the_log(rig: Rig, task_log: Callable[[], str]) -> None:
    rig.connect("http://127.0.0.1:9", retries=0)
    tell_of_failure(of_task(exception=FAILED))
    assert PHONE not in task_log()


def test_days_are_those_of_the_alerts_zone(rig: Rig, calendar: Calendar) -> None:
    calendar.now = datetime(2026, 11, 27, 20, 30, tzinfo=UTC)  # 23:30 in Moscow
    tell_of_failure(of_task(exception=FAILED))
    calendar.now += timedelta(hours=1)
    tell_of_failure(of_task(run_id="the next", exception=FAILED))
    assert heads(rig)[-1] == "Failed again (day 2): shop, task load"


def test_a_context_without_anything_ends_nothing(rig: Rig) -> None:
    tell_of_failure({"ti": SimpleNamespace()})
    tell_of_recovery({})

"""Notifiers in a real Airflow: each kind of callback tells once, a storm is an alert and a summary."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_api import TaskInstance
from demo.airflow_version import VERSION
from demo.process import wait_until

pytestmark = pytest.mark.system

DAG, STORM = "wahelp_callbacks", "wahelp_storm"
ASKS, HAS_DEADLINES = VERSION >= (3, 1), VERSION >= (3, 3)
"""Whether there are human-in-the-loop operators, and deadlines with both kinds of callback."""

EXPECTED = {
    "+79000000001": f"Failed: {DAG}",
    "+79000000004": f"Failed, to be retried: {DAG}, task fail",
    "+79000000005": f"Failed: {DAG}, task fail",
    "+79000000006": "not today",
    "+79000000007": f"Succeeded: {DAG}, task succeed",
    "+79000000008": f"Skipped: {DAG}, task skip",
}
if ASKS:
    EXPECTED["+79000000010"] = f"Waiting for an answer: {DAG}, task approve"
if HAS_DEADLINES:
    EXPECTED |= dict.fromkeys(("+79000000002", "+79000000003"), f"Deadline missed: {DAG}")
STORMED = "+79000000011"


@pytest.fixture(scope="module")
def runs(airflow: Airflow, alerted: Sandbox) -> dict[str, list[TaskInstance]]:
    """Return the tasks of both runs, once everybody has been told."""
    started = {dag_id: airflow.trigger(dag_id) for dag_id in (DAG, STORM)}
    for dag_id, run_id in started.items():
        assert airflow.wait_for_run(dag_id, run_id, timeout=300) == "failed"

    def told() -> bool:
        airflow.check()
        return all(map(alerted.conversation, EXPECTED)) and len(alerted.conversation(STORMED)) > 1

    wait_until(told, timeout=240, what="everybody told")
    return {dag_id: airflow.api.task_instances(dag_id, run_id) for dag_id, run_id in started.items()}


def test_each_kind_of_callback_tells_once(runs: dict[str, list[TaskInstance]], alerted: Sandbox) -> None:
    told = {
        phone: [line["text"].partition("\n")[0] for line in alerted.conversation(phone)] for phone in EXPECTED
    }
    assert told == {phone: [text] for phone, text in EXPECTED.items()}


@pytest.mark.skipif(not ASKS, reason="no human-in-the-loop operators before Airflow 3.1")
def test_whoever_is_asked_gets_the_question_and_the_link(
    runs: dict[str, list[TaskInstance]], airflow: Airflow, alerted: Sandbox
) -> None:
    (message,) = alerted.conversation("+79000000010")
    assert "\nShall we?\n" in message["text"]
    assert f"\n{airflow.url}/dags/{DAG}/runs/" in message["text"]
    assert "/tasks/approve/required_actions" in message["text"]


def test_a_server_that_is_down_changes_nothing(runs: dict[str, list[TaskInstance]]) -> None:
    states = {task.task_id: (task.state, task.try_number) for task in runs[DAG]}
    asked = {"approve": ("success", 1)} if ASKS else {}
    assert states == {
        "fail": ("failed", 2),
        "succeed": ("success", 1),
        "skip": ("skipped", 1),
        "fail_beside_a_server_that_is_down": ("failed", 1),
        "succeed_beside_a_server_that_is_down": ("success", 1),
        **asked,
    }


def test_forty_failures_are_an_alert_and_a_summary(
    runs: dict[str, list[TaskInstance]], alerted: Sandbox
) -> None:
    assert [task.state for task in runs[STORM]] == ["failed"] * 40
    alert, summary = (line["text"] for line in alerted.conversation(STORMED))
    assert alert.startswith(f"Failed: {STORM}, task fail_together [")
    assert summary.startswith(f"Failed: {STORM}\n")
    assert summary.rpartition(": ")[2] == "fail_together failed (39)"


def test_no_log_gives_anything_away(runs: dict[str, list[TaskInstance]], airflow: Airflow) -> None:
    logs = dict(_logs(airflow))
    assert any("Held back for +7*****0011" in log for log in logs.values())
    assert any("A notifier failed; nothing else is affected." in log for log in logs.values())
    phones = [phone.removeprefix("+7") for phone in (*EXPECTED, STORMED, "+79000000009")]
    leaks = [(name, phone) for name, log in logs.items() for phone in phones if phone in log]
    assert leaks == []


def _logs(airflow: Airflow) -> Iterator[tuple[str, str]]:
    for path in airflow.home.rglob("*.log"):
        yield str(path.relative_to(airflow.home)), path.read_text(errors="replace")

"""Notifiers in a real Airflow: each kind of callback tells once."""

from __future__ import annotations

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_api import TaskInstance
from demo.airflow_version import VERSION
from demo.process import wait_until

from .conftest import logs

pytestmark = pytest.mark.system

DAG = "wahelp_callbacks"

KILLED = "wahelp_killed"
LOST = "no exception: its process was killed or lost"
RUN, RUN_IN_WORDS, OWN, RETRIED, NOT_RETRIED, FAILED = (f"+790000000{number}" for number in range(11, 17))

EXPECTED = {
    "+79000000001": f"Failed: {DAG}",
    "+79000000004": f"Failed, to be retried: {DAG}, task fail",
    "+79000000005": f"Failed: {DAG}, task fail",
    "+79000000006": "not today",
    "+79000000007": f"Succeeded: {DAG}, task succeed",
    "+79000000008": f"Skipped: {DAG}, task skip",
}
if VERSION >= (3, 3):  # deadlines whose callback is a worker's
    EXPECTED["+79000000003"] = f"Deadline missed: {DAG}"


@pytest.fixture(scope="module")
def tasks(airflow: Airflow, alerted: Sandbox) -> list[TaskInstance]:
    """Return the tasks of the run, once everybody has been told."""
    run_id = airflow.trigger(DAG)
    assert airflow.wait_for_run(DAG, run_id, timeout=300) == "failed"

    def told() -> bool:
        airflow.check()
        return all(map(alerted.conversation, EXPECTED))

    wait_until(told, timeout=240, what="everybody told")
    return airflow.api.task_instances(DAG, run_id)


def test_each_kind_of_callback_tells_once(tasks: list[TaskInstance], alerted: Sandbox) -> None:
    told = {
        phone: [line["text"].partition("\n")[0] for line in alerted.conversation(phone)] for phone in EXPECTED
    }
    assert told == {phone: [text] for phone, text in EXPECTED.items()}


def test_a_server_that_is_down_changes_nothing(tasks: list[TaskInstance]) -> None:
    states = {task.task_id: (task.state, task.try_number) for task in tasks}
    assert states == {
        "fail": ("failed", 2),
        "succeed": ("success", 1),
        "skip": ("skipped", 1),
        "fail_beside_a_server_that_is_down": ("failed", 1),
        "succeed_beside_a_server_that_is_down": ("success", 1),
    }


@pytest.fixture(scope="module")
def killed(airflow: Airflow, alerted: Sandbox) -> dict[str, list[str]]:
    """Return what was told about a run with tasks that were killed, by phone."""
    run_id = airflow.trigger(KILLED)
    assert airflow.wait_for_run(KILLED, run_id, timeout=400) == "failed"
    told = [RUN, RUN_IN_WORDS, RETRIED, FAILED, *([OWN] if VERSION < (3, 0) else [])]

    def all_told() -> bool:
        airflow.check()
        return all(map(alerted.conversation, told))

    wait_until(all_told, timeout=240, what="everybody told of those killed")
    phones = (RUN, RUN_IN_WORDS, OWN, RETRIED, NOT_RETRIED, FAILED)
    return {phone: [line["text"] for line in alerted.conversation(phone)] for phone in phones}


def test_the_dag_names_whom_nobody_else_tells_of(killed: dict[str, list[str]]) -> None:
    """Airflow 3 calls no callback of a task that was killed on its last try."""
    ((words,), (run,)) = killed[RUN_IN_WORDS], killed[RUN]
    head, *lines = run.splitlines()
    assert head == f"Failed: {KILLED}"
    if VERSION < (3, 0):
        (own,) = killed[OWN]
        assert own.startswith(
            f"Failed: {KILLED}, task killed\nno exception: its process was killed or lost\n"
        )
        assert words == f"{KILLED} is over"
        assert "probably killed" not in run
    else:
        silent = "failed without an alert of its own, probably killed: killed"
        assert killed[OWN] == []
        assert lines[-1] == silent
        assert words.splitlines() == [f"{KILLED} is over", silent]
        assert "task failure: without_a_notifier" in lines


def test_a_killed_task_that_is_retried_is_told_as_that(killed: dict[str, list[str]]) -> None:
    (text,) = killed[RETRIED]
    head, why, attempt, *_ = text.splitlines()
    assert head == f"Failed, to be retried: {KILLED}, task killed_once"
    assert why == LOST
    assert attempt.startswith("Try 1 of 2, ")
    assert killed[NOT_RETRIED] == []


def test_an_exception_is_a_text_where_a_dag_renders_natively(killed: dict[str, list[str]]) -> None:
    assert killed[FAILED] == ["not today"]


def test_no_log_gives_anything_away(tasks: list[TaskInstance], airflow: Airflow) -> None:
    found = logs(airflow)
    assert any("A notifier failed; nothing else is affected." in log for log in found.values())
    phones = [phone.removeprefix("+7") for phone in (*EXPECTED, "+79000000009")]
    leaks = [(name, phone) for name, log in found.items() for phone in phones if phone in log]
    assert leaks == []

"""The recipes of ``docs/alerting.md``: each example DAG as it is, and what it puts on a phone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.process import wait_until
from demo.sandbox import Sandbox

from .conftest import ANNA, Runner, explain, logs

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("_authorized")]

PHONE = "+71234567890"
SHOPS = 12
SECONDS = 150
ASKING = "deferred" if VERSION < (3, 3) else "awaiting_input"

LACKS_BOTH = VERSION < (3, 1)
needs_deadlines = pytest.mark.skipif(LACKS_BOTH, reason="no deadlines before Airflow 3.1")
needs_people = pytest.mark.skipif(LACKS_BOTH, reason="nobody can be asked before Airflow 3.1")
lacks_both = pytest.mark.skipif(not LACKS_BOTH, reason="here there are deadlines, and people are asked")


@pytest.fixture(scope="module")
def _authorized(sandbox: Sandbox, default_channel: dict[str, Any]) -> Iterator[None]:
    """Let the channel of ``wahelp_default`` be active meanwhile."""
    channel = f"{sandbox.url}/sandbox/channels/{default_channel['channel_uuid']}"
    httpx.post(f"{channel}/scan", trust_env=False).raise_for_status()
    yield
    httpx.post(f"{channel}/log-out", trust_env=False).raise_for_status()


def test_many_failures_are_an_alert_and_a_summary(airflow: Airflow, sandbox: Sandbox) -> None:
    dag = "wahelp_alerts"
    run_id = airflow.trigger(dag, {"shops": {f"shop {number}": 0 for number in range(SHOPS)}})
    assert airflow.wait_for_run(dag, run_id, timeout=2 * SECONDS) == "failed"
    failed = [task.state for task in airflow.api.task_instances(dag, run_id) if task.task_id == "load"]
    assert failed == ["failed"] * SHOPS

    alert, summary = _told(airflow, sandbox, PHONE, dag, count=2)
    assert alert.startswith(f"Failed: {dag}, task load [")
    assert "\nValueError: no rows\n" in alert
    index = alert.partition("[")[2].partition("]")[0]
    log = f"&map_index={index}&" if VERSION < (3,) else f"/tasks/load/mapped/{index}?try_number=1"
    assert f"/dags/{dag}/" in _log_behind(alert)
    assert log in _log_behind(alert)
    assert summary.startswith(f"Failed: {dag}\n")
    assert "held back in this run since " in summary
    assert summary.endswith(f": load failed ({SHOPS - 1})")
    found = logs(airflow)
    assert any("Held back for +7*****7890" in log for log in found.values())
    assert [name for name, log in found.items() if PHONE.removeprefix("+7") in log] == []


def test_bad_rows_are_told_of_with_a_link(
    run: Runner, airflow: Airflow, sandbox: Sandbox, tmp_path: Path
) -> None:
    finished = run("wahelp_data_quality", {"directory": str(tmp_path / "quality")})
    assert finished.state == "success"
    assert _told(airflow, sandbox, PHONE, "orders are bad") == [
        "2 of 3 orders are bad: https://files.example.com/bad.csv"
    ]
    with (tmp_path / "quality" / "bad.csv").open(encoding="utf-8") as file:
        assert [row["order"] for row in csv.DictReader(file)] == ["2", "3"]


def _log_behind(alert: str) -> str:
    """Return where the link of an alert leads in the end: it is a short one where our pages resolve it."""
    link = next(line for line in alert.splitlines() if line.startswith("http"))
    assert ("/wahelp/r/" in link) == (VERSION >= (3, 1))
    answer = httpx.get(link, trust_env=False)
    return str(answer.url.join(answer.headers.get("location", "")))


@needs_deadlines
def test_a_missed_deadline_is_told_once_and_a_kept_one_is_not(airflow: Airflow, sandbox: Sandbox) -> None:
    dag, now = "wahelp_deadline", datetime.now(UTC)
    for due in (now, now - timedelta(hours=1)):
        run_id = airflow.trigger(dag, logical_date=due)
        assert airflow.wait_for_run(dag, run_id, timeout=SECONDS) == "success"
    (message,) = _told(airflow, sandbox, ANNA, dag)
    assert message.startswith(f"Deadline missed: {dag}\n")
    assert f"\nRun {run_id}\n" in message
    assert f"\n{airflow.url}/dags/{dag}/runs/" in message


@needs_people
def test_whoever_is_asked_gets_one_message_and_the_answer_lets_the_run_go_on(
    airflow: Airflow, sandbox: Sandbox
) -> None:
    dag = "wahelp_approval"
    run_id = airflow.trigger(dag)

    def states() -> dict[str, str | None]:
        airflow.check()
        return {task.task_id: task.state for task in airflow.api.task_instances(dag, run_id)}

    asked = {"approve": ASKING, "publish": None}
    wait_until(lambda: states() == asked, timeout=SECONDS, what="a question")
    (message,) = _told(airflow, sandbox, PHONE, dag)
    assert message.startswith(f"Waiting for an answer: {dag}, task approve\nPublish the new prices?\n")
    link = message.rpartition("\n")[2]
    assert link.startswith(f"{airflow.url}/dags/{dag}/runs/{run_id}/tasks/approve/required_actions")

    wait_until(lambda: airflow.let_go(run_id, "approve"), timeout=SECONDS, what="a worker that is through")
    airflow.api.answer(dag, run_id, "approve", "Approve")
    state = airflow.wait_for_run(dag, run_id, timeout=SECONDS)
    explain(airflow, dag, run_id)
    assert state == "success"
    assert airflow.api.xcom(dag, run_id, "publish") == "published"
    assert _texts(sandbox, PHONE, dag) == [message]


@lacks_both
@pytest.mark.parametrize(("dag", "task"), [("wahelp_deadline", "report"), ("wahelp_approval", "publish")])
def test_where_airflow_lacks_it_the_rest_is_done(dag: str, task: str, run: Runner, sandbox: Sandbox) -> None:
    finished = run(dag, {})
    assert {each.task_id: each.state for each in finished.tasks} == {task: "success"}
    assert _texts(sandbox, ANNA, dag) + _texts(sandbox, PHONE, dag) == []


def _told(airflow: Airflow, sandbox: Sandbox, phone: str, words: str, count: int = 1) -> list[str]:
    """Wait for so many messages about something, and return all that there are."""

    def told() -> list[str] | None:
        airflow.check()
        texts = _texts(sandbox, phone, words)
        return texts if len(texts) >= count else None

    return wait_until(told, timeout=SECONDS, what=f"{count} messages about {words}")


def _texts(sandbox: Sandbox, phone: str, words: str) -> list[str]:
    lines = sandbox.get(f"/sandbox/phones/{phone.removeprefix('+')}/conversation")
    return [line["text"] for line in lines if words in line["text"]]

"""The example DAG against servers that are not so kind, without a change but the connection."""

from __future__ import annotations

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from tests.guide_server import GuideServer

from .conftest import Runner

pytestmark = pytest.mark.system

URL = "http://127.0.0.1:9/nobody"


def test_it_runs_on_the_guides_operations_alone(
    run: Runner, guide_server: GuideServer, airflow: Airflow
) -> None:
    guide = guide_server.guide
    finished = run("wahelp_guide", {"text": "By the book", "webhook_url": URL})
    assert {task.state for task in finished.tasks} == {"success"}
    assert [message["text"] for message in guide.messages] == ["By the book"]
    assert (guide.hook, guide.logins) == (URL, 1)
    (row,) = airflow.api.xcom(finished.dag_id, finished.run_id, "history")
    assert (row["created_at"], row["direction"]) == ("2026-01-15T09:00:00+00:00", "outgoing")


def test_tokens_that_die_before_their_time_are_not_seen(run: Runner, dying: Sandbox) -> None:
    """No lifetime is told, each token dies after three seconds, none can be renewed."""
    finished = run("wahelp_dying", {"webhook_url": URL})
    assert {(task.state, task.try_number) for task in finished.tasks} == {("success", 1)}
    assert dying.logins > 1
    assert 401 in {entry["status"] for entry in dying.requests}


def test_tokens_that_end_in_mid_run_are_renewed_in_time(run: Runner, renewed: Sandbox) -> None:
    """The lifetime is told as a string; what can be renewed is, and nothing is ever refused."""
    while _renewals(renewed) == 0:  # one run may be over before its token is
        finished = run("wahelp_renewed", {"webhook_url": URL})
        assert {(task.state, task.try_number) for task in finished.tasks} == {("success", 1)}
    assert 401 not in {entry["status"] for entry in renewed.requests}


def _renewals(sandbox: Sandbox) -> int:
    """Return how many tokens were got after the first."""
    renewed = sum("refresh-token" in entry["path"] for entry in sandbox.requests)
    return max(0, sandbox.logins + renewed - 1)

"""The example DAG in a real Airflow."""

from __future__ import annotations

import pytest

from demo.airflow import Airflow
from demo.sandbox import Sandbox

from .conftest import Person, Run

pytestmark = pytest.mark.system


def test_every_task_succeeds(onboarding: Run) -> None:
    assert onboarding.state == "success"
    assert {task.state for task in onboarding.tasks} == {"success"}


def test_the_message_stands_on_the_phone_once(onboarding: Run, sandbox: Sandbox, person: Person) -> None:
    [message] = sandbox.get(f"/sandbox/phones/{person.phone.removeprefix('+')}/conversation")
    assert message["text"] == person.text
    assert message["direction"] == "outgoing"


def test_the_tasks_leave_ids_to_one_another(
    onboarding: Run, sandbox: Sandbox, airflow: Airflow, person: Person
) -> None:
    found = {
        task.task_id: airflow.api.xcom(onboarding.dag_id, onboarding.run_id, task.task_id)
        for task in onboarding.tasks
    }
    [message] = sandbox.get(f"/sandbox/phones/{person.phone.removeprefix('+')}/conversation")
    assert found["channel"]["uuid"] == message["channel_uuid"]
    assert found["send"]["id"] == message["id"]
    assert found["send"]["user_id"] == found["user"]["id"]
    assert [entry["id"] for entry in found["history"]] == [message["id"]]


def test_all_tasks_share_one_login(onboarding: Run) -> None:
    assert onboarding.logins <= 1  # none, where another DAG of this host has logged in before

"""Mailings in a real Airflow hold themselves, and go on with a yes on the phone, or as they are cleared."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_api import TaskInstance
from demo.process import wait_until

from .test_waiting import channel

pytestmark = pytest.mark.system

__all__ = ["channel"]  # a fixture: of a channel that is not active yet

DAG = "wahelp_held"
AUTHOR = "+79162223355"
PHONES = [f"+7916222336{number}" for number in range(3)]
TEXTS = ["Spring sale", "Summer sale"]
QUESTION = """\
The mailing wahelp_held.asks holds: 1 person asked to stop within an hour.
Sent: 1 of 3.
Go on? 1: yes, 2: no"""
FAILURE = "1 person asked to stop within an hour (stop_after_complaints=1); 2 people are not written to yet"


def test_a_mailing_that_holds_goes_on_with_a_yes_and_as_it_is_cleared(
    airflow: Airflow, unreliable: Sandbox, channel: dict[str, Any]
) -> None:
    uuid, add = channel["channel_uuid"], unreliable._state.people.add
    unreliable.scan(uuid)
    people = [add(channel["project_id"], uuid, {"name": "N", "phone": phone})["id"] for phone in PHONES]
    for user in people[1:]:  # until the first one has complained, nothing goes to the others
        unreliable.inject("error_before", path=f"*/send_message/{user}", status=402)
    rows = [{"user_id": user} for user in people]
    run_id = airflow.trigger(DAG, {**channel, "people": rows, "author": AUTHOR})

    def got(phone: str) -> list[str]:
        airflow.check()
        return sorted(
            line["text"] for line in unreliable.conversation(phone) if line["direction"] == "outgoing"
        )

    def tasks() -> dict[str, TaskInstance]:
        return {task.task_id: task for task in airflow.api.task_instances(DAG, run_id)}

    wait_until(lambda: got(PHONES[0]) == TEXTS, timeout=120, what="the first messages")
    unreliable.advance(2)  # a complaint in the second of the mailing's begin is too early
    unreliable.receive(PHONES[0], "STOP", uuid)
    wait_until(lambda: tasks()["fails"].state == "failed", timeout=120, what="a failure", every=0.5)
    wait_until(lambda: got(AUTHOR), timeout=120, what="a question")
    failed = tasks()["fails"].try_number
    unreliable.clear_faults()
    airflow.api.clear(DAG, run_id, "fails")
    unreliable.receive(AUTHOR, "1", uuid)

    assert airflow.wait_for_run(DAG, run_id, timeout=120) == "success"
    assert [got(phone) for phone in (*PHONES, AUTHOR)] == [TEXTS, TEXTS, TEXTS, [QUESTION]]
    for name in ("asks", "fails"):
        totals = airflow.api.xcom(DAG, run_id, name)
        assert (totals["sent"], totals["deferred"]) == (3, 0)
    assert FAILURE in airflow.api.task_log(DAG, run_id, "fails", failed)
    tries = range(1, tasks()["asks"].try_number + 1)
    assert not any(AUTHOR[1:] in airflow.api.task_log(DAG, run_id, "asks", number) for number in tries)

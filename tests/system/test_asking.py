"""A question in a real Airflow: an answer on the phone decides which task runs."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.process import wait_until

from .test_waiting import channel

pytestmark = pytest.mark.system

__all__ = ["channel"]  # a fixture: of a channel that is not active yet

DAG = "wahelp_asking"
PHONE = "+79162223344"


def test_an_answer_on_the_phone_decides_which_task_runs(
    airflow: Airflow, unreliable: Sandbox, channel: dict[str, Any]
) -> None:
    uuid = channel["channel_uuid"]
    unreliable.scan(uuid)
    run_id = airflow.trigger(DAG, {**channel, "phone": PHONE})

    def sent() -> list[str]:
        airflow.check()
        return [line["text"] for line in unreliable.conversation(PHONE) if line["direction"] == "outgoing"]

    wait_until(lambda: len(sent()) == 1, timeout=120, what="a question")
    unreliable.receive(PHONE, "Who are you?", uuid)
    wait_until(lambda: len(sent()) == 2, timeout=120, what="the question again")
    unreliable.receive(PHONE, "Yes, of course!", uuid)
    unreliable.receive(PHONE, "No", uuid)

    assert airflow.wait_for_run(DAG, run_id, timeout=120) == "success"
    states = {task.task_id: task.state for task in airflow.api.task_instances(DAG, run_id)}
    assert states == {"ask": "success", "book": "success", "cancel": "skipped"}
    result = airflow.api.xcom(DAG, run_id, "ask")
    assert (result["answer"], list(result["answers"].values())) == ("yes", ["yes"])
    assert airflow.api.xcom(DAG, run_id, "ask", "answer") == "yes"
    assert len(sent()) == 2
    for personal in (PHONE[1:], "Who are you", "of course"):
        assert personal not in airflow.api.task_log(DAG, run_id, "ask")

"""A message that waits and falls back in a real Airflow: the worker sends, the triggerer never does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.process import wait_until

from .test_waiting import channel

pytestmark = pytest.mark.system

__all__ = ["channel"]  # a fixture: of the first channel, which is not active yet

PHONE = "+79161112233"
DAG = "wahelp_fallback"


def test_what_is_not_delivered_goes_through_the_next_channel_and_that_is_remembered(
    airflow: Airflow, unreliable: Sandbox, channel: dict[str, Any]
) -> None:
    second = second_channel(unreliable, channel)
    conf = {**channel, "second": second, "phone": PHONE}
    unreliable.configure(delivered_after=None)
    run_id = airflow.trigger(DAG, {**conf, "text": "The first"})

    def deferred() -> bool:
        airflow.check()
        return [task.state for task in airflow.api.task_instances(DAG, run_id)] == ["deferred"]

    wait_until(deferred, timeout=240, what="a deferred task")
    unreliable.configure(delivered_after=0)  # what was sent by now never arrives
    airflow.crash("triggerer")
    assert airflow.wait_for_run(DAG, run_id, timeout=240) == "success"
    (task,) = airflow.api.task_instances(DAG, run_id)
    assert task.try_number == 1
    assert sent(unreliable, "The first") == {channel["channel_uuid"]: 1, second: 1}
    message = airflow.api.xcom(DAG, run_id, "send")
    assert message["channel_uuid"] == second
    assert message["status"] in {"delivered", "read"}  # as the machine is quick or slow
    assert airflow.api.xcom(DAG, run_id, "send", "channel_uuid") == second

    remembered = airflow.cli("variables", "get", "wahelp_worked")
    assert second in remembered
    assert PHONE[1:] not in remembered
    run_id = airflow.trigger(DAG, {**conf, "text": "The second"})
    assert airflow.wait_for_run(DAG, run_id, timeout=240) == "success"
    assert sent(unreliable, "The second") == {second: 1}


def second_channel(sandbox: Sandbox, first: dict[str, Any]) -> str:
    """Return the uuid of another channel; both are active."""
    channels = sandbox._state.channels
    second = str(channels.create(first["project_id"], {"name": "Second", "type": "telegram"})["uuid"])
    for uuid in (first["channel_uuid"], second):
        sandbox.scan(uuid)
    return second


def sent(sandbox: Sandbox, text: str) -> Counter[str]:
    """Return how often a text went through each channel."""
    lines = sandbox.conversation(PHONE)
    return Counter(line["channel_uuid"] for line in lines if line["text"] == text)

"""A reply on a phone decides a task of a real Airflow, and nobody else's reply does."""

from __future__ import annotations

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.process import wait_until

from .conftest import WEBHOOK_TOKEN, logs

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(VERSION < (3, 1), reason="Airflow asks people since 3.1"),
]

APPROVER, STRANGER = "+79261230018", "+79261230019"
WAITING = "deferred" if VERSION < (3, 3) else "awaiting_input"
DAG = "asks_by_phone"


def test_an_approvers_reply_decides_and_nobody_elses(airflow: Airflow, listening: Sandbox) -> None:
    registered = airflow.trigger("receiver_set")
    assert airflow.wait_for_run("receiver_set", registered, timeout=120) == "success"
    run_id = airflow.trigger(DAG)

    def state() -> str | None:
        airflow.check()
        return airflow.api.task_instances(DAG, run_id)[0].state

    wait_until(lambda: state() == WAITING, timeout=60, what="a question")
    question = listening.conversation(APPROVER)[-1]
    assert "1. Publish\n2. Wait" in question["text"]

    listening.receive(STRANGER, "2")
    _forge(airflow, {**question, "destination": "from", "message": "2", "user": {"phone": APPROVER}})
    assert state() == WAITING

    wait_until(lambda: airflow.let_go(run_id, "ask"), timeout=60, what="a worker that is through")
    listening.receive(APPROVER, "1")
    ended = airflow.wait_for_run(DAG, run_id, timeout=60)
    assert ended == "success", airflow.api.task_log(DAG, run_id, "ask", 1)
    decided = airflow.api.question(DAG, run_id, "ask")
    assert (decided["chosen_options"], decided["responded_by_user"]["id"]) == (["Publish"], "admin")
    done = "Done: Publish"
    wait_until(lambda: listening.conversation(APPROVER)[-1]["text"] == done, timeout=20, what="a notice")
    for said in logs(airflow).values():
        assert APPROVER[1:] not in said


def _forge(airflow: Airflow, payload: dict[str, object]) -> None:
    body = {"action": "channel.message.created", "payload": payload}
    url = f"{airflow.url}/wahelp/webhooks/wahelp_listening?token={WEBHOOK_TOKEN}"
    httpx.post(url, json=body, trust_env=False).raise_for_status()

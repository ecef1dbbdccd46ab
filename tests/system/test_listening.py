"""A person answers, and a DAG runs: through the sandbox's webhook and the receiver in the API server."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.process import wait_until

from .conftest import WEBHOOK_TOKEN, logs

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(VERSION < (3,), reason="the API server came with Airflow 3"),
]

PHONE = "+79261230017"
WORDS = ("Да, конечно", "Нет", "👍")
BAR = 5.0


def test_what_a_person_writes_starts_a_dag(
    airflow: Airflow, listening: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = airflow.trigger("receiver_set")
    assert airflow.wait_for_run("receiver_set", run_id, timeout=120) == "success"
    assert WEBHOOK_TOKEN not in str(airflow.api.xcom("receiver_set", run_id, "set"))
    wait_until(lambda: airflow.api.has_dag("listens"), timeout=60, what="the DAG that listens")
    took = [_seconds_until_told(airflow, listening, text) for text in WORDS]
    with capsys.disabled():
        sys.stdout.write(
            f"\nfrom a person's answer to a task's code: {', '.join(f'{each:.1f}' for each in took)} s\n"
        )
    assert min(took[1:]) < BAR  # this machine may run other tests too
    for said in logs(airflow).values():
        assert PHONE[1:] not in said


def test_who_does_not_know_the_secret_starts_nothing(airflow: Airflow, listening: Sandbox) -> None:
    answer = httpx.post(f"{airflow.url}/wahelp/webhooks/wahelp_listening?token=x", content=b"{}")
    assert (answer.status_code, answer.content) == (404, b"")


def _seconds_until_told(airflow: Airflow, listening: Sandbox, text: str) -> float:
    """Let a person write, and return how long it takes until the code of a task is at work with it."""
    wrote = datetime.now(UTC)
    listening.receive(PHONE, text)

    def told() -> dict[str, str] | None:
        airflow.check()
        ended = airflow.api.run_ids("listens", "success")  # other tests' people have started some of them
        found = [airflow.api.xcom("listens", run_id, "told") for run_id in ended]
        return next((each for each in found if each["texts"] == [text]), None)

    found = wait_until(told, timeout=90, what="a run of the DAG that listens")
    return (datetime.fromisoformat(found["at"]) - wrote).total_seconds()

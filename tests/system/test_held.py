"""A mailing in a real Airflow holds itself, and goes on when its author says so on the phone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.process import wait_until
from tests.guide_server import LOGIN

from .conftest import needs_store
from .test_waiting import channel

pytestmark = pytest.mark.system

__all__ = ["channel"]  # a fixture: of a channel that is not active yet

DAG = "wahelp_held"
AUTHOR = "+79162223355"
PHONES = [f"+7916222336{number}" for number in range(3)]


def users(sandbox: Sandbox, channel: dict[str, Any]) -> list[int]:
    """Return people of the channel."""
    with httpx.Client(base_url=f"{sandbox.url}/api/app/", trust_env=False) as http:
        token = http.post("user/login", json=dict(LOGIN)).json()["data"]["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        path = "projects/{project_id}/channels/{channel_uuid}/users".format(**channel)
        made = [http.post(path, json={"name": phone, "phone": phone}).json() for phone in PHONES]
    return [each["data"]["id"] for each in made]


@needs_store  # without it each attempt waits a minute for what may be under way: `tests/delivery` has that
def test_a_yes_on_the_phone_goes_on_with_a_mailing_that_holds(
    airflow: Airflow, unreliable: Sandbox, channel: dict[str, Any]
) -> None:
    uuid = channel["channel_uuid"]
    unreliable.scan(uuid)
    people = users(unreliable, channel)
    for user in people:  # until somebody has complained, nothing goes
        unreliable.inject("error_before", path=f"*/send_message/{user}", status=402)
    rows = [{"user_id": user} for user in people]
    run_id = airflow.trigger(DAG, {**channel, "people": rows, "author": AUTHOR})

    def got(phone: str) -> list[str]:
        airflow.check()
        return [line["text"] for line in unreliable.conversation(phone) if line["direction"] == "outgoing"]

    def refused() -> bool:
        airflow.check()
        return any(request["status"] == 402 for request in unreliable.requests)

    def asked() -> bool:
        unreliable.receive(PHONES[0], "STOP", uuid)  # one in the second of the mailing's begin is too early
        return got(AUTHOR) != []

    wait_until(refused, timeout=120, what="the first message")
    wait_until(asked, timeout=120, what="a question")
    unreliable.clear_faults()
    [question] = got(AUTHOR)
    assert question.startswith(
        f"The mailing {DAG}.send holds: 1 person asked to stop within an hour.\nSent: 0 of 2."
    )
    unreliable.receive(AUTHOR, "1", uuid)

    assert airflow.wait_for_run(DAG, run_id, timeout=120) == "success"
    totals = airflow.api.xcom(DAG, run_id, "send")
    assert (totals["sent"], totals["suppressed"]) == (2, 1)
    assert [got(phone) for phone in (*PHONES, AUTHOR)] == [[], ["Spring sale"], ["Spring sale"], [question]]
    assert AUTHOR[1:] not in airflow.api.task_log(DAG, run_id, "send")

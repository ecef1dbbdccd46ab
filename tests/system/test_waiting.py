"""Waits in a real triggerer: how few requests they make, and what a crash does to them."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.process import wait_until
from tests.guide_server import LOGIN

pytestmark = pytest.mark.system

COUNT = int(os.environ.get("WAHELP_WAITS", "20"))
INTERVAL = 5
"""As in the DAG."""


@pytest.fixture
def channel(unreliable: Sandbox) -> dict[str, Any]:
    """Return the arguments that name a channel which is not active."""
    unreliable.reset()
    with httpx.Client(base_url=f"{unreliable.url}/api/app/", trust_env=False) as http:
        token = http.post("user/login", json=dict(LOGIN)).json()["data"]["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        project = http.post("projects", json={"name": "Waiting"}).json()["data"]["id"]
        body = {"name": "Support", "type": "whatsapp"}
        uuid = http.post(f"projects/{project}/channels", json=body).json()["data"]["uuid"]
    unreliable.log_out(uuid)
    return {"project_id": project, "channel_uuid": uuid}


def test_a_hundred_waits_are_one_poll_and_survive_a_crash(
    airflow: Airflow, unreliable: Sandbox, channel: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = airflow.trigger("wahelp_waiting", {**channel, "count": COUNT})

    def states() -> Counter[str | None]:
        return Counter(each.state for each in airflow.api.task_instances("wahelp_waiting", run_id))

    def all_deferred() -> bool:
        airflow.check()
        return states()["deferred"] == COUNT

    wait_until(all_deferred, timeout=360, what="a hundred deferred tasks")
    before = _requests_per_interval(airflow, unreliable)
    assert 0 < before <= 12

    airflow.crash("triggerer")
    unreliable.clear_requests()
    wait_until(lambda: bool(unreliable.requests), timeout=120, what="a poll after the crash")
    assert states()["deferred"] == COUNT
    after = _requests_per_interval(airflow, unreliable)
    assert 0 < after <= 12

    scanned = time.monotonic()
    unreliable.scan(channel["channel_uuid"])
    wait_until(lambda: states()["deferred"] == 0, timeout=60, what="a hundred events")
    fired = time.monotonic() - scanned
    assert airflow.wait_for_run("wahelp_waiting", run_id, timeout=360) == "success"
    tasks = [each for each in airflow.api.task_instances("wahelp_waiting", run_id) if each.task_id == "wait"]
    assert Counter((each.state, each.try_number) for each in tasks) == {("success", 1): COUNT}
    values = [airflow.api.xcom("wahelp_waiting", run_id, "wait", map_index=n) for n in (0, COUNT - 1)]
    assert [(value["uuid"], value["active"]) for value in values] == [(channel["channel_uuid"], True)] * 2
    with capsys.disabled():
        sys.stdout.write(
            f"\n{COUNT} deferred tasks: {before:.1f} requests per interval of {INTERVAL} s, {after:.1f} after"
            f" a crash; {fired:.1f} s from active until none was deferred.\n"
        )


@pytest.mark.skipif(
    VERSION in {(3, 1), (3, 2)},
    reason="Airflow 3.1 and 3.2 begin it in a worker all the same",
)
def test_a_wait_can_begin_without_a_worker(
    airflow: Airflow, unreliable: Sandbox, channel: dict[str, Any]
) -> None:
    (airflow.home / "channel.json").write_text(json.dumps(channel))
    unreliable.clear_requests()
    run_id = airflow.trigger("wahelp_from_trigger")
    wait_until(lambda: bool(unreliable.requests), timeout=60, what="a poll")
    unreliable.scan(channel["channel_uuid"])
    assert airflow.wait_for_run("wahelp_from_trigger", run_id, timeout=60) == "success"
    paths = {request["path"].rstrip("/") for request in unreliable.requests if request["method"] == "GET"}
    assert paths == {f"/api/app/projects/{channel['project_id']}/channels"}  # a worker asks for the one
    assert airflow.api.xcom("wahelp_from_trigger", run_id, "wait")["active"] is True


def _requests_per_interval(airflow: Airflow, sandbox: Sandbox, intervals: int = 4) -> float:
    sandbox.clear_requests()
    until = time.monotonic() + intervals * INTERVAL
    while time.monotonic() < until:
        airflow.check()
        time.sleep(0.5)
    return len(sandbox.requests) / intervals

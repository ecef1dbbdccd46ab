"""Waits in a real triggerer: how few requests they make, and what a crash does to them."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from benchmarks.resuming import DAG, INTERVAL, resumption, told
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.process import wait_until
from tests.guide_server import LOGIN

pytestmark = pytest.mark.system

COUNT = int(os.environ.get("WAHELP_WAITS", "8"))
SINGLE = 3
SLACK = 30
"""Seconds that a machine may take which runs other tests too; without our interval it would be a minute."""


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


def test_many_waits_are_one_poll_and_survive_a_crash(
    airflow: Airflow, unreliable: Sandbox, channel: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = airflow.trigger(DAG, _conf(channel, [channel["channel_uuid"]] * COUNT))

    def states() -> Counter[str | None]:
        return _states(airflow, run_id)

    def all_deferred() -> bool:
        airflow.check()
        return states()["deferred"] == COUNT

    wait_until(all_deferred, timeout=360, what="all tasks deferred")
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
    wait_until(lambda: states()["deferred"] == 0, timeout=180, what="all events")
    fired = time.monotonic() - scanned
    assert airflow.wait_for_run(DAG, run_id, timeout=360) == "success"
    tasks = [each for each in airflow.api.task_instances(DAG, run_id) if each.task_id == "wait"]
    assert Counter((each.state, each.try_number) for each in tasks) == {("success", 1): COUNT}
    values = [airflow.api.xcom(DAG, run_id, "wait", map_index=n) for n in (0, COUNT - 1)]
    assert [(value["uuid"], value["active"]) for value in values] == [(channel["channel_uuid"], True)] * 2
    with capsys.disabled():
        sys.stdout.write(
            f"\n{COUNT} deferred tasks: {before:.1f} requests per interval of {INTERVAL:g} s,"
            f" {after:.1f} after a crash; {fired:.1f} s from active until none was deferred.\n"
        )


@pytest.mark.skipif(VERSION < (3, 3), reason="measured on the newest alone")
def test_a_task_goes_on_as_soon_as_airflow_lets_it(
    airflow: Airflow, unreliable: Sandbox, channel: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    channels = [channel["channel_uuid"], *(_another(unreliable, channel) for _ in range(SINGLE - 1))]
    run_id = airflow.trigger(DAG, _conf(channel, channels))
    wait_until(lambda: _states(airflow, run_id)["deferred"] == SINGLE, timeout=180, what="deferred tasks")
    wait_until(lambda: airflow.let_go(run_id, "wait") == SINGLE, timeout=60, what="free workers")
    ours = [
        resumption(airflow, run_id, "wait", number, partial(unreliable.scan, uuid))
        for number, uuid in enumerate(channels)
    ]
    with capsys.disabled():
        sys.stdout.write(f"\n{told('ours', ours)}\n")
    # How soon exactly is a matter of the machine: `make bench` measures it, beside Airflow's own sensor.
    assert min(each.resumed for each in ours) < INTERVAL + 2 + SLACK


def _conf(channel: dict[str, Any], channels: Sequence[str]) -> dict[str, Any]:
    return {
        "wahelp_conn_id": "wahelp_unreliable",
        "project_id": channel["project_id"],
        "channels": channels,
        "files": [],
    }


def _another(sandbox: Sandbox, channel: dict[str, Any]) -> str:
    """Return another channel of the same project that is not active."""
    made = sandbox._state.channels.create(channel["project_id"], {"name": "Another", "type": "whatsapp"})
    sandbox.log_out(made["uuid"])
    return str(made["uuid"])


def _states(airflow: Airflow, run_id: str) -> Counter[str | None]:
    return Counter(each.state for each in airflow.api.task_instances(DAG, run_id))


def _requests_per_interval(airflow: Airflow, sandbox: Sandbox, intervals: int = 4) -> float:
    sandbox.clear_requests()
    until = time.monotonic() + intervals * INTERVAL
    while time.monotonic() < until:
        airflow.check()
        time.sleep(0.5)
    return len(sandbox.requests) / intervals

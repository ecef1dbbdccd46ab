"""A mailing of Wahelp's own is started once, though the worker that starts it is killed.

``WAHELP_SOAK=60`` kills so many.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.operators import StartPlatformMailingOperator
from airflow_provider_wahelp.sandbox import Sandbox
from demo.process import wait_until

ROOT = Path(__file__).parents[2]
ANNA = "79161234567"
SOAK = int(os.environ.get("WAHELP_SOAK", "1"))
LATE = 30.0
"""Seconds after which a request that has left is carried out."""

FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("delayed", {"seconds": LATE}),
    ("slow", {"seconds": 20}),
    ("cut_after", {}),
    ("cut_before", {}),
)


@pytest.fixture
def news(wahelp_sandbox: Sandbox, connect: Any) -> int:
    connect(wahelp_sandbox.url)
    uuid = wahelp_sandbox.create_channel()["uuid"]
    connect(wahelp_sandbox.url, extra={"retries": 0, "project_id": 101, "channel_uuid": uuid})
    with WahelpHook() as hook:
        hook.create_user("Anna", ANNA)
        return int(hook.create_platform_mailing("News", {"text": "Spring!"}).id or 0)


def received(sandbox: Sandbox) -> int:
    return len(sandbox.conversation(ANNA))


def killed_while_it_starts(sandbox: Sandbox, news: int, number: int) -> str:
    """Kill a worker once its request has left, at once or some moments later."""
    fault, given = FAULTS[number % len(FAULTS)]
    sandbox.inject(fault, operation="send_mailing", count=1, **given)
    command = [sys.executable, "-m", "tests.delivery.starting_process", str(news)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: sandbox.faults[0]["struck"], timeout=60, what="a request to start it", every=0.005)
        if number >= len(FAULTS):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(random.Random(number).random())
    finally:
        process.kill()
        process.wait()
    return fault


@pytest.mark.parametrize("number", range(SOAK))
def test_a_start_whose_worker_was_killed_is_not_repeated(
    news: int, wahelp_sandbox: Sandbox, number: int
) -> None:
    fault = killed_while_it_starts(wahelp_sandbox, news, number)
    task = StartPlatformMailingOperator(task_id="start", mailing_id=news, retries=3)
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        wahelp_sandbox.advance(seconds)
        if fault == "delayed" and sum(waited) > LATE:
            wait_until(lambda: received(wahelp_sandbox), timeout=30, what="the request that was late")

    task.hook.get_conn()._retrying.sleep = sleep
    names = {"dag_id": "shop", "run_id": "run", "task_id": "start", "map_index": -1}
    ti: Any = SimpleNamespace(**names, try_number=2, max_tries=3, xcom_push=lambda **_: None)
    result = task.execute({"ti": ti})
    assert result["state"] == "finished"
    assert received(wahelp_sandbox) == 1
    if fault == "delayed":
        assert (result["has_started"], sum(waited) >= LATE) == (False, True)

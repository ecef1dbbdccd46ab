"""Every message arrives once: answers are lost, tasks are killed, a component is restarted in mid-run.

``WAHELP_SOAK=300`` sends so many; ``make soak`` does.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_api import TaskInstance
from demo.airflow_version import VERSION
from tests.guide_server import LOGIN
from tests.past import give_a_past

from .conftest import Runner, needs_retry, needs_store
from .killer import Killer

pytestmark = pytest.mark.system

COUNT = int(os.environ.get("WAHELP_SOAK", "30"))
SEED = 20260115
DEATHS = {3: "begun", 8: "sent", 13: "begun sent", 18: "sent sent"}
"""Of each twenty tasks, which ones die, and where in each of their first tries."""

Crowd = Callable[[int], tuple[dict[str, Any], list[int]]]


@pytest.fixture
def crowd(unreliable: Sandbox) -> Iterator[Crowd]:
    """Return a function that makes a channel with so many people: what a DAG must know, and their ids."""
    unreliable.reset()
    with httpx.Client(base_url=f"{unreliable.url}/api/app/", trust_env=False, timeout=30) as http:

        def post(path: str, body: dict[str, Any]) -> Any:
            return http.post(path, json=body).raise_for_status().json()["data"]

        def make(count: int) -> tuple[dict[str, Any], list[int]]:
            http.headers["Authorization"] = f"Bearer {post('user/login', dict(LOGIN))['access_token']}"
            project = post("projects", {"name": "Unreliable"})["id"]
            channel = post(f"projects/{project}/channels", {"name": "All", "type": "whatsapp"})["uuid"]
            give_a_past(unreliable, channel)
            users = f"projects/{project}/channels/{channel}/users"
            people = [post(users, {"name": str(each), "phone": _phone(each)}) for each in range(count)]
            return {"project_id": project, "channel_uuid": channel}, [each["id"] for each in people]

        yield make
    unreliable.clear_faults()


@needs_retry
def test_lost_answers_and_killed_tasks_neither_double_nor_lose_a_message(
    airflow: Airflow, unreliable: Sandbox, crowd: Crowd, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where, ids = crowd(COUNT)
    people: list[dict[str, Any]] = [
        {"user_id": user, "text": f"Message number {number}", "dies": DEATHS.get(number % 20, "")}
        for number, user in enumerate(ids)
    ]
    deaths_of_tasks, bills = tmp_path / "deaths", tmp_path / "bills"
    deaths_of_tasks.mkdir()
    bills.mkdir()
    for number in range(0, COUNT, 3):  # each third with a file, which is recognised by its name
        (bills / f"bill-{number}.pdf").write_bytes(b"%PDF-1.7 of somebody")
        people[number]["file"] = f"file://{bills}/bill-{number}.pdf"
    unreliable.clear_requests()
    unreliable.inject("cut_after", operation="send_message", probability=0.25, seed=SEED)
    finished: set[int] = set()
    restarted: list[int] = []

    def restart_once(task: TaskInstance) -> None:
        finished.add(task.map_index)
        if len(finished) >= COUNT // 3 and not restarted:
            restarted.append(len(finished))
            airflow.restart("api-server", grace=1)

    conf = {**where, "people": people, "deaths": str(deaths_of_tasks)}
    with Killer(airflow, Random(SEED), limit=COUNT // 6) as killer:
        run_id = airflow.trigger("wahelp_exactly_once", conf)
        state = airflow.wait_for_run("wahelp_exactly_once", run_id, 240 + 6 * COUNT, restart_once)

    tasks = airflow.api.task_instances("wahelp_exactly_once", run_id)
    deaths = Counter(file.name.partition("-")[0] for file in deaths_of_tasks.iterdir())
    (fault,) = unreliable.faults
    conversations = [unreliable.conversation(_phone(number)) for number in range(COUNT)]
    posts = sum("send_message" in request["path"] for request in unreliable.requests)
    summary = (
        f"{COUNT} sends, {len(list(bills.iterdir()))} of them with a file, {posts} requests:"
        f" {fault['struck']} answers lost, {deaths['begun']} tasks killed"
        f" before the request, {deaths['sent']} after it, {killer.kills} at random;"
        f" {sum(task.try_number - 1 for task in tasks)} retries."
        f" {sum(map(len, conversations))} messages,"
        f" {sum(len(each) > 1 for each in conversations)} people with more than one,"
        f" {sum(not each for each in conversations)} with none.\n"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{summary}")

    assert _unsuccessful(airflow, run_id, tasks) == ""
    assert [[line["text"] for line in each] for each in conversations] == [[each["text"]] for each in people]
    files = [[_name_of_file(line["file_url"]) for line in each] for each in conversations]
    assert files == [[_name_of_file(each.get("file"))] for each in people]
    assert state == "success"
    assert {task.state for task in tasks} == {"success"}
    # And all of that did happen.
    assert fault["struck"] > COUNT // 10
    assert deaths["begun"] > 0  # it is chance how many tries are left of those killed at random
    assert deaths["sent"] > 0
    assert killer.kills > 0
    assert restarted


@needs_retry
def test_a_cleared_task_sends_once_more_only_if_told_to(
    run: Runner, airflow: Airflow, unreliable: Sandbox, crowd: Crowd, tmp_path: Path
) -> None:
    where, people = crowd(2)
    first = run("wahelp_cleared", {**where, "people": people, "deaths": str(tmp_path)})
    sent = {name: airflow.api.xcom(first.dag_id, first.run_id, name) for name in ("skip", "resend")}

    airflow.api.clear(first.dag_id, first.run_id)
    assert airflow.wait_for_run(first.dag_id, first.run_id, timeout=240) == "success"

    tries = {task.task_id: task.try_number for task in airflow.api.task_instances(first.dag_id, first.run_id)}
    assert tries == {"skip": 2, "resend": 3}  # killed after its second message, it has not sent a third
    assert [file.name for file in tmp_path.iterdir()] == ["sent-resend--1-2"]
    assert _sent(unreliable, 0) == [sent["skip"]["id"]]
    kept = airflow.api.xcom(first.dag_id, first.run_id, "skip")
    assert kept.items() <= sent["skip"].items()
    assert kept["text"]
    again = airflow.api.xcom(first.dag_id, first.run_id, "resend")
    assert _sent(unreliable, 1) == [sent["resend"]["id"], again["id"]]


@needs_store
def test_the_ledger_is_seen_in_the_state_of_the_task(
    run: Runner, airflow: Airflow, crowd: Crowd, tmp_path: Path
) -> None:
    where, people = crowd(2)
    finished = run("wahelp_cleared", {**where, "people": people, "deaths": str(tmp_path)})
    kept = airflow.api.task_state(finished.dag_id, finished.run_id, "skip")
    assert list(kept) == [f"wahelp:{finished.dag_id}/{finished.run_id}/skip/-1"]
    (entry,) = kept.values()
    assert entry["user_id"] == people[0]
    sent = airflow.api.xcom(finished.dag_id, finished.run_id, "skip")
    assert entry["message"].items() <= sent.items()
    assert sent["text"] not in str(kept)


@pytest.mark.skipif(VERSION < (3, 3), reason="no retry policies before Airflow 3.3")
def test_the_policy_waits_as_long_as_the_api_says_and_gives_up_at_once(
    airflow: Airflow, unreliable: Sandbox, crowd: Crowd
) -> None:
    where, (busy,) = crowd(1)
    unreliable.inject("rate_limit", path=f"*/send_message/{busy}", count=1, retry_after=5)
    run_id = airflow.trigger("wahelp_retry_policy", {**where, "people": [busy, busy + 1]})
    state = airflow.wait_for_run("wahelp_retry_policy", run_id, timeout=240)  # retry_delay is an hour

    found = airflow.api.task_instances("wahelp_retry_policy", run_id)
    assert {task.task_id: (task.state, task.try_number) for task in found} == {
        "busy": ("success", 2),
        "hopeless": ("failed", 1),
    }
    assert state == "failed"
    assert len(unreliable.conversation(_phone(0))) == 1


def _name_of_file(link: str | None) -> str:
    return (link or "").rpartition("/")[2]


def _unsuccessful(airflow: Airflow, run_id: str, tasks: list[TaskInstance]) -> str:
    """Return what the last tries of those tasks said that did not succeed."""
    return "\n".join(
        f"{task.task_id} {task.map_index}, {task.state} after {task.try_number} tries:\n"
        + airflow.api.task_log("wahelp_exactly_once", run_id, task.task_id, task.try_number, task.map_index)
        for task in tasks
        if task.state != "success"
    )


def _phone(number: int) -> str:
    return f"+7900{number:07}"


def _sent(sandbox: Sandbox, number: int) -> list[int]:
    return [message["id"] for message in sandbox.conversation(_phone(number))]

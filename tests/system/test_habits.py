"""Services of drawn habits in a real Airflow: through lost answers and kills nobody gets a message twice.

``WAHELP_SOAK=60`` sends so many, writes to 400 in mailings, and kills 20 tasks.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.sandbox.habits.texts import ALTERATIONS, DELETED
from demo.airflow import Airflow
from demo.airflow_api import TaskInstance
from tests.guide_server import LOGIN

from .conftest import needs_store
from .killer import Killer

pytestmark = [pytest.mark.system, needs_store]

SOAK = int(os.environ.get("WAHELP_SOAK", "9"))
KINDS = ("503 after carrying out", "another clock, other texts", "capped pages, late entries")
SENDS = SOAK // len(KINDS)
ROWS = SOAK * 20 // 9 + 1
KILLS = SOAK // 9 + 1
SEED = 20261129
DAG_ID = "wahelp_habits"
PAST = 1200.0
"""Seconds since the message before: a history of new messages alone proves little."""

Fault = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Service:
    """What a service always does, and what it does now and then to a send."""

    habits: dict[str, Any]
    fault: Fault


def draw(kind: str, random: Random) -> Service:
    """Draw a service of a kind."""
    if kind == KINDS[0]:
        history = random.choice(({}, {"page_ignored": True}, {"oldest_first": True}, {"past_end": 404}))
        return Service(history, ("error_after", {"status": 503, "retry_after": random.choice((1, 2))}))
    if kind == KINDS[1]:
        texts = ["html", *random.sample(sorted(ALTERATIONS.keys() - {DELETED, "html"}), 3)]
        offset = -round(random.uniform(1, 2), 1)
        return Service({"times_offset": offset, "texts": texts, "text_limit": 4096}, ("cut_after", {}))
    pages = {"page_cap": random.choice((10, 20)), "has_more": random.choice(("right", "users", "absent"))}
    return Service({**pages, "late_outgoing": random.choice((3, 5))}, ("error_after", {"status": 502}))


@pytest.fixture
def service(unreliable: Sandbox) -> Iterator[Sandbox]:
    unreliable.reset()
    yield unreliable
    unreliable.clear_faults()
    unreliable.reset()


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_gets_a_message_twice_and_each_is_accounted_for(
    airflow: Airflow, service: Sandbox, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = draw(kind, Random(f"{SEED} {kind}"))
    report_path = tmp_path / "report.jsonl"
    conf = {**_channel(service, SENDS + ROWS), "report_path": str(report_path)}
    service.set_habits(**drawn.habits)
    name, given = drawn.fault
    service.inject(name, operation="send_message", probability=0.2, seed=SEED, **given)
    service.inject(
        "slow", operation="send_message", seconds=0.2
    )  # else it is over before anybody could kill it
    begun = time.monotonic()
    with Killer(airflow, Random(SEED), limit=KILLS) as killer:
        run_id = airflow.trigger(DAG_ID, conf)
        airflow.wait_for_run(DAG_ID, run_id, timeout=180 + 12 * SOAK)

    arrived = Counter({each: len(service.conversation(_phone(each))) for each in range(SENDS + ROWS)})
    tasks = airflow.api.task_instances(DAG_ID, run_id)
    sends = {task.map_index: task for task in tasks if task.task_id == "send"}
    report = [json.loads(line) for line in report_path.read_text().splitlines()]
    with capsys.disabled():
        sys.stdout.write(
            f"\nSeed {SEED}, {drawn}: {SENDS} sends, a mailing of {ROWS}:"
            f" {service.faults[0]['struck']} answers lost,"
            f" {killer.kills} kills, {sum(task.try_number - 1 for task in tasks)} retries,"
            f" {time.monotonic() - begun:.0f} s;"
            f" {sum(count > 1 for count in arrived.values())} people with more than one message,"
            f" {sum(count == 0 for count in arrived.values())} with none;"
            f" sends: {dict(Counter(task.state for task in sends.values()))},"
            f" rows: {dict(Counter(line['outcome'] for line in report))}.\n"
        )
    assert max(arrived.values()) == 1
    assert len(sends) == SENDS
    for number, task in sends.items():
        assert arrived[number] == 1 if task.state == "success" else _is_unclear(airflow, run_id, task)
    assert [line["number"] for line in report] == list(range(1, ROWS + 1))
    for line in report:
        sent = line["outcome"] == "sent"
        assert (
            arrived[SENDS + line["number"] - 1] == 1
            if sent
            else re.search("not known|never seen", line["reason"])
        )
    # And all of that did happen.
    assert service.faults[0]["struck"] > 0
    assert killer.kills > 0


def _channel(sandbox: Sandbox, count: int) -> dict[str, Any]:
    """Make a channel that knows so many people and has a past; return what the DAG must know."""
    with httpx.Client(base_url=f"{sandbox.url}/api/app/", trust_env=False, timeout=30) as http:

        def post(path: str, body: dict[str, Any]) -> Any:
            return http.post(path, json=body).raise_for_status().json()["data"]

        http.headers["Authorization"] = f"Bearer {post('user/login', dict(LOGIN))['access_token']}"
        project = post("projects", {"name": "Habits"})["id"]
        channel = post(f"projects/{project}/channels", {"name": "All", "type": "whatsapp"})["uuid"]
        users = f"projects/{project}/channels/{channel}/users"
        ids = [post(users, {"name": str(each), "phone": _phone(each)})["id"] for each in range(count)]
    for words in ("Здравствуйте", "Вы работаете?"):
        sandbox.receive("+79160000009", words, channel)
        sandbox.advance(PAST)
    people = [{"user_id": user, "text": _text(number)} for number, user in enumerate(ids)]
    where = {"project_id": project, "channel_uuid": channel}
    return {**where, "people": people[:SENDS], "rows": people[SENDS:]}


def _is_unclear(airflow: Airflow, run_id: str, task: TaskInstance) -> bool:
    log = airflow.api.task_log(DAG_ID, run_id, task.task_id, task.try_number, task.map_index)
    return "UnknownOutcomeError" in log


def _phone(number: int) -> str:
    return f"+7901{number:07}"


def _text(number: int) -> str:
    return (
        f"Мария  и  Пётр, заказ {number} & «подарок» <b>ждут</b> вас ❤️\n\n\n"
        f"https://shop.example/orders/{number}?from=wa&row={number}"
    )

"""Whatever defers, in a real triggerer and at the same time: sensors, an example with a person, a mailing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.process import wait_until
from demo.sandbox import Sandbox as OtherSandbox
from tests.guide_server import LOGIN

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(VERSION < (3, 3), reason="asks and looks by what the API of Airflow 3.3 has"),
]

PEOPLE = [f"+7916555{number:04}" for number in range(4)]
REACHED = PEOPLE[:2]
SECONDS = 240
RETRIES = 3
"""As in the DAG."""
FROM_TRIGGER = """
from airflow.sdk import DAG
from airflow_provider_wahelp.sensors import ChannelActiveSensor

with DAG(dag_id="wahelp_from_trigger", schedule=None):
    ChannelActiveSensor(
        task_id="wait",
        wahelp_conn_id="wahelp_unreliable",
        project_id={project_id},
        channel_uuid="{channel_uuid}",
        deferrable=True,
        start_from_trigger=True,
        poke_interval=2,
        timeout=300,
    )
"""
MESSAGE = {"id", "user_id", "channel_id", "status", "created_at"}


@dataclass(frozen=True)
class World:
    """Two channels, two messages through the first, and a channel that nobody has authorized."""

    project_id: int
    first: str
    second: str
    silent: str
    messages: list[int]

    @property
    def place(self) -> dict[str, Any]:
        """The first channel, as a DAG is told it."""
        return {"project_id": self.project_id, "channel_uuid": self.first}


@dataclass(frozen=True)
class Runs:
    """The runs of each DAG, all of whose waits are deferred by now."""

    status: str
    authorization: str
    mailing: str
    from_trigger: str


@pytest.fixture(scope="module")
def world(unreliable: Sandbox) -> Iterator[World]:
    unreliable.reset()
    unreliable.configure(delivered_after=None)  # a test says what arrives
    with httpx.Client(base_url=f"{unreliable.url}/api/app/", trust_env=False) as http:

        def post(path: str, body: dict[str, Any]) -> Any:
            return http.post(path, json=body).raise_for_status().json()["data"]

        http.headers["Authorization"] = f"Bearer {post('user/login', dict(LOGIN))['access_token']}"
        project = post("projects", {"name": "Deferred"})["id"]
        channels = [
            str(post(f"projects/{project}/channels", {"name": kind, "type": kind})["uuid"])
            for kind in ("whatsapp", "telegram", "whatsapp")
        ]
        place = f"projects/{project}/channels/{channels[0]}"
        user = post(f"{place}/users", {"name": "Anna", "phone": "+79165559999"})["id"]
        messages = [post(f"{place}/send_message/{user}", {"text": text})["id"] for text in ("One", "Two")]
    unreliable.log_out(channels[2])
    yield World(project, *channels, messages)
    unreliable.reset()


@pytest.fixture(scope="module")
def runs(airflow: Airflow, own_dags: Path, unreliable: Sandbox, world: World) -> Runs:
    # Literals, which are all known when the file is read.
    literals = FROM_TRIGGER.format(project_id=world.project_id, channel_uuid=world.silent)
    (own_dags / "from_trigger.py").write_text(literals)
    people = [{"phone": phone, "name": "Praskovya"} for phone in PEOPLE]
    started = Runs(
        status=airflow.trigger("wahelp_status", {**world.place, "messages": world.messages}),
        authorization=airflow.trigger("wahelp_authorization"),
        mailing=airflow.trigger(
            "wahelp_mailing_waits", {**world.place, "second": world.second, "people": people}
        ),
        from_trigger=airflow.trigger("wahelp_from_trigger"),
    )

    mailing = partial(_deferred, airflow, "wahelp_mailing_waits", started.mailing)
    wait_until(mailing, timeout=SECONDS, what="a mailing that waits")
    for phone in PEOPLE:  # at once: the longer it waits, the less often it looks
        (line,) = unreliable.conversation(phone)
        _set_status(unreliable, line["id"], "delivered" if phone in REACHED else "undelivered")
    unreliable.configure(delivered_after=0)
    others = {"wahelp_from_trigger": (started.from_trigger, 1), "wahelp_status": (started.status, 2)}
    for dag_id, (run_id, count) in others.items():
        waits = partial(_deferred, airflow, dag_id, run_id, count)
        wait_until(waits, timeout=SECONDS, what=f"deferred tasks of {dag_id}")
    return started


def test_a_wait_that_begins_in_the_triggerer_takes_no_worker(
    airflow: Airflow, unreliable: Sandbox, world: World, runs: Runs
) -> None:
    dag, run_id = "wahelp_from_trigger", runs.from_trigger
    seen = len(unreliable.requests)
    wait_until(lambda: len(unreliable.requests) > seen, timeout=120, what="a poll")
    assert airflow.api.starts(dag, run_id, "wait") == []

    unreliable.scan(world.silent)
    assert airflow.wait_for_run(dag, run_id, timeout=SECONDS) == "success"
    assert len(airflow.api.starts(dag, run_id, "wait")) == 1  # to take what the triggerer has found
    assert airflow.api.xcom(dag, run_id, "wait")["active"] is True
    single = [each["path"] for each in unreliable.requests if each["path"].endswith(world.silent)]
    assert single == []  # as a worker asks


def test_a_mailing_falls_back_for_those_whose_delivery_failed(
    airflow: Airflow, unreliable: Sandbox, world: World, runs: Runs
) -> None:
    dag = "wahelp_mailing_waits"
    assert airflow.wait_for_run(dag, runs.mailing, timeout=SECONDS) == "success"
    totals = airflow.api.xcom(dag, runs.mailing, "send")
    expected = {"sent": 4, "delivered": 2, "fell_back": 2, "read": 0, "undelivered": 0, "failed": 0}
    assert {name: totals[name] for name in expected} == expected
    for phone in PEOPLE:
        through = [line["channel_uuid"] for line in unreliable.conversation(phone)]
        assert through == ([world.first] if phone in REACHED else [world.first, world.second])


def test_the_status_of_a_message_ends_its_wait_well_or_badly(
    airflow: Airflow, unreliable: Sandbox, world: World, runs: Runs
) -> None:
    for message, status in zip(world.messages, ("delivered", "undelivered"), strict=True):
        _set_status(unreliable, message, status)
    assert airflow.wait_for_run("wahelp_status", runs.status, timeout=SECONDS) == "failed"
    tasks = {task.task_id: task for task in airflow.api.task_instances("wahelp_status", runs.status)}
    assert {name: task.state for name, task in tasks.items()} == {"delivered": "success", "failed": "failed"}
    assert tasks["failed"].try_number <= RETRIES  # they would not have helped
    found = airflow.api.xcom("wahelp_status", runs.status, "delivered")
    assert (set(found), found["id"], found["status"]) == (MESSAGE, world.messages[0], "delivered")
    assert "DeliveryFailedError" in airflow.api.task_log("wahelp_status", runs.status, "failed")


def test_a_person_is_asked_to_authorize_the_channel(
    airflow: Airflow, sandbox: OtherSandbox, default_channel: dict[str, Any], runs: Runs
) -> None:
    dag, run_id = "wahelp_authorization", runs.authorization

    def asked() -> bool:
        airflow.check()
        states = {task.task_id: task.state for task in airflow.api.task_instances(dag, run_id)}
        waiting = (states["wait"], states["ask"]) == ("deferred", "awaiting_input")
        return waiting and all(airflow.let_go(run_id, task_id) for task_id in states)

    wait_until(asked, timeout=SECONDS, what="a question")
    uuid = default_channel["channel_uuid"]
    links = airflow.api.links(dag, run_id, "wait")
    assert links.pop("Open Wahelp") == sandbox.url
    assert all(str(link).endswith(f"&channel_uuid={uuid}") for link in links.values())
    assert set(links) == ({"Channel"} if VERSION >= (3, 1) else set())
    assert "█" in airflow.api.question(dag, run_id, "ask")["body"]  # a code to scan
    httpx.post(f"{sandbox.url}/sandbox/channels/{uuid}/scan", trust_env=False).raise_for_status()
    airflow.api.answer(dag, run_id, "ask", "OK")

    assert airflow.wait_for_run(dag, run_id, timeout=SECONDS) == "success"
    assert airflow.api.xcom(dag, run_id, "wait")["uuid"] == uuid
    assert airflow.api.xcom(dag, run_id, "ask")["chosen_options"] == ["OK"]


def _deferred(airflow: Airflow, dag_id: str, run_id: str, count: int = 1) -> bool:
    airflow.check()
    states = [task.state for task in airflow.api.task_instances(dag_id, run_id)]
    return states == ["deferred"] * count


def _set_status(sandbox: Sandbox, message_id: int, status: str) -> None:
    sandbox._state.messages._core.registry.messages[message_id].status = status  # type: ignore[assignment]

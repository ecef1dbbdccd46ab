"""Waits: thousands in one event loop, what faults do to them, and a hundred tasks in a real triggerer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import child
from benchmarks.resuming import DAG, DAGS, FILES, INTERVAL, Resumption, resume
from benchmarks.servers import Channel, Server, running
from benchmarks.table import TIMES, Row
from demo.airflow import Airflow
from demo.process import wait_until

WAITS, CHANNELS, MESSAGES = 5000, 10, 50
EVERY = 5.0
REQUESTS, HELD_MS, KIB, LATE, RATE = 12, 100.0, 30.0, 2.0, 1.0
TASKS, PAIRS = 100, 10
ROUNDS = 5

_NEVER = ("--delivered-after", "5000")
_DEFER_SECONDS = 600


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    rows = []
    for part in (_in_one_loop, _faults, _in_airflow):
        with running(*_NEVER) as server:  # each moves its server's clock, at which tokens end
            rows += part(home, server, say)
    return rows


def _in_one_loop(home: Path, server: Server, say: Callable[[str], None]) -> list[Row]:
    say(f"{WAITS:,} waits over {CHANNELS} channels in one event loop")
    first, channels = _silent(server, CHANNELS)
    sent = {uuid: _send(server, first.project_id, uuid) for uuid in channels}
    given: dict[str, Any] = {"project_id": first.project_id, "sent": sent, "waits": WAITS, "interval": EVERY}
    memory = child.run(home / "memory", first, "waits.memory", **given)
    loop = child.run(home / "loop", first, "waits.loop", url=server.url, **given)
    name = f"{WAITS:,} waits, {CHANNELS} channels, every {EVERY:g} s"
    return [
        Row(f"{name}: requests per interval", loop["requests"], "requests", most=REQUESTS),
        Row(f"{name}: event loop held up at most", loop["held"] * 1000, "ms", most=HELD_MS),
        Row(f"{name}: from active to the last event", loop["latest"], "s", most=EVERY + LATE),
        Row(f"{name}: memory of a wait", memory / 1024, "KiB", most=KIB),
    ]


def _faults(home: Path, server: Server, say: Callable[[str], None]) -> list[Row]:
    say("Waits that meet with faults")
    places = {name: _silent(server, 1)[0] for name in ("HTTP 401", "HTTP 429", "HTTP 502", "dead host")}
    where = {name: (place.project_id, place.uuid) for name, place in places.items()}
    found = child.run(home / "faults", places["HTTP 401"], "waits.faults", url=server.url, where=where)
    rows = []
    for name, one in found.items():
        rows += [
            Row(f"waits, {name}: requests per second", one["rate"], "requests/s", most=RATE),
            Row(f"waits, {name}: that did not go on", one["lost"], "waits", most=0),
        ]
    return rows


def _in_airflow(home: Path, server: Server, say: Callable[[str], None]) -> list[Row]:
    say(f"{TASKS} tasks in a real triggerer, and {PAIRS} of Airflow's own")
    first, channels = _silent(server, PAIRS + 1)
    *single, shared = channels
    files = [home / f"file-{number}" for number in range(PAIRS)]
    conf = {
        "wahelp_conn_id": "wahelp_default",
        "project_id": first.project_id,
        "channels": [*single, *[shared] * (TASKS - PAIRS)],
        "files": list(map(str, files)),
    }
    with Airflow(home / "airflow", [DAGS], env={**first.connections, **FILES}) as airflow:
        run_id = airflow.trigger(DAG, conf)
        _wait_for_deferred(airflow, run_id, TASKS + PAIRS)
        requests = _per_interval(airflow, server)
        airflow.crash("triggerer")
        after = _per_interval(airflow, server, since_a_poll=True)
        ours, theirs = resume(airflow, run_id, files, single, server.scan)
        server.scan(shared)
        state = airflow.wait_for_run(DAG, run_id, timeout=_DEFER_SECONDS)
        tasks = [task for task in airflow.api.task_instances(DAG, run_id) if task.task_id == "wait"]
    name = f"{TASKS} deferred tasks, every {INTERVAL:g} s"
    wrong = sum((task.state, task.try_number) != ("success", 1) for task in tasks)
    return [
        Row(f"{name}: requests per interval", requests, "requests", most=REQUESTS),
        Row(f"{name}: the same, the triggerer killed", after, "requests", most=REQUESTS),
        Row(f"{name}: that ended wrong", wrong + (state != "success"), "tasks", most=0),
        Row(
            "from active to the task resumed / Airflow's FileSensor, medians",
            _median(theirs) / _median(ours),
            TIMES,
        ),
        *_resumed("from active", ours, most=INTERVAL + LATE),
        *_resumed("Airflow's FileSensor, from written", theirs),
    ]


def _resumed(name: str, resumptions: Sequence[Resumption], most: float | None = None) -> list[Row]:
    event = max(each.fired for each in resumptions)
    return [
        Row(f"{name} to the event, at most", event, "s"),
        Row(
            f"{name} to the task resumed, median",
            _median(resumptions),
            "s",
            most=most,
        ),
        Row(
            f"{name} to the task resumed, at most", max(each.resumed for each in resumptions), "s", most=most
        ),
    ]


def _median(resumptions: Sequence[Resumption]) -> float:
    return median(each.resumed for each in resumptions)


def _wait_for_deferred(airflow: Airflow, run_id: str, count: int) -> None:
    def deferred() -> bool:
        airflow.check()
        return sum(task.state == "deferred" for task in airflow.api.task_instances(DAG, run_id)) == count

    wait_until(deferred, timeout=_DEFER_SECONDS, what=f"{count} deferred tasks")


def _per_interval(airflow: Airflow, server: Server, *, since_a_poll: bool = False) -> float:
    """Return how many requests there are in an interval, counted over some looks."""
    server.forget_requests()
    if since_a_poll:
        wait_until(server.requests, timeout=_DEFER_SECONDS, what="a poll")
        server.forget_requests()
    for _ in range(ROUNDS):
        airflow.check()
        time.sleep(INTERVAL)
    return len(server.requests()) / ROUNDS


def _silent(server: Server, count: int) -> tuple[Channel, list[str]]:
    """Return a channel that nobody has authorized, and so many of its project with it."""
    first = server.channel(people=0)
    path = f"/api/app/projects/{first.project_id}/channels"
    more = [server.ask("POST", path, name="Another", type="whatsapp") for _ in range(count - 1)]
    channels = [first.uuid, *(str(answer["data"]["uuid"]) for answer in more)]
    for uuid in channels:
        server.log_out(uuid)
    return first, channels


def _send(server: Server, project_id: int, uuid: str) -> list[int]:
    """Send messages through a channel, which is active for as long as that takes."""
    path = f"/api/app/projects/{project_id}/channels/{uuid}"
    server.scan(uuid)
    user = server.ask("POST", f"{path}/users", name="Anna", phone="+79161234567")["data"]["id"]
    sent = [server.ask("POST", f"{path}/send_message/{user}", text=str(n)) for n in range(MESSAGES)]
    server.log_out(uuid)
    return [answer["data"]["id"] for answer in sent]

"""Events by webhook: how many are taken, what of them is in the database, and Airflow's own way beside.

On SQLite, and with two API workers on PostgreSQL where that can be had. Airflow's own way has an Airflow
of its own, whose daemons it is known to take down. An API server answers nothing while it builds the API of
Airflow's workers, with the first task after its start: that is measured by itself.
"""

from __future__ import annotations

import json
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.posting import Post, Posts, post_all
from benchmarks.table import TIMES, Row
from demo.airflow import Airflow
from demo.process import wait_until

EVENTS, REPEATED, PACE = 1000, 0.1, 50.0
KILL_AT = 400
AT_ONCE = 400
WARM, WARM_PACE = 100, 20.0
WORKERS = 8
"""So many ask at once, that each process of the API server has to answer one."""
GIVE_UP_SECONDS = 240.0
PEER_SECONDS = 60.0
BAR_SECONDS, BAR_TIMES = 0.5, 20

_STATUSES = (None, "sent", "delivered", "read")
_SENT = 1_000_000
"""The ids of the messages whose statuses come begin with this one."""

_TOKEN = secrets.token_hex(16)
_DAGS = Path(__file__).with_name("dags")


@dataclass(frozen=True)
class Place:
    """A channel of a sandbox, whose events an Airflow takes."""

    url: str
    project_id: int
    uuid: str
    number: int

    @property
    def asset(self) -> str:
        """The channel as an asset."""
        return f"wahelp://{self.url.removeprefix('http://')}/{self.project_id}/{self.uuid}"


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory.
    :param say: tells what is being done.
    """
    home.mkdir(parents=True, exist_ok=True)
    with _place() as place:
        say("The receiver on SQLite")
        rows, ours = _ours(home / "sqlite", "SQLite", place, {})
        say("Airflow's own POST /api/v2/assets/events")
        theirs, alive = _theirs(home / "own", place)
        say("The receiver on PostgreSQL, with two API workers")
        rows += _on_postgres(home, place, say)
    ratio = ours.rate / max(theirs.rate, 1 / PEER_SECONDS)
    return [
        Row("receiver: events a second, of Airflow's own API", ratio, TIMES, least=BAR_TIMES),
        *rows,
        Row("Airflow's own API: answered", len(theirs.took), f"of {AT_ONCE}"),
        Row("Airflow's own API: events a second", theirs.rate, "events/s"),
        Row("Airflow's own API: daemons that live on", alive, "of 4"),
    ]


@contextmanager
def _place() -> Iterator[Place]:
    from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions

    with Sandbox(SandboxOptions(login="bench", password="bench", activation_delay=0)) as sandbox:
        channels = sandbox._state.channels
        project = channels.create_project({"name": "Bench"})["id"]
        made = channels.create(project, {"name": "Bench", "type": "whatsapp"})
        yield Place(sandbox.url, project, made["uuid"], made["id"])


def _on_postgres(home: Path, place: Place, say: Callable[[str], None]) -> list[Row]:
    try:
        from tests.celery.servers import missing_programs, postgres
    except ImportError:
        say("... psycopg is missing")
        return []
    if "PostgreSQL" in missing_programs():
        say("... there is none")
        return []
    with postgres(home) as server:
        url = f"postgresql+psycopg://{server.address}"
        env = {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": url,
            "AIRFLOW__API__WORKERS": "2",
        }
        return _ours(home / "postgres", "PostgreSQL", place, env)[0]


def _ours(home: Path, name: str, place: Place, env: Mapping[str, str]) -> tuple[list[Row], Posts]:
    """Post to our receiver at a pace, with the API server killed once; then as fast as it goes."""
    with _airflow(home, place, env) as airflow:
        url = f"{airflow.url}/wahelp/webhooks/wahelp_default?token={_TOKEN}"

        async def post(http: httpx.AsyncClient, event: dict[str, Any]) -> httpx.Response:
            return await http.post(url, json=event)

        cold = _warm_up(airflow, post, place)
        events = _events(place, range(1000, 1000 + round(EVENTS * (1 - REPEATED))))
        events += random.Random(5).choices(events, k=EVENTS - len(events))
        random.Random(6).shuffle(events)
        with _idle() as idle:
            with _cpu_of(airflow) as cpu:
                quiet = post_all(post, events[:KILL_AT], pace=PACE, until=GIVE_UP_SECONDS, at={})
            killed = post_all(
                post, events[KILL_AT:], pace=PACE, until=GIVE_UP_SECONDS,
                at={50: lambda: airflow.crash("api-server")},
            )  # fmt: skip
        found = _stored(airflow, place)
        wanted = {_key(event) for event in events}
        at_once = post_all(
            post, _events(place, range(5000, 5000 + AT_ONCE)), pace=None, until=GIVE_UP_SECONDS, at={}
        )
        airflow.check()
    rows = _rows(name, quiet, killed, idle[0], found, wanted)
    return [
        *rows,
        Row(f"{name}: longest beside the API server's first task", max(cold.took), "s"),
        Row(f"{name}: CPU of the API server for an event", 1000 * cpu[0] / KILL_AT, "ms"),
        Row(f"{name}: events a second", at_once.rate, "events/s"),
    ], at_once


def _warm_up(airflow: Airflow, post: Post, place: Place) -> Posts:
    """Post while each process of the API server is asked by workers for the first time."""

    def ask(_: int) -> None:
        httpx.get(f"{airflow.url}/execution/health", timeout=60, trust_env=False).raise_for_status()

    def ask_all() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(ask, range(WORKERS)))

    events = _events(place, range(WARM))
    posts = post_all(post, events, pace=WARM_PACE, until=PEER_SECONDS, at={WARM // 4: ask_all})
    wait_until(lambda: airflow.api.run_ids("receiving", "success"), timeout=120, what="a run", every=1)
    return posts


def _rows(
    name: str, quiet: Posts, killed: Posts, idle: float, found: Counter[str], wanted: set[str]
) -> list[Row]:
    twice = sum(count > 1 for key, count in found.items() if key in wanted)
    return [
        Row(f"{name}: p50", quiet.quantile(0.5), "s"),
        Row(f"{name}: p99", quiet.quantile(0.99), "s", most=BAR_SECONDS),
        Row(f"{name}: p99 of those beside the kill", killed.quantile(0.99), "s"),
        Row(f"{name}: attempts in vain beside the kill", killed.refused, "posts"),
        Row(f"{name}: never answered", quiet.unanswered + killed.unanswered, "events", most=0),
        Row(f"{name}: answered and missing", len(wanted - set(found)), "events", most=0),
        Row(f"{name}: twice", twice, "events", most=0),
        Row(f"{name}: CPU that was idle meanwhile", idle, "%"),
    ]


def _theirs(home: Path, place: Place) -> tuple[Posts, int]:
    """Post the same to Airflow's own API; return what came of it, and how many of its daemons live on."""
    with _airflow(home, place, {}) as airflow:
        asset_id = next(
            each["id"] for each in airflow.api._get("/assets")["assets"] if each["uri"] == place.asset
        )
        url, headers = f"{airflow.url}/api/v2/assets/events", airflow.api._http.headers

        async def post(http: httpx.AsyncClient, event: dict[str, Any]) -> httpx.Response:
            extra = {"key": _key(event)}
            return await http.post(url, json={"asset_id": asset_id, "extra": extra}, headers=headers)

        events = _events(place, range(AT_ONCE))
        posts = post_all(post, events, pace=None, until=PEER_SECONDS, at={})
        return posts, sum(process._popen.poll() is None for process in airflow._processes.values())


@contextmanager
def _airflow(home: Path, place: Place, env: Mapping[str, str]) -> Iterator[Airflow]:
    extra = {"project_id": place.project_id, "webhook_token": _TOKEN}
    fields = {"conn_type": "wahelp", "host": place.url, "login": "bench", "password": "bench"}
    own = {
        "AIRFLOW_CONN_WAHELP_DEFAULT": json.dumps({**fields, "extra": extra}),
        "WAHELP_BENCH_ASSET": place.asset,
    }
    with ExitStack() as stack:
        airflow = stack.enter_context(Airflow(home, [_DAGS], env={**own, **env}))
        wait_until(lambda: airflow.api.has_dag("receiving"), timeout=120, what="the DAG")
        yield airflow


def _events(place: Place, numbers: range) -> list[dict[str, Any]]:
    """Return as many events: of four, one is a message, and three are the statuses of another one."""
    return [_event(place, number) for number in numbers]


def _event(place: Place, number: int) -> dict[str, Any]:
    status = _STATUSES[number % len(_STATUSES)]
    message = {
        "id": number if status is None else _SENT + number // len(_STATUSES),
        "user_id": 301,
        "channel_id": place.number,
        "message": "Да, конечно",
        "destination": "from_operator" if status else "from",
        "status": status,
        "user": {"id": 301, "phone": "79261234567"},
    }
    return {"action": f"channel.message.{'updated' if status else 'created'}", "payload": message}


def _key(event: Mapping[str, Any]) -> str:
    message = event["payload"]
    return f"status:{message['id']}:{message['status']}" if message["status"] else f"message:{message['id']}"


def _stored(airflow: Airflow, place: Place) -> Counter[str]:
    """Return how often each event is in Airflow's database."""
    from sqlalchemy import create_engine, text

    default = f"sqlite:///{airflow.home}/airflow.db"
    engine = create_engine(airflow.env.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", default))
    query = text("SELECT e.extra FROM asset_event e JOIN asset a ON a.id = e.asset_id WHERE a.uri = :uri")
    with engine.connect() as connection:
        extras = [row[0] for row in connection.execute(query, {"uri": place.asset})]
    engine.dispose()
    return Counter((extra if isinstance(extra, dict) else json.loads(extra))["key"] for extra in extras)


@contextmanager
def _idle() -> Iterator[list[float]]:
    """Measure what of all CPUs was idle, in percent."""
    measured = [0.0]
    psutil.cpu_times_percent()
    yield measured
    measured[0] = psutil.cpu_times_percent().idle


@contextmanager
def _cpu_of(airflow: Airflow) -> Iterator[list[float]]:
    """Measure the seconds of CPU that the API server takes, with its workers."""
    server = psutil.Process(airflow._processes["api-server"].pid)

    def seconds() -> float:
        times = [each.cpu_times() for each in (server, *server.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    measured = [seconds()]
    yield measured
    measured[0] = seconds() - measured[0]

"""An Airflow over PostgreSQL whose tasks run on two hosts, and a Wahelp that counts.

Where `WAHELP_HOSTS=pods` each task runs on a host of its own instead, with an empty disk.
"""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from demo.airflow import Airflow
from tests.celery.host import REPOSITORY, Host
from tests.system.conftest import LOGIN, connection

if TYPE_CHECKING:
    from tests.celery.servers import Server

SLOTS = 3
PODS = os.environ.get("WAHELP_HOSTS") == "pods"
HOSTS = () if PODS else ("host-a", "host-b")
DAGS = [REPOSITORY / "example_dags", REPOSITORY / "tests/system/dags", REPOSITORY / "tests/celery/dags"]
STATE = os.environ.get("WAHELP_STATE", "redis")
"""Where all hosts count together: in Redis, or in PostgreSQL."""

CONNECTIONS = ("default", "crowd", "unreliable")
"""The names under which those DAGs know an account: here all of them are one."""

NOTICES_A_DEAD_WORKER = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",  # five minutes by default
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
}


@dataclass(frozen=True)
class Cluster:
    """What runs.

    :param airflow: all of Airflow but its workers.
    :param hosts: those, by name; none where each task has a host of its own.
    :param wahelp: the account.
    :param state: the server of the state that all hosts share.
    :param sent: when a message was sent, in seconds, and the path that it was sent to.
    """

    airflow: Airflow
    hosts: dict[str, Host]
    wahelp: Sandbox
    state: Server
    sent: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        journal = self.wahelp._state.journal
        add = journal.add

        def listen(request: Any, client: Any) -> None:
            if "/send_message/" in request.path:
                self.sent.append((time.monotonic(), request.path))
            add(request, client)

        journal.add = listen  # type: ignore[method-assign]

    def times(self, channel_uuid: str) -> list[float]:
        """Return when messages were sent through a channel."""
        return [at for at, path in list(self.sent) if channel_uuid in path]

    def kill(self, hostname: str) -> None:
        """Kill a host with all that runs there. It comes back, unless it is a pod."""
        if host := self.hosts.get(hostname):
            host.kill()
            host.start()
        else:
            from tests.celery import pods

            pods.kill(Path(self.airflow.env[pods.DIRECTORY]), hostname)


@pytest.fixture(scope="session")
def password() -> str:
    return secrets.token_hex(12)


@pytest.fixture(scope="session", autouse=True)
def _stop_on_sigterm() -> Iterator[None]:
    """Let a cancelled test session stop all of it too."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, password: str) -> Iterator[Cluster]:
    _refuse_unless_possible()
    from tests.celery.servers import broker, postgres

    home, of_state = tmp_path_factory.mktemp("celery"), tmp_path_factory.mktemp("state")
    with ExitStack() as stack:
        database, queue = stack.enter_context(postgres(home)), stack.enter_context(broker(home))
        run_state = {"redis": broker, "postgres": postgres}[STATE]
        state = stack.enter_context(run_state(of_state, keeps=True))
        options = SandboxOptions(login=LOGIN, password=password, activation_delay=0)
        wahelp = stack.enter_context(Sandbox(options))
        hosts: dict[str, Host] = {}

        def check() -> None:
            for each in (database.process, queue.process, state.process, *hosts.values()):
                each.check()

        account = connection(wahelp.url, LOGIN, password)
        airflow = Airflow(
            home / "airflow",
            DAGS,
            env={
                **{f"AIRFLOW_CONN_WAHELP_{name.upper()}": account for name in CONNECTIONS},
                **_database(database.address),
                **(_pods(home / "pods") if PODS else _celery(database.address, queue.address)),
                "AIRFLOW__WAHELP__STATE": "wahelp_state",
                "AIRFLOW_CONN_WAHELP_STATE": f"{STATE}://{state.address}",
                **NOTICES_A_DEAD_WORKER,
            },
            parallelism=SLOTS * 2,
            on_poll=check,
        )
        stack.enter_context(airflow)
        for name in HOSTS:
            hosts[name] = stack.enter_context(Host(name, home / name, airflow.env, SLOTS))
        for host in hosts.values():
            host.wait()
        yield Cluster(airflow, hosts, wahelp, state)


def _database(address: str) -> dict[str, str]:
    url = f"postgresql+psycopg://{address}"
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": url,
    }


def _celery(database: str, queue: str) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CELERY__BROKER_URL": f"redis://{queue}",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg://{database}",
    }


def _pods(disks: Path) -> dict[str, str]:
    from tests.celery.pods import DIRECTORY, PodExecutor

    return {
        "AIRFLOW__CORE__EXECUTOR": f"{PodExecutor.__module__}.{PodExecutor.__qualname__}",
        "PYTHONPATH": str(REPOSITORY),
        DIRECTORY: str(disks),
    }


def _refuse_unless_possible() -> None:
    """Skip where a program is missing; in CI that is a mistake."""
    if find_spec("airflow.providers.celery") is None:
        missing = ["the extra [celery]"]
    else:
        from tests.celery.servers import missing_programs

        missing = missing_programs()
    if missing:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"not on this machine: {' and '.join(missing)}; see docs/scaling.md")

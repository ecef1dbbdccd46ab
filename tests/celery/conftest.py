"""An Airflow over PostgreSQL whose tasks run on two hosts, and a Wahelp that counts."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from types import FrameType

import pytest

from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from demo.airflow import Airflow
from tests.celery.host import REPOSITORY, Host
from tests.system.conftest import LOGIN, connection

SLOTS = 3
HOSTS = ("host-a", "host-b")
DAGS = [REPOSITORY / "example_dags", REPOSITORY / "tests/system/dags", REPOSITORY / "tests/celery/dags"]
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
    :param hosts: those, by name.
    :param wahelp: the account.
    """

    airflow: Airflow
    hosts: dict[str, Host]
    wahelp: Sandbox


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

    home = tmp_path_factory.mktemp("celery")
    with ExitStack() as stack:
        database, queue = stack.enter_context(postgres(home)), stack.enter_context(broker(home))
        options = SandboxOptions(login=LOGIN, password=password, activation_delay=0)
        wahelp = stack.enter_context(Sandbox(options))
        hosts: dict[str, Host] = {}

        def check() -> None:
            for each in (database.process, queue.process, *hosts.values()):
                each.check()

        account = connection(wahelp.url, LOGIN, password)
        airflow = Airflow(
            home / "airflow",
            DAGS,
            env={
                **{f"AIRFLOW_CONN_WAHELP_{name.upper()}": account for name in CONNECTIONS},
                **_celery(database.address, queue.address),
                "AIRFLOW__WAHELP__STATE": "wahelp_state",
                "AIRFLOW_CONN_WAHELP_STATE": _state(database.address, queue.address),
                **NOTICES_A_DEAD_WORKER,
            },
            parallelism=SLOTS * len(HOSTS),
            on_poll=check,
        )
        stack.enter_context(airflow)
        for name in HOSTS:
            hosts[name] = stack.enter_context(Host(name, home / name, airflow.env, SLOTS))
        for host in hosts.values():
            host.wait()
        yield Cluster(airflow, hosts, wahelp)


def _celery(database: str, queue: str) -> dict[str, str]:
    url = f"postgresql+psycopg://{database}"
    return {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": url,
        "AIRFLOW__CELERY__BROKER_URL": f"redis://{queue}",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{url}",
    }


def _state(database: str, queue: str) -> str:
    """Return where all hosts count together: in Redis, or in PostgreSQL where `WAHELP_STATE` says so."""
    if os.environ.get("WAHELP_STATE") == "postgres":
        return f"postgres://{database}"
    return f"redis://{queue.removesuffix('/0')}/1"


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

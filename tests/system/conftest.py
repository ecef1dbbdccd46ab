"""A real Airflow against a sandbox, and what was run in it; started once for all system tests."""

from __future__ import annotations

import json
import secrets
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox as LocalSandbox
from airflow_provider_wahelp.sandbox import SandboxOptions
from benchmarks.resuming import DAGS, FILES
from demo.airflow import Airflow
from demo.airflow_api import TaskInstance
from demo.airflow_version import VERSION
from demo.sandbox import Sandbox
from tests.guide_server import LOGIN as LOGIN_OF_GUIDE
from tests.guide_server import GuideServer

needs_retry = pytest.mark.skipif(VERSION == (3, 0), reason="Airflow 3.0 does not retry what was killed")
needs_store = pytest.mark.skipif(VERSION < (3, 3), reason="no task state store before Airflow 3.3")

REPOSITORY = Path(__file__).resolve().parents[2]
FORM = REPOSITORY / "tests/browser/dags"
LOGIN = "system-test@example.com"
PARALLELISM = 4
PARSED_EACH = [f"AIRFLOW__{section}__MIN_FILE_PROCESS_INTERVAL" for section in ("DAG_PROCESSOR", "SCHEDULER")]
"""How often Airflow reads all DAG files once more, which takes it twenty seconds of CPU."""
WEBHOOK_TOKEN = "receiver-secret-51739-51739"
ANNA = "+79000000301"
"""The phone of whom ``example_dags/deadline.py`` names."""


@dataclass(frozen=True)
class Person:
    """What must not be found in any log."""

    phone: str = "+79261834567"
    text: str = "Your parcel is waiting at the blue door"
    webhook_secret: str = "hook-secret-51739"


@dataclass(frozen=True)
class Run:
    """A finished run of a DAG."""

    dag_id: str
    run_id: str
    state: str
    tasks: list[TaskInstance]
    logins: int


Runner = Callable[[str, dict[str, Any]], Run]


@pytest.fixture(scope="session", autouse=True)
def _stop_on_sigterm() -> Iterator[None]:
    """Let a cancelled test session stop its Airflow too."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def password() -> str:
    return secrets.token_hex(12)  # an option that began with a dash would be another option


@pytest.fixture(scope="session")
def person() -> Person:
    return Person()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, password: str) -> Iterator[Sandbox]:
    with _sandbox(tmp_path_factory.mktemp("sandbox"), password) as running:
        yield running


@pytest.fixture(scope="session")
def default_channel(sandbox: Sandbox, password: str) -> dict[str, Any]:
    """What the connection ``wahelp_default`` names: a channel that nobody has authorized, with one person."""
    with httpx.Client(base_url=sandbox.url, trust_env=False) as http:

        def post(path: str, **body: Any) -> Any:
            return http.post(path, json=body).raise_for_status().json().get("data")

        token = post("/api/app/user/login", login=LOGIN, password=password)["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        project = post("/api/app/projects", name="Default")["id"]
        path = f"/api/app/projects/{project}/channels"
        uuid = post(path, name="Default", type="whatsapp")["uuid"]
        assert post(f"{path}/{uuid}/users", name="Anna", phone=ANNA)["id"] == 301  # as deadline.py calls her
        post(f"/sandbox/channels/{uuid}/log-out")
    return {"project_id": project, "channel_uuid": uuid}


@pytest.fixture(scope="session")
def crowd_sandbox(tmp_path_factory: pytest.TempPathFactory, password: str) -> Iterator[Sandbox]:
    """A second account, into which nobody has logged in yet."""
    with _sandbox(tmp_path_factory.mktemp("crowd"), password, "--activation-delay", "0") as running:
        yield running


@pytest.fixture(scope="session")
def guide_server() -> Iterator[GuideServer]:
    """A server that is not the sandbox."""
    with GuideServer() as running:
        yield running


@pytest.fixture(scope="session")
def dying() -> Iterator[LocalSandbox]:
    """An account whose tokens die after three seconds without a word, and cannot be renewed."""
    options = SandboxOptions(**LOGIN_OF_GUIDE, token_lifetime=3, expires_in="missing", refresh_fails=True)
    with LocalSandbox(options) as running:
        yield running


@pytest.fixture(scope="session")
def renewed() -> Iterator[LocalSandbox]:
    """An account whose tokens end after sixteen seconds, and say so in a string."""
    with LocalSandbox(SandboxOptions(**LOGIN_OF_GUIDE, token_lifetime=16, expires_in="string")) as running:
        yield running


@pytest.fixture(scope="session")
def unreliable() -> Iterator[LocalSandbox]:
    """An account for whatever a test wants to go wrong."""
    with LocalSandbox(SandboxOptions(**LOGIN_OF_GUIDE, activation_delay=0)) as running:
        yield running


@pytest.fixture(scope="session")
def own_dags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for DAGs that a test writes."""
    return tmp_path_factory.mktemp("dags")


@pytest.fixture(scope="session")
def alerted() -> Iterator[LocalSandbox]:
    """An account for alerts, with one project and one channel."""
    with LocalSandbox(SandboxOptions(**LOGIN_OF_GUIDE, activation_delay=0)) as running:
        yield running


@pytest.fixture(scope="session")
def listening() -> Iterator[LocalSandbox]:
    """An account whose events this Airflow receives."""
    with LocalSandbox(SandboxOptions(**LOGIN_OF_GUIDE, activation_delay=0)) as running:
        yield running


@pytest.fixture(scope="session")
def airflow(
    tmp_path_factory: pytest.TempPathFactory,
    own_dags: Path,
    sandbox: Sandbox,
    default_channel: dict[str, Any],
    crowd_sandbox: Sandbox,
    password: str,
    guide_server: GuideServer,
    dying: LocalSandbox,
    renewed: LocalSandbox,
    unreliable: LocalSandbox,
    alerted: LocalSandbox,
    listening: LocalSandbox,
) -> Iterator[Airflow]:
    elsewhere = {"GUIDE": guide_server, "DYING": dying, "RENEWED": renewed, "UNRELIABLE": unreliable}

    def check() -> None:
        sandbox.check()
        crowd_sandbox.check()

    with Airflow(
        tmp_path_factory.mktemp("airflow"),
        [REPOSITORY / "example_dags", Path(__file__).with_name("dags"), FORM, DAGS, own_dags],
        env={
            **FILES,
            **dict.fromkeys(PARSED_EACH, "7200"),  # a file that has changed is read at once
            # After a crash another triggerer takes over once the dead one has not been heard of for so long.
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "12",
            _variable("DEFAULT"): connection(sandbox.url, LOGIN, password, **default_channel),
            _variable("CROWD"): connection(crowd_sandbox.url, LOGIN, password),
            **{
                _variable(name): connection(to.url, *LOGIN_OF_GUIDE.values())
                for name, to in elsewhere.items()
            },
            # So short a time that a test can wait until a send of unknown outcome cannot arrive any more.
            _variable("IMPATIENT"): connection(
                unreliable.url, *LOGIN_OF_GUIDE.values(), timeout=6, send_timeout=6
            ),
            _variable("HASTY"): connection(unreliable.url, *LOGIN_OF_GUIDE.values(), retries=0),
            _variable("ALERTS"): connection(alerted.url, *LOGIN_OF_GUIDE.values(), **place_of(alerted)),
            _variable("LISTENING"): connection(
                listening.url,
                *LOGIN_OF_GUIDE.values(),
                **place_of(listening),
                webhook_token=WEBHOOK_TOKEN,
            ),
            "AIRFLOW_CONN_MEMORY": json.dumps({"conn_type": "sqlite", "host": ":memory:"}),
            _variable("DOWN"): connection(
                "http://127.0.0.1:9", *LOGIN_OF_GUIDE.values(), **place_of(alerted)
            ),
        },
        parallelism=PARALLELISM,
        on_poll=check,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def run(airflow: Airflow, sandbox: Sandbox, crowd_sandbox: Sandbox) -> Runner:
    """Return a function that runs a DAG to its end; if that is a bad one, the test fails with the logs."""

    def logins() -> int:
        return sum(int(each.get("/sandbox/stats")["logins"]) for each in (sandbox, crowd_sandbox))

    def run_dag(dag_id: str, conf: dict[str, Any]) -> Run:
        before = logins()
        run_id = airflow.trigger(dag_id, conf)
        state = airflow.wait_for_run(dag_id, run_id, timeout=300)
        tasks = airflow.api.task_instances(dag_id, run_id)
        explain(airflow, dag_id, run_id)
        return Run(dag_id, run_id, state, tasks, logins() - before)

    return run_dag


@pytest.fixture(scope="session")
def onboarding(run: Runner, sandbox: Sandbox, person: Person) -> Run:
    """The example DAG, run once."""
    # Nobody listens there; but a test has no business with an address on the internet.
    webhook_url = f"{sandbox.url}/nobody?token={person.webhook_secret}"
    conf = {"phone": person.phone, "text": person.text, "webhook_url": webhook_url}
    return run("wahelp_onboarding", conf)


def explain(airflow: Airflow, dag_id: str, run_id: str) -> None:
    """Fail with the log of a task that has failed, and with what the scheduler says of such tasks."""
    for task in airflow.api.task_instances(dag_id, run_id):
        if task.state == "failed":
            log = airflow.api.task_log(dag_id, run_id, task.task_id, task.try_number, task.map_index)
            scheduler = (airflow.home / "scheduler.log").read_text(errors="replace").splitlines()
            told = "\n".join(line for line in scheduler if run_id in line and "finished with state" in line)
            pytest.fail(f"{task.task_id} has failed:\n{log}\n{told}")


PATIENCE = {"timeout": 10, "send_timeout": 10}
"""Seconds: as long a test waits before a task may say that a message was not sent."""


def connection(url: str, login: str, password: str, **extra: object) -> str:
    """Return a connection as Airflow takes it from the environment."""
    fields = {"conn_type": "wahelp", "host": url, "login": login, "password": password}
    return json.dumps({**fields, "extra": PATIENCE | extra})


def place_of(sandbox: LocalSandbox) -> dict[str, object]:
    """Return the project and the channel of an account that has one of each, which are made where needed."""
    channels = sandbox._state.channels
    if not channels.projects():
        project = channels.create_project({"name": "Data"})["id"]
        channels.create(project, {"name": "Alerts", "type": "whatsapp"})
    project = channels.projects()[0]["id"]
    return {"project_id": project, "channel_uuid": channels.channels(project)[0]["uuid"]}


def logs(airflow: Airflow) -> dict[str, str]:
    """Return what all processes of an Airflow have logged, by file.

    Airflow 3.0's scheduler is left out: it prints all that tasks are given and leave, whatever the level.
    """
    left_out = "scheduler.log" if VERSION == (3, 0) else ""
    files = (path for path in airflow.home.rglob("*.log") if path.name != left_out)
    return {str(path.relative_to(airflow.home)): path.read_text(errors="replace") for path in files}


def _variable(name: str) -> str:
    return f"AIRFLOW_CONN_WAHELP_{name}"


def _sandbox(folder: Path, password: str, *options: str) -> Sandbox:
    account = ("--login", LOGIN, "--password", password)
    # The state file is how a test learns which tokens were given out.
    state = ("--state", str(folder / "state.json"))
    return Sandbox(folder / "sandbox.log", "--access-log", *account, *state, *options)

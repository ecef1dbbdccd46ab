"""What people write is read by a DAG, each message once, though triggerer and scheduler are killed."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.process import wait_until
from tests.guide_server import LOGIN

from .conftest import place_of

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(VERSION < (3, 0), reason="Airflow 2 has no watchers"),
]

SOAK = bool(os.environ.get("WAHELP_SOAK"))
MESSAGES, TRIGGERER_KILLS, SCHEDULER_KILLS = (500, 9, 1) if SOAK else (30, 1, 0)
BURST, INTERVAL, WARM = 20, 2.0, 5.0
PHONE = "+79161234567"
DAG = Path(__file__).parent / "watching" / "reads_incoming.py"


@pytest.fixture
def phones() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(**LOGIN, activation_delay=0)) as running:
        place_of(running)
        yield running


@pytest.fixture
def notes(airflow: Airflow, own_dags: Path, phones: Sandbox, tmp_path: Path) -> Iterator[Path]:
    """Let a DAG listen meanwhile; return where it notes down what it reads."""
    with listening(DAG, airflow, own_dags, phones, tmp_path / "notes") as notes:
        yield notes


@contextmanager
def listening(file: Path, airflow: Airflow, own_dags: Path, phones: Sandbox, notes: Path) -> Iterator[Path]:
    """Let a DAG listen meanwhile; return where it notes down what it reads."""
    account = {"connection_id": "wahelp_incoming", "conn_type": "wahelp", "host": phones.url, **LOGIN}
    airflow.api.add_connection(account)
    told = {
        "place": place_of(phones),
        "how": {"wahelp_conn_id": account["connection_id"], "poke_interval": INTERVAL},
        "notes": str(notes),
    }
    dag = own_dags / file.name
    dag.with_suffix(".json").write_text(json.dumps(told))
    shutil.copy(file, dag)
    yield notes
    dag.unlink()


def test_each_message_is_read_once_though_daemons_are_killed(
    airflow: Airflow, phones: Sandbox, notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(5)
    uuid = str(place_of(phones)["channel_uuid"])
    watched(airflow, phones)
    warm(phones, notes, uuid)
    began = time.monotonic()
    sent = [write(phones, uuid, "how soon?")]
    wait_until(lambda: set(sent) <= set(read(notes)), timeout=60, what="an answer")
    soon = time.monotonic() - began
    kills = ["triggerer"] * TRIGGERER_KILLS + ["scheduler"] * SCHEDULER_KILLS
    random.shuffle(kills)
    while len(sent) < MESSAGES or kills:
        count = min(random.randint(1, BURST), max(MESSAGES - len(sent), 1))
        sent += [write(phones, uuid, f"Hello {n}") for n in range(count)]
        if kills and random.random() < 0.5:
            watched(airflow, phones)  # a triggerer that is only starting has nothing to lose
            time.sleep(random.uniform(0, 2 * INTERVAL))
            airflow.crash(kills.pop())
        time.sleep(random.uniform(0, INTERVAL))
    told = dict.fromkeys(sent)
    wait_until(lambda: told.keys() <= set(read(notes)), timeout=180, what="all messages", every=1)
    found = [each for each in read(notes) if each in told]
    with capsys.disabled():
        sys.stdout.write(f"\n{len(sent)} messages, {len(found)} read; the first after {soon:.1f} s\n")
    assert sorted(found) == sorted(sent)
    if not SOAK:
        assert soon < INTERVAL + WARM + 30


def watched(airflow: Airflow, phones: Sandbox) -> None:
    """Wait until the watcher has looked twice."""
    phones.clear_requests()

    def looked() -> bool:
        airflow.check()
        return sum("/messages" in each["path"] for each in phones.requests) > 2

    wait_until(looked, timeout=180, what="a watcher")


def warm(phones: Sandbox, notes: Path, uuid: str) -> None:
    """Let the DAG run once, so that the next run shows how soon it is."""
    first = write(phones, uuid, "hello")
    wait_until(lambda: first in read(notes), timeout=120, what="the first run")


def write(phones: Sandbox, uuid: str, text: str) -> str:
    return str(phones.receive(PHONE, text, uuid)["id"])


def read(notes: Path) -> list[str]:
    """Return the messages that runs were given; one that two runs were given is there twice."""
    lines = notes.read_text().splitlines() if notes.exists() else []
    return [line.split()[-1] for line in dict.fromkeys(lines)]

"""Each message has exactly one run, though the triggerer is killed. At its size, it is run by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.process import wait_until
from tests.system.conftest import place_of

from .test_incoming import SOAK, listening, phones, read, watched, write

__all__ = ["phones"]

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(VERSION < (3, 2), reason="before Airflow 3.2, assets have no partitions"),
    pytest.mark.skipif(not SOAK, reason="WAHELP_SOAK is not set"),
]

BURSTS, BURST = 4, 15
DAG = Path(__file__).parent / "watching" / "one_run_each.py"


def test_each_message_has_one_run(
    airflow: Airflow, own_dags: Path, phones: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uuid = str(place_of(phones)["channel_uuid"])
    with listening(DAG, airflow, own_dags, phones, tmp_path / "notes") as notes:
        sent = list[str]()
        for burst in range(BURSTS):
            watched(airflow, phones)
            sent += [write(phones, uuid, f"Hello {burst}.{n}") for n in range(BURST)]
            airflow.crash("triggerer")
        wait_until(lambda: set(sent) <= set(read(notes)), timeout=600, what="all messages", every=1)
        found = read(notes)
        runs = [run for state in ("success", "running", "queued") for run in runs_of(airflow, state)]
        with capsys.disabled():
            sys.stdout.write(f"\n{len(sent)} messages, {len(found)} read, in {len(runs)} runs\n")
    assert sorted(found) == sorted(sent)
    assert len(runs) == len(sent)


def runs_of(airflow: Airflow, state: str) -> list[str]:
    return airflow.api.run_ids("one_run_each", state)

"""Alerts of all DAGs at once in an Airflow of their own: a setting of its processes switches them on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.process import wait_until
from tests.guide_server import LOGIN

from .conftest import connection, logs, place_of

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        VERSION not in {(2, 11), (3, 3)}, reason="the oldest and the newest Airflow show what the others do"
    ),
]

PHONE = "+79161112299"
HERE = Path(__file__).with_name("failing")


@pytest.fixture(scope="module")
def told() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(**LOGIN, activation_delay=0)) as running:
        yield running


@pytest.fixture(scope="module")
def alerting(tmp_path_factory: pytest.TempPathFactory, told: Sandbox) -> Iterator[Airflow]:
    env = {
        "AIRFLOW_CONN_WAHELP_DEFAULT": connection(told.url, *LOGIN.values(), **place_of(told)),
        "AIRFLOW__WAHELP__ALERT_TO": PHONE,
        "AIRFLOW__WAHELP__ALERT_TIMEZONE": "Asia/Almaty",
        # The first question of a DAG processor costs it 8 s of CPU, which may be a minute on a busy machine.
        "AIRFLOW__WAHELP__ALERT_TIMEOUT": "200",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "240",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
    }
    own = tmp_path_factory.mktemp("own")
    with Airflow(tmp_path_factory.mktemp("airflow"), [HERE], own_dags=own, env=env) as running:
        (own / "broken.py").write_text("import no_such_shop\nfrom airflow import DAG\n")
        yield running


def heads(told: Sandbox) -> set[str]:
    """Return the first lines of all alerts. Airflow 2 has all files in one folder."""
    return {text.splitlines()[0].replace("own_dags/", "") for text in _texts(told)}


def test_whatever_fails_is_told_of_and_what_recovers(alerting: Airflow, told: Sandbox) -> None:
    fails = alerting.trigger("night")
    times_out = alerting.trigger("slow")
    assert alerting.wait_for_run("night", fails, timeout=300) == "failed"
    assert alerting.wait_for_run("slow", times_out, timeout=300) == "failed"
    expected = {"Failed: night, task load", "Failed: slow", "Broken: broken.py", "Failed: night"}

    def all_told() -> bool:
        alerting.check()
        return expected <= heads(told)

    wait_until(all_told, timeout=300, what=f"everything told; until now {heads(told)}", every=1)
    run = next(text for text in _texts(told) if text.startswith("Failed: night\n"))
    assert run.splitlines()[-1].endswith("each failed (3)")
    if VERSION >= (3, 0):
        assert "probably killed: killed" in run
    else:
        assert any(text.startswith("Failed: night, task killed\nno exception") for text in _texts(told))
    assert sum(text.startswith("Broken") for text in _texts(told)) == 1

    well = alerting.trigger("night", {"well": True})
    assert alerting.wait_for_run("night", well, timeout=300) == "success"
    wait_until(lambda: "Recovered: night, task load" in heads(told), timeout=60, what="a recovery")


def test_no_log_has_the_phone(alerting: Airflow) -> None:
    assert [name for name, text in logs(alerting).items() if PHONE.removeprefix("+7") in text] == []


def _texts(told: Sandbox) -> list[str]:
    return [line["text"] for line in told.conversation(PHONE)]

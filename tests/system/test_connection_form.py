"""What Airflow 3's form of a connection saves, through the endpoints that it reads and writes.

On 3.3 and 2.11 a browser does it, too: tests/browser.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox as LocalSandbox
from airflow_provider_wahelp.sandbox import SandboxOptions
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from tests.guide_server import LOGIN

from .conftest import explain, place_of

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(VERSION < (3,), reason="Airflow 2 makes the form itself"),
]

DAG = "saved_connection"
PHONE = "+79261234568"


@pytest.fixture(scope="module")
def account() -> Iterator[LocalSandbox]:
    with LocalSandbox(SandboxOptions(**LOGIN, activation_delay=0)) as running:
        yield running


@pytest.fixture(scope="module")
def offered(airflow: Airflow) -> dict[str, Any]:
    """Return what the form has in its fields for extra before anybody has seen them.

    Airflow 3.0 has them with the FAB provider alone; else it has one field for the JSON of all.
    """
    fields = airflow.api.connection_form("wahelp")["extra_fields"] or {}
    return {name: field["value"] for name, field in fields.items()}


def save(airflow: Airflow, conn_id: str, to: LocalSandbox, extra: dict[str, Any]) -> None:
    airflow.api.add_connection(
        {
            "connection_id": conn_id,
            "conn_type": "wahelp",
            "host": to.url,
            **LOGIN,
            "extra": json.dumps(extra, indent=2),
        }
    )


def send(airflow: Airflow, to: LocalSandbox, conn_id: str, **place: str) -> dict[str, Any]:
    """Send in a real task with a connection, and return what was saved in its extra."""
    conf = {"conn_id": conn_id, "phone": PHONE, "text": f"Hello by {conn_id}", **place}
    run_id = airflow.trigger(DAG, conf)
    airflow.wait_for_run(DAG, run_id, timeout=300)
    explain(airflow, DAG, run_id)
    assert to.conversation(PHONE)[-1]["text"] == conf["text"]
    saved: dict[str, Any] = airflow.api.xcom(DAG, run_id, "saved")
    return saved


def test_what_is_saved_as_it_was_offered_sends(
    airflow: Airflow, account: LocalSandbox, offered: dict[str, Any]
) -> None:
    save(airflow, "as_offered", account, offered)
    saved = send(airflow, account, "as_offered", **{k: str(v) for k, v in place_of(account).items()})
    assert saved == {name: value for name, value in offered.items() if name != "access_token"}
    assert "***" not in offered.values()


def test_what_is_filled_in_sends(airflow: Airflow, account: LocalSandbox, offered: dict[str, Any]) -> None:
    """Airflow 3.1 stores numbers with a fraction as texts."""
    timeout = "12.5" if VERSION < (3, 2) else 12.5
    filled_in = {**place_of(account), "timeout": timeout, "retries": 0, "verify": False}
    save(airflow, "filled_in", account, {**offered, **filled_in, "login_scope": "process"})
    assert filled_in.items() <= send(airflow, account, "filled_in").items()


@pytest.mark.parametrize("channel_uuid", ["", "nope"], ids=["right", "wrong"])
def test_the_button_names_project_and_channel(
    airflow: Airflow, account: LocalSandbox, offered: dict[str, Any], channel_uuid: str
) -> None:
    place = place_of(account)
    extra = {**offered, **place, "channel_uuid": channel_uuid or place["channel_uuid"]}
    answer = airflow.api.test_connection(
        {
            "connection_id": "from_the_form",
            "conn_type": "wahelp",
            "host": account.url,
            **LOGIN,
            "extra": json.dumps(extra),
        }
    )
    begin = f"Connected to {account.url} as {LOGIN['login']}"
    right = f"{begin}. Project 101 «Data». Channel «Alerts» (whatsapp) is active."
    assert answer["status"] is (not channel_uuid)
    assert answer["message"].startswith(
        f"{begin}, but project 101 «Data» has no channel nope." if channel_uuid else right
    )

"""What a user of the command line and of the connection form sees."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from airflow_provider_wahelp import __version__
from airflow_provider_wahelp.connection_form import FIELDS
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from demo.sandbox import Sandbox

from .conftest import LOGIN

pytestmark = pytest.mark.system


def test_airflow_lists_the_provider(airflow: Airflow) -> None:
    shown = airflow.cli("providers", "get", "airflow-provider-wahelp", "--output", "plain")
    assert "airflow-provider-wahelp" in shown
    assert __version__ in shown


def test_airflow_tests_the_connection(airflow: Airflow) -> None:
    assert "success" in airflow.cli("connections", "test", "wahelp_default").lower()


def test_what_the_command_line_adds_is_tested(
    airflow: Airflow, sandbox: Sandbox, password: str, default_channel: dict[str, Any]
) -> None:
    account = ("--conn-host", sandbox.url, "--conn-login", LOGIN, "--conn-password", password)
    extra = json.dumps({**default_channel, "channel_uuid": "nope"})
    airflow.cli("connections", "add", "by_hand", "--conn-type", "wahelp", *account, "--conn-extra", extra)
    try:
        said = airflow.cli(
            "connections", "test", "by_hand"
        )  # before Airflow 3.3 it ends well, whatever it says
    except RuntimeError as error:
        said = str(error)
    assert "«Default» has no channel nope" in " ".join(said.split())


@pytest.mark.skipif(VERSION < (3,), reason="Airflow 2 makes the form itself")
def test_the_form_of_a_connection_shows_every_field(airflow: Airflow) -> None:
    if VERSION == (3, 0):
        pytest.importorskip("flask_appbuilder", reason="Airflow 3.0 shows it with the FAB provider alone")
    form = airflow.api.connection_form("wahelp")
    assert form["hook_name"] == "Wahelp"
    assert set(form["extra_fields"]) == {field.name for field in FIELDS}
    assert form["extra_fields"]["access_token"]["schema"]["format"] == "password"
    assert form["standard_fields"]["url_schema"]["hidden"]
    assert form["standard_fields"]["host"]["placeholder"] == "https://wahelp.ru"


@pytest.mark.skipif(VERSION >= (3,), reason="Airflow 3 makes the form in the browser")
def test_the_form_that_airflow_2_makes_shows_every_field_that_it_would_not_spoil(airflow: Airflow) -> None:
    page = httpx.get(f"{airflow.url}/connection/add", trust_env=False, timeout=30).raise_for_status().text
    assert 'value="wahelp"' in page
    missing = {field.name for field in FIELDS if f'name="extra__wahelp__{field.name}"' not in page}
    assert missing == {"retries", "verify"}


@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_the_button_of_the_form_tests_the_password(
    airflow: Airflow, sandbox: Sandbox, password: str, right: bool
) -> None:
    given = password if right else "wrong-password"
    answer = airflow.api.test_connection(
        {
            "connection_id": "from_the_form",
            "conn_type": "wahelp",
            "host": sandbox.url,
            "login": LOGIN,
            "password": given,
        }
    )
    assert answer["status"] is right, answer
    assert given not in answer["message"]

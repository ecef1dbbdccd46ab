"""A person fills in Airflow's form, saves it, and a task sends with what was saved."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.airflow_version import VERSION
from tests.system.conftest import explain, place_of

from .forms import Form, form_of

ACCOUNT = {"login": "demo@example.com", "password": "demo"}
PHONE = "+79261234567"
RUN_SECONDS = 180


@pytest.fixture(scope="session")
def place(wahelp: Sandbox) -> dict[str, str]:
    """Return a project and a channel, as a person enters them."""
    return {name: str(value) for name, value in place_of(wahelp).items()}


@pytest.fixture
def form(page: Page, airflow: Airflow) -> Form:
    return form_of(page, airflow.url)


@pytest.fixture
def send(airflow: Airflow, wahelp: Sandbox) -> Callable[..., dict[str, Any]]:
    """Return what sends in a real task with a connection, and returns what was saved in its extra."""

    def run(conn_id: str, **place: str) -> dict[str, Any]:
        conf = {"conn_id": conn_id, "phone": PHONE, "text": f"Hello by {conn_id}", **place}
        run_id = airflow.trigger("saved_connection", conf)
        airflow.wait_for_run("saved_connection", run_id, RUN_SECONDS)
        explain(airflow, "saved_connection", run_id)
        assert wahelp.conversation(PHONE)[-1]["text"] == conf["text"]
        saved: dict[str, Any] = airflow.api.xcom("saved_connection", run_id, "saved")
        return saved

    return run


def in_words(saved: dict[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value).lower() for name, value in saved.items()}


def test_what_is_saved_as_it_was_offered_sends(
    form: Form, wahelp: Sandbox, place: dict[str, str], send: Any
) -> None:
    """Nobody has opened the fields for extra."""
    form.add("as_offered", host=wahelp.url, **ACCOUNT)
    form.save()
    saved = in_words(send("as_offered", **place))
    form.add("looked_at", host=wahelp.url)
    offered = form.offered()
    assert offered.pop("access_token") == ""
    assert {name: value for name, value in offered.items() if value} == {
        name: value for name, value in saved.items() if value
    }
    assert {"timeout": "30", "login_scope": "host"}.items() <= offered.items()


def test_what_is_filled_in_is_saved_and_a_secret_is_kept_when_the_rest_is_edited(
    form: Form, wahelp: Sandbox, place: dict[str, str], send: Any
) -> None:
    filled_in = {**place, "timeout": "12.5", "login_scope": "process"}
    if VERSION >= (3,):
        filled_in.update(retries="0", verify="false")
    form.add("filled_in", host=wahelp.url)
    form.fill_in(access_token=token_of(wahelp), **filled_in)
    form.save()
    form.edit("filled_in")
    form.fill_in(timeout="7.5")
    form.save()
    saved = in_words(send("filled_in"))
    expected = {"send_timeout": "75", **filled_in, "timeout": "7.5"}  # the first as the form offers it
    assert {name: value for name, value in saved.items() if value} == expected


def test_the_button_says_what_is_reached_or_what_is_wrong(
    form: Form, wahelp: Sandbox, place: dict[str, str]
) -> None:
    form.add("tested", host=wahelp.url, port="0", **ACCOUNT)
    form.fill_in(**place)
    form.save()
    reached = f"Connected to {wahelp.url} as {ACCOUNT['login']}"
    assert f"{reached}. Project 101 «Data». Channel «Alerts» (whatsapp) is active." in form.test(
        "tested", ACCOUNT["password"]
    )
    form.edit("tested")
    form.fill_in(channel_uuid="nope")
    form.save()
    said = form.test("tested", ACCOUNT["password"])
    assert f"{reached}, but project 101 «Data» has no channel nope." in said
    assert place["channel_uuid"] in said


@pytest.mark.skipif(version("apache-airflow") != "3.3.2", reason="a fault of Airflow 3.3.2")
def test_the_button_of_airflow_3_3_2_needs_a_port(form: Form, wahelp: Sandbox) -> None:
    """It sends 0 for none, and takes that for another server. README and the form's port say so."""
    form.add("without_port", host=wahelp.url, **ACCOUNT)
    form.save()
    assert form.test("without_port", ACCOUNT["password"]).endswith("Bad Request")
    form.edit("without_port", port="0")
    form.save()
    assert f"Connected to {wahelp.url}" in form.test("without_port", ACCOUNT["password"])


def token_of(wahelp: Sandbox) -> str:
    answer = httpx.post(f"{wahelp.url}/api/app/user/login", json=ACCOUNT, trust_env=False)
    return str(answer.raise_for_status().json()["data"]["access_token"])

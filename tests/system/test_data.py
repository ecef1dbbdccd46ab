"""Rows are data, never programs: what a task, a file or a query gives goes to the phone as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow

from .conftest import Runner, place_of
from .dags.data import LETTERS, NAME, phone

pytestmark = pytest.mark.system

MESSAGES = ["xcom", "pulled", "expand", "expand_kwargs", "zip_and_map", "concat"]
MAILINGS = ["rows", "rows_in_a_template", "rows_by_expand", "rows_by_expand_kwargs", "csv"]
QUERIES = ["sql", "sql_by_expand_kwargs"]


def texts(sandbox: Sandbox, way: str) -> list[str]:
    return [line["text"] for line in sandbox.conversation(phone(way)) if line["direction"] == "outgoing"]


@pytest.fixture(scope="module")
def sent(run: Runner, alerted: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    folder: Path = tmp_path_factory.mktemp("people")
    assert run("wahelp_data", {"folder": str(folder)}).state == "success"
    return alerted


@pytest.mark.parametrize("way", [*MESSAGES, *MAILINGS, *QUERIES])
def test_a_name_with_braces_goes_to_the_letter(sent: Sandbox, way: str) -> None:
    assert set(texts(sent, way)) == {NAME}


def test_whoever_is_new_is_called_as_they_call_themselves(sent: Sandbox) -> None:
    users, _ = sent._state.people.users(**place(sent), query={"limit": 1000})
    names = {user["phone"]: user["name"] for user in users}
    assert {names[phone(way)[1:]] for way in ("expand_kwargs", "zip_and_map", *MAILINGS, *QUERIES)} == {NAME}


def test_what_the_author_maps_is_a_template(sent: Sandbox) -> None:
    assert texts(sent, "literal") == ["49"]


def test_native_rendering_keeps_texts(run: Runner, alerted: Sandbox) -> None:
    assert run("wahelp_letters", {}).state == "success"
    assert sorted(texts(alerted, "letters")) == sorted([*LETTERS, "10.50 in a row"])


def test_nothing_is_sent_in_place_of_none(airflow: Airflow, alerted: Sandbox) -> None:
    run_id = airflow.trigger("wahelp_nothing", {})
    assert airflow.wait_for_run("wahelp_nothing", run_id, timeout=120) == "failed"
    tasks = {each.task_id: each for each in airflow.api.task_instances("wahelp_nothing", run_id)}
    for task_id in ("xcom", "pulled", "mapped"):
        task = tasks[task_id]
        log = airflow.api.task_log("wahelp_nothing", run_id, task_id, task.try_number, task.map_index)
        assert (task.state, task.try_number) == ("failed", 1), log
        assert "text: " in log
        assert "upstream XCom" in log
    assert texts(alerted, "nothing") == []


def place(sandbox: Sandbox) -> dict[str, Any]:
    where = place_of(sandbox)
    return {"project_id": where["project_id"], "uuid": where["channel_uuid"]}

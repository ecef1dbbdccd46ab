"""Tables as people have them, through a real Airflow: each way leads to the one phone that is meant."""

from __future__ import annotations

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow

from .conftest import Run, Runner, place_of
from .dags.tables import LEFT_OUT, WAYS, ten_digits

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def sent(run: Runner, alerted: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    finished = run("wahelp_tables", {"folder": str(tmp_path_factory.mktemp("tables"))})
    assert finished.state == "success"
    return finished


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("way", WAYS)
def test_each_table_is_understood(alerted: Sandbox, way: str) -> None:
    lines = alerted.conversation(f"+7{ten_digits(way)}")
    assert [line["text"] for line in lines] == ["Здравствуйте, Анна!"]


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("way", LEFT_OUT)
def test_who_is_left_out_gets_nothing(alerted: Sandbox, way: str) -> None:
    assert alerted.conversation(f"+7{ten_digits(way)}") == []


@pytest.mark.usefixtures("sent")
def test_a_row_without_a_phone_adds_nobody(alerted: Sandbox) -> None:
    where = place_of(alerted)
    users, _ = alerted._state.people.users(where["project_id"], where["channel_uuid"], query={"limit": 1000})
    names = {user["name"] for user in users}
    assert "Анна" in names
    assert not {"Борис", "Юлия"} & names


def test_a_mailing_whose_rows_are_all_bad_fails_with_the_reason_and_without_a_retry(airflow: Airflow) -> None:
    run_id = airflow.trigger("wahelp_bad_tables", {})
    assert airflow.wait_for_run("wahelp_bad_tables", run_id, timeout=120) == "failed"
    tasks = {each.task_id: each for each in airflow.api.task_instances("wahelp_bad_tables", run_id)}
    assert (tasks["all_bad"].state, tasks["all_bad"].try_number) == ("failed", 1)
    assert tasks["reported"].state == "success"
    log = airflow.api.task_log("wahelp_bad_tables", run_id, "all_bad", 1)
    assert "all 1 rows are bad (row 1: phone:" in log
    assert "12-34-56" not in log

import pytest
from alerts import BOSS, SHOP, the_dag

pytestmark = pytest.mark.usefixtures("airflow_database", "wahelp_connection")


def test_failures_are_told_and_summed_up(wahelp_sandbox):
    assert the_dag.test().state == "failed"

    first, summary = [line["text"] for line in wahelp_sandbox.conversation(SHOP)]
    assert "task fail [" in first
    assert "fail failed (1)" in summary
    (line,) = wahelp_sandbox.conversation(BOSS)
    assert line["text"].startswith("alerts: task_failure, 20")

import pytest
from newsletter import CUSTOMERS, the_dag

pytestmark = pytest.mark.usefixtures("airflow_database")


def set_times(monkeypatch, task_id, **times):
    for name, value in times.items():
        monkeypatch.setattr(the_dag.get_task(task_id), name, value)


def test_everybody_is_written_to(wahelp_connection, wahelp_sandbox, monkeypatch):
    set_times(monkeypatch, "mail", pace=None, quiet_hours=None, poll_interval=0.1)

    assert the_dag.test().state == "success"
    assert [len(wahelp_sandbox.conversation(customer["phone"])) for customer in CUSTOMERS] == [1] * 5


def test_nobody_is_written_to_while_the_channel_is_logged_out(wahelp_connection, wahelp_sandbox, monkeypatch):
    set_times(monkeypatch, "wait", deferrable=False, timeout=1, poke_interval=0.1)
    wahelp_sandbox.log_out(wahelp_connection.channel_uuid)

    assert the_dag.test().state == "failed"
    assert all(wahelp_sandbox.conversation(customer["phone"]) == [] for customer in CUSTOMERS)

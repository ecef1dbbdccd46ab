from copy import copy

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from order_ready import the_dag

CUSTOMER = "+79161234567"
CONTEXT = {"params": {"phone": CUSTOMER, "order": 7}}


@pytest.fixture
def tell():
    task = copy(the_dag.get_task("tell"))  # rendering changes it
    task.render_template_fields(CONTEXT)
    return task


def test_it_sends_and_then_waits_in_the_triggerer(tell, wahelp_connection, wahelp_sandbox):
    with pytest.raises(TaskDeferred):
        tell.execute(CONTEXT)

    assert [line["text"] for line in wahelp_sandbox.conversation(CUSTOMER)] == ["Order 7 is ready."]


def test_it_returns_what_has_arrived(tell, wahelp_connection):
    tell.deferrable, tell.poll_interval = False, 0.1  # wait here

    assert tell.execute(CONTEXT)["status"] == "delivered"

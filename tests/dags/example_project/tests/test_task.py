from copy import copy

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from order_ready import the_dag

CUSTOMER = "+79161234567"


def test_the_customer_is_told(wahelp_connection, wahelp_sandbox):
    task = copy(the_dag.get_task("tell"))  # rendering changes it
    context = {"params": {"phone": CUSTOMER, "order": 7}}
    task.render_template_fields(context)

    with pytest.raises(TaskDeferred):  # it has sent, and would wait in the triggerer
        task.execute(context)

    assert [line["text"] for line in wahelp_sandbox.conversation(CUSTOMER)] == ["Order 7 is ready."]

from datetime import timedelta

import pytest
from order_ready import the_dag

CUSTOMER, SHOP = "+79161234567", "+74951234567"


@pytest.fixture(autouse=True)
def set_up(airflow_database, wahelp_connection, monkeypatch):
    monkeypatch.setattr(the_dag.get_task("tell"), "retry_delay", timedelta(0))  # in place of five minutes


def run():
    return the_dag.test(run_conf={"phone": CUSTOMER, "order": 7})


def arrived(sandbox, phone):
    return [(line["text"], line["status"]) for line in sandbox.conversation(phone)]


def test_the_customer_is_told(wahelp_sandbox):
    assert run().state == "success"
    assert arrived(wahelp_sandbox, CUSTOMER) == [("Order 7 is ready.", "delivered")]
    assert arrived(wahelp_sandbox, SHOP) == []


def test_a_customer_without_the_messenger_is_called(wahelp_sandbox):
    wahelp_sandbox.set_messenger(CUSTOMER, False)

    assert run().state == "failed"
    assert arrived(wahelp_sandbox, SHOP) == [(f"Please call {CUSTOMER}.", "delivered")]


def test_a_lost_answer_is_no_second_message(wahelp_sandbox):
    wahelp_sandbox.inject("cut_after", operation="send_message", count=1)

    assert run().state == "success"
    assert len(wahelp_sandbox.conversation(CUSTOMER)) == 1


def test_a_refused_send_is_retried(wahelp_connect, wahelp_sandbox):
    wahelp_connect(retries=0)  # else the call is repeated within the first try
    wahelp_sandbox.inject("rate_limit", operation="send_message", count=1)

    finished = run()

    assert (finished.state, finished.get_task_instance("tell").try_number) == ("success", 2)
    assert len(wahelp_sandbox.conversation(CUSTOMER)) == 1


def test_a_customer_who_is_not_reached_in_time_is_called(wahelp_sandbox, monkeypatch):
    wahelp_sandbox.configure(delivered_after=None)  # never
    monkeypatch.setattr(the_dag.get_task("tell"), "wait_timeout", 1)  # in place of six hours

    assert run().state == "failed"
    assert arrived(wahelp_sandbox, CUSTOMER) == [("Order 7 is ready.", "sent")]
    assert len(wahelp_sandbox.conversation(SHOP)) == 1

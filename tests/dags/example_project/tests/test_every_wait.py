import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from every_wait import FEW, MANY, ONE, elsewhere_dag, every_wait_dag

SECONDS = 120
pytestmark = pytest.mark.usefixtures("airflow_database")


def scan_once_triggerer_looks(sandbox, channel_uuid):
    end = time.monotonic() + SECONDS
    while not any(request["path"].endswith("/channels") for request in sandbox.requests):
        assert time.monotonic() < end, "nobody has deferred"
        time.sleep(0.05)
    sandbox.scan(channel_uuid)


def test_every_wait_ends_and_everybody_gets_one(wahelp_connection, wahelp_sandbox, monkeypatch):
    monkeypatch.setitem(every_wait_dag.get_task("send").partial_kwargs, "text", "Mapped")
    wahelp_sandbox.configure(delivered_after=1)
    wahelp_sandbox.log_out(wahelp_connection.channel_uuid)
    with ThreadPoolExecutor() as pool:
        scanned = pool.submit(scan_once_triggerer_looks, wahelp_sandbox, wahelp_connection.channel_uuid)
        run = every_wait_dag.test()
        scanned.result()

    assert {ti.task_id: ti.state for ti in run.get_task_instances() if ti.state != "success"} == {}
    for text, phones in {"Mapped": FEW, "Mail": MANY, "One": [ONE]}.items():
        for phone in phones:
            lines = wahelp_sandbox.conversation(phone)
            assert [(line["text"], line["status"]) for line in lines] == [(text, "delivered")]


def test_a_send_that_defers_twice_sends_once_through_each_channel(wahelp_connection, wahelp_sandbox):
    other = wahelp_sandbox.create_channel("Other", "telegram", wahelp_connection.project_id)["uuid"]
    wahelp_sandbox.configure(delivered_after=None)

    assert elsewhere_dag.test().state == "failed"
    channels = [line["channel_uuid"] for line in wahelp_sandbox.conversation(ONE)]
    assert channels == [wahelp_connection.channel_uuid, other]

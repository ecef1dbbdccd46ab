"""A server that is not the sandbox cuts the connection after it has sent: its history is looked into."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_wahelp.client.models import MOSCOW
from airflow_provider_wahelp.operators import SendMessageOperator
from tests.delivery.sending_task import Store
from tests.guide_server import CHANNEL, LOGIN, Guide, GuideServer

TEXT = "Your order is ready"


class Cutting(Guide):
    """Its history knows the time, in Moscow, and not the person; it loses some answers to sends."""

    def __init__(self) -> None:
        super().__init__()
        self.cuts = 0

    def send_message(self, project: str, channel: str, user: str, body: Any) -> Any:
        message = super().send_message(project, channel, user, body)
        message["created_at"] = f"{datetime.now(MOSCOW):%Y-%m-%d %H:%M:%S}"
        if self.cuts:
            self.cuts -= 1
            raise ConnectionResetError  # http.server closes the connection without an answer
        return message

    def get_messages(self, project: str, channel: str, body: Any) -> Any:
        shown = super().get_messages(project, channel, body)
        return [
            {**line, "created_at": message["created_at"]}
            for line, message in zip(shown, self.messages, strict=True)
        ]


class CuttingServer(GuideServer):
    """A server of the guide that loses answers, and says nothing of it."""

    guide: Cutting

    def __init__(self) -> None:
        super().__init__()
        self.guide = Cutting()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(connect: Any) -> Iterator[Cutting]:
    with CuttingServer() as running:
        connect(running.url, **LOGIN)
        yield running.guide


def attempt(store: Store, try_number: int = 1) -> Any:
    operator = SendMessageOperator(
        task_id="send", text=TEXT, user_id=301, project_id=101, channel_uuid=CHANNEL["uuid"]
    )
    operator.hook.get_conn()._retrying.sleep = lambda seconds: None
    ids = {"dag_id": "shop", "run_id": "manual__1", "task_id": "send", "map_index": -1}
    ti = SimpleNamespace(**ids, try_number=try_number, max_tries=1, xcom_push=lambda key, value: None)
    context: Any = {"ti": ti, "task_state_store": store}
    return operator.execute(context)


def test_a_lost_answer_is_looked_up_there_too(server: Cutting) -> None:
    server.cuts = 1
    sent = attempt(Store())
    assert (sent["id"], sent["text"], sent["user_id"]) == (401, TEXT, 301)
    assert len(server.messages) == 1


def test_a_cleared_task_asks_that_server_nothing(server: Cutting) -> None:
    store = Store()
    sent = attempt(store)
    server.requests.clear()
    assert attempt(store, 2) == sent
    assert server.requests == []


def test_a_send_whose_done_was_never_written_is_found_there(server: Cutting) -> None:
    store = Store()
    sent = attempt(store)
    (name,) = store.kept
    store.set(name, {**store.get(name), "message": None})
    assert attempt(store, 2)["id"] == sent["id"]
    assert len(server.messages) == 1

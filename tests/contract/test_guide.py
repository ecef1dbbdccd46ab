"""The guide's sequence against a server that is not the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.operators import (
    CreateChannelOperator,
    CreateProjectOperator,
    CreateUserOperator,
    GetMessagesOperator,
    SendMessageOperator,
    SetWebhookOperator,
)
from airflow_provider_wahelp.sensors import ChannelActiveSensor
from tests.guide_server import LOGIN, GuideServer


@pytest.fixture
def server(connect: Any) -> Any:
    with GuideServer() as running:
        connect(running.url, **LOGIN)
        yield running.guide


def test_the_guides_sequence_runs_on_the_guides_operations_alone(server: Any) -> None:
    project = CreateProjectOperator(task_id="project", name="Shop").execute({})
    channel = CreateChannelOperator(task_id="channel", name="Support", project_id=project["id"]).execute({})
    where = {"project_id": project["id"], "channel_uuid": channel["uuid"]}
    wait = ChannelActiveSensor(task_id="wait", poke_interval=0, timeout=30, **where)
    assert wait.execute({})["active"] is True
    user = CreateUserOperator(task_id="user", name="Anna", phone="+71234567890", **where).execute({})
    sent = SendMessageOperator(task_id="send", text="Hello", user_id=user["id"], **where).execute({})
    SetWebhookOperator(task_id="webhook", url="https://example.com/in", project_id=project["id"]).execute({})
    rows = GetMessagesOperator(task_id="history", **where).execute({})
    assert (sent["id"], sent["status"], sent["user_id"]) == (401, "sent", 301)
    assert [(row["text"], row["status"], row["created_at"]) for row in rows] == [
        ("Hello", "delivered", "2026-01-15T09:00:00+00:00")
    ]
    assert server.hook == "https://example.com/in"
    assert server.logins == 1


def test_a_send_to_a_phone_adds_the_person_where_nobody_can_be_looked_up(server: Any) -> None:
    project = CreateProjectOperator(task_id="project", name="Shop").execute({})
    channel = CreateChannelOperator(task_id="channel", name="Support", project_id=project["id"]).execute({})
    SendMessageOperator(
        task_id="send",
        text="Hello",
        phone="+71234567890",
        project_id=project["id"],
        channel_uuid=channel["uuid"],
    ).execute({})
    assert [message["text"] for message in server.messages] == ["Hello"]

"""Twelve sends at once, four at a time, each in a process of its own."""

from __future__ import annotations

import httpx
import pytest

from demo.sandbox import Sandbox

from .conftest import LOGIN, Runner

pytestmark = pytest.mark.system

COUNT = 12


@pytest.fixture
def channel(crowd_sandbox: Sandbox, password: str) -> dict[str, object]:
    """A channel that somebody else has made: the tasks meet with no token of theirs."""
    with httpx.Client(base_url=f"{crowd_sandbox.url}/api/app/", trust_env=False) as http:
        answer = http.post("user/login", json={"login": LOGIN, "password": password}).json()
        http.headers["Authorization"] = f"Bearer {answer['data']['access_token']}"
        project_id = http.post("projects", json={"name": "Crowd"}).json()["data"]["id"]
        answer = http.post(f"projects/{project_id}/channels", json={"name": "All", "type": "whatsapp"}).json()
        return {"project_id": project_id, "channel_uuid": answer["data"]["uuid"]}


def test_tasks_at_once_send_a_message_each_with_one_login(
    run: Runner, crowd_sandbox: Sandbox, channel: dict[str, object]
) -> None:
    finished = run("wahelp_mapped", {**channel, "count": COUNT})
    assert finished.state == "success"
    assert finished.logins == 1

    conversations = crowd_sandbox.get("/sandbox/conversations")
    assert len(conversations) == COUNT
    assert all(len(messages) == 1 for messages in conversations.values())

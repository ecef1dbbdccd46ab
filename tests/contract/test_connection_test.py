"""The button "Test": what a person is told of a connection."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from tests.guide_server import LOGIN, GuideServer

LOGIN_OF_SANDBOX = {"login": "demo@example.com", "password": "demo"}
WHO = "as demo@example.com"


@pytest.fixture
def said_of(new_hook: Any, connect: Any, wahelp_sandbox: Sandbox) -> Any:
    """Return what tests a connection with these fields, and returns what is said after the address."""

    def said(**fields: Any) -> tuple[bool, str]:
        connect(wahelp_sandbox.url, **fields)
        wahelp_sandbox.clear_requests()
        passed, words = new_hook().test_connection()
        return passed, words.replace(f"Connected to {wahelp_sandbox.url} ", "")

    return said


def asked(sandbox: Sandbox) -> list[str]:
    return [
        f"{request['method']} {request['path'].removeprefix('/api/app/')}" for request in sandbox.requests
    ]


def test_account_project_and_channel_are_named(
    said_of: Any, project: int, channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    said = (True, f"{WHO}. Project {project} «Shop». Channel «Support» (whatsapp) is active.")
    assert said_of(extra=channel) == said
    assert asked(wahelp_sandbox) == ["POST user/login", "GET projects", f"GET projects/{project}/channels"]


def test_a_channel_that_is_not_active_passes_and_is_said_to_be(
    said_of: Any, project: int, channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    wahelp_sandbox.log_out(channel["channel_uuid"])
    passed, words = said_of(extra=channel)
    assert passed
    assert words.endswith(
        "Channel «Support» (whatsapp) is not active. "
        "Authorize the channel in Wahelp (WhatsApp: scan its QR code)."
    )


def test_a_project_that_does_not_exist_is_what_is_wrong(said_of: Any, project: int, hook: Any) -> None:
    hook.create_project("Data")
    assert said_of(extra={"project_id": 999, "channel_uuid": "nope"}) == (
        False,
        f"{WHO}, but project 999 does not exist. The account has {project} «Shop», {project + 1} «Data». "
        "Check project_id.",
    )


def test_a_channel_that_does_not_exist_is_what_is_wrong(
    said_of: Any, project: int, channel: dict[str, Any]
) -> None:
    assert said_of(extra={**channel, "channel_uuid": "nope"}) == (
        False,
        f"{WHO}, but project {project} «Shop» has no channel nope. "
        f"The project has «Support» (whatsapp) {channel['channel_uuid']}. Check channel_uuid.",
    )


def test_a_channel_of_another_project_is_what_is_wrong(
    said_of: Any, channel: dict[str, Any], hook: Any
) -> None:
    other = hook.create_project("Data").id
    assert said_of(extra={**channel, "project_id": other}) == (
        False,
        f"{WHO}, but project {other} «Data» has no channel {channel['channel_uuid']}. "
        "The project has no channel yet. Check channel_uuid.",
    )


def test_where_nothing_is_named_there_is_something_to_choose_from(
    said_of: Any, project: int, channel: dict[str, Any]
) -> None:
    names_no_project = f"{WHO}. The connection names no project: tasks have to."
    assert said_of() == (True, f"{names_no_project} The account has {project} «Shop».")
    assert said_of(extra={"channel_uuid": "c-1"}) == (
        True,
        f"{names_no_project} Channel c-1 cannot be looked up without one. The account has {project} «Shop».",
    )
    assert said_of(extra={"project_id": project}) == (
        True,
        f"{WHO}. Project {project} «Shop». The connection names no channel: tasks have to. "
        f"The project has «Support» (whatsapp) {channel['channel_uuid']}.",
    )


def test_a_new_account_has_nothing_to_choose_from(said_of: Any) -> None:
    said = "The connection names no project: tasks have to. The account has no project yet."
    assert said_of() == (True, f"{WHO}. {said}")


def test_of_many_projects_some_are_named(said_of: Any, hook: Any) -> None:
    for number in range(8):
        hook.create_project(f"P{number}")
    assert said_of()[1].endswith("«P3», 105 «P4», 3 more.")


def test_a_channel_that_is_called_by_its_number_is_named_without_it(
    said_of: Any, hook: Any, project: int
) -> None:
    hook.create_channel("Sales +7 916 123-45-67", project_id=project)
    assert "«Sales +7*****4567» (whatsapp)" in said_of(extra={"project_id": project})[1]


def test_a_ready_made_token_is_asked_whose_it_is_and_is_not_shown(
    said_of: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, task_log: Any
) -> None:
    login = httpx.post(f"{wahelp_sandbox.url}/api/app/user/login", json=LOGIN_OF_SANDBOX, trust_env=False)
    token = login.json()["data"]["access_token"]
    passed, words = said_of(login=None, password=None, extra={**channel, "access_token": token})
    assert (passed, words[:20]) == (True, f"{WHO}."[:20])
    assert len(asked(wahelp_sandbox)) == 3
    assert token not in words + task_log()


@pytest.mark.parametrize("fault", ["rate_limit", "unavailable"])
def test_a_test_is_not_repeated(said_of: Any, wahelp_sandbox: Sandbox, fault: str) -> None:
    wahelp_sandbox.inject(fault, operation="any")
    assert said_of()[0] is False
    assert len(asked(wahelp_sandbox)) == 1


def test_a_server_with_what_the_guide_says_and_no_more_is_tested(new_hook: Any, connect: Any) -> None:
    with GuideServer() as server:
        server.guide.create_channel("101", {"name": "Support", "type": "whatsapp"})
        uuid = server.guide.channel["uuid"]
        connect(server.url, **LOGIN, extra={"project_id": 101, "channel_uuid": uuid})
        assert new_hook().test_connection() == (
            True,
            f"Connected to {server.url} {WHO}. Project 101. Channel «Support» (whatsapp) is not active. "
            "Authorize the channel in Wahelp (WhatsApp: scan its QR code).",
        )
        connect(server.url, **LOGIN, extra={"project_id": 999})
        assert new_hook().test_connection() == (
            False,
            f"Connected to {server.url} {WHO}, but project 999 does not exist. Check project_id.",
        )


def test_a_wrong_password_is_said_in_a_sentence(new_hook: Any, wahelp_sandbox: Sandbox, connect: Any) -> None:
    connect(wahelp_sandbox.url, password="something-else")
    passed, words = new_hook().test_connection()
    assert not passed
    assert "credentials are refused" in words
    assert "something-else" not in words


def test_a_changed_password_is_noticed_though_a_token_is_shared(
    hook: Any, new_hook: Any, wahelp_sandbox: Sandbox
) -> None:
    assert hook.list_projects() == []
    wahelp_sandbox.configure(password="changed-since")
    assert new_hook().test_connection()[0] is False


def test_a_server_that_is_not_wahelp_passes_no_test(
    new_hook: Any, wahelp_sandbox: Sandbox, connect: Any
) -> None:
    connect(f"{wahelp_sandbox.url}/elsewhere")
    passed, words = new_hook().test_connection()
    assert not passed
    assert "the server at this address is not Wahelp (HTTP 404)" in words

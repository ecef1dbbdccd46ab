from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions

if TYPE_CHECKING:
    from .support import Api


def test_projects_and_channels_of_one_name_are_two(api: Api) -> None:
    assert api.data("POST", "projects", json={"name": "Shop"}) == {"id": 101, "name": "Shop"}
    assert api.data("POST", "projects", json={"name": "Shop"}) == {"id": 102, "name": "Shop"}
    assert [project["id"] for project in api.data("GET", "projects")] == [101, 102]

    wanted = {"name": "Main", "type": "telegram"}
    first, second = (api.data("POST", "projects/101/channels", json=wanted) for _ in range(2))

    assert first.items() >= {"id": 201, "name": "Main", "type": "telegram", "active": False}.items()
    assert first["settings"] == {}
    assert second["uuid"] != first["uuid"]
    assert api.data("GET", "projects/101/channels") == [first, second]
    assert api.data("GET", "projects/102/channels") == []
    assert api.data("GET", f"projects/101/channels/{first['uuid']}") == first


def test_the_first_channel_may_have_a_uuid_that_a_dag_file_names() -> None:
    uuid = "0a0b0c0d-0000-4000-8000-000000000001"
    with pytest.raises(ValueError, match="UUID"):
        SandboxOptions(first_channel="support")
    channels = Sandbox(SandboxOptions(first_channel=uuid.upper()))._state.channels
    project = channels.create_project({"name": "Shop"})["id"]
    first, second = (channels.create(project, {"name": "Main", "type": "viber"})["uuid"] for _ in range(2))
    assert first == uuid != second


@pytest.mark.parametrize("kind", ["whatsapp", "telegram", "waba", "viber", "vk", "instagram", "max"])
def test_every_known_messenger_has_channels(api: Api, kind: str) -> None:
    assert api.channel(type=kind).made["type"] == kind


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("projects", {}, "name"),
        ("projects", {"name": " "}, "name"),
        ("projects", {"name": 7}, "name"),
        ("projects/101/channels", {"type": "whatsapp"}, "name"),
        ("projects/101/channels", {"name": "Main"}, "type"),
        ("projects/101/channels", {"name": "Main", "type": "icq"}, "type"),
    ],
)
def test_a_wrong_field_is_named(api: Api, path: str, body: dict[str, Any], field: str) -> None:
    api.data("POST", "projects", json={"name": "Shop"})

    answer = api.ask("POST", path, 422, json=body)

    assert (answer["success"], list(answer["errors"])) == (False, [field])
    assert answer["message"]


def test_half_a_character_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/json"}

    answer = api.ask("POST", "projects", 422, content=rb'{"name": "\ud800"}', headers=headers)

    assert list(answer["errors"]) == ["name"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    assert api.ask("POST", "projects", 400, content=body, headers=headers)["success"] is False


def test_a_channel_becomes_active_when_its_delay_has_passed(wahelp_sandbox: Sandbox, api: Api) -> None:
    channel = api.channel(active=False)

    wahelp_sandbox.advance(590)
    assert channel.data("GET", "")["active"] is False
    assert channel.data("GET", "/status")["active"] is False

    wahelp_sandbox.advance(11)
    assert channel.data("GET", "")["active"] is True
    assert channel.data("GET", "/status")["active"] is True


def test_without_a_delay_only_a_scan_activates(wahelp_sandbox: Sandbox, api: Api) -> None:
    wahelp_sandbox.configure(activation_delay=None)
    channel = api.channel(active=False)

    wahelp_sandbox.advance(86_400)
    api.log_in()
    assert channel.data("GET", "")["active"] is False

    wahelp_sandbox.scan(channel.uuid)
    assert channel.data("GET", "")["active"] is True


def test_a_channel_that_was_logged_out_waits_for_a_scan(wahelp_sandbox: Sandbox, api: Api) -> None:
    channel = api.channel(active=False)
    wahelp_sandbox.log_out(channel.uuid)

    wahelp_sandbox.advance(1000)
    assert channel.data("GET", "")["active"] is False

    wahelp_sandbox.scan(channel.uuid)
    assert channel.data("GET", "")["active"] is True


def test_the_qr_code_exists_while_somebody_has_to_scan_it(wahelp_sandbox: Sandbox, api: Api) -> None:
    channel = api.channel(active=False)
    assert channel.data("GET", "/settings/whatsapp/qr")["qr"].startswith("2@")

    wahelp_sandbox.scan(channel.uuid)
    assert channel.ask("GET", "/settings/whatsapp/qr", 404)["success"] is False

    telegram = api.channel(active=False, type="telegram")
    telegram.ask("GET", "/settings/whatsapp/qr", 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "projects/999/channels"),
        ("POST", "projects/999/channels"),
        ("GET", "projects/x/channels"),
        ("GET", "projects/101/channels/no-such"),
        ("GET", "projects/102/channels/{uuid}"),
        ("GET", "projects/101/channels/{uuid}/users/999"),
        ("GET", "projects/101/channels/{uuid}/messages/999"),
        ("POST", "projects/101/channels/{uuid}/send_message/999"),
        ("PUT", "projects/999/hook"),
        ("PUT", "projects/101/webhooks/no-such"),
        ("DELETE", "projects/101/webhooks/no-such"),
        ("GET", "no-such/operation"),
        ("PATCH", "projects/101/channels/{uuid}"),
        ("DELETE", "projects/101"),
    ],
)
def test_what_does_not_exist_is_a_404_in_json(api: Api, method: str, path: str) -> None:
    channel = api.channel()
    api.channel()
    body = {"name": "Main", "type": "vk", "text": "Hello", "url": "http://127.0.0.1/"}

    answer = api.ask(method, path.format(uuid=channel.uuid), 404, json=body)

    assert answer["success"] is False
    assert answer["message"]

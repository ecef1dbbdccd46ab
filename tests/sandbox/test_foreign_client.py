"""A program of somebody else's, written for the real service, runs on the sandbox as it is."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox import SandboxOptions
from tests import foreign_client
from tests.foreign_client import Wahelp, fetch_file, utc

from .support import ANNA, Receiver

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox import Sandbox

GUIDE: dict[str, Any] = {}
PRODUCTION = {"form_login": True, "slashes": True, "multipart": True}


@pytest.fixture
def wahelp_sandbox_options() -> SandboxOptions:
    return SandboxOptions(activation_delay=None, delivered_after=0.1, read_after=0.2)


def test_it_has_nothing_of_ours() -> None:
    tree = ast.parse(Path(foreign_client.__file__).read_text())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {
        node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name for node in found
    }
    assert modules == {"__future__", "time", "datetime", "typing", "requests"}


@pytest.mark.parametrize("duplicates", ["error", "existing", "new"])
@pytest.mark.parametrize(
    ("spelling", "way"),
    [
        pytest.param(GUIDE, "hook", id="the guide's"),
        pytest.param(PRODUCTION, "webhooks", id="production's"),
        pytest.param({"form_login": True}, "webhooks", id="form login"),
        pytest.param({"slashes": True}, "hook", id="slashes"),
        pytest.param({"multipart": True}, "hook", id="multipart"),
    ],
)
def test_it_goes_all_the_way(
    wahelp_sandbox: Sandbox, receiver: Receiver, spelling: dict[str, bool], way: str, duplicates: Any
) -> None:
    wahelp_sandbox.configure(duplicate_users=duplicates)
    client = Wahelp(wahelp_sandbox.url, **spelling)
    client.log_in("demo@example.com", "demo")
    assert client.onboard("Shop")["qr"]
    wahelp_sandbox.scan(client.channel.rpartition("/")[2])
    client.wait_until_active()
    client.listen(receiver.url, way)

    assert client.find(ANNA) is None
    user_id = client.add(f"+{ANNA}")
    again = client.add(f"+{ANNA}")
    assert (again == user_id) is (duplicates != "new")
    assert client.find(ANNA) == user_id

    sent = client.send(user_id, "Привет, *Anna*!")
    assert (sent["text"], sent["status"]) == ("Привет, *Anna*!", "sent")
    assert abs(utc(sent["created_at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    heard = receiver.next_of("channel.message.created")
    assert (heard["id"], heard["message"], heard["destination"]) == (
        sent["id"],
        sent["text"],
        "from_operator",
    )
    assert heard["user"].items() >= {"id": user_id, "name": ANNA, "phone": ANNA}.items()
    client.refresh()
    client.wait_for_status(sent["id"], "read")
    statuses = [receiver.next_of("channel.message.updated")["status"] for _ in range(2)]
    assert statuses == ["delivered", "read"]

    wahelp_sandbox.receive(ANNA, "Thanks")
    reply = receiver.next_of("channel.message.created")
    assert (reply["message"], reply["destination"], reply["user_id"]) == ("Thanks", "from", user_id)
    wahelp_sandbox.receive(ANNA, message_type="audio")
    voice = receiver.next_of("channel.message.created")
    assert (voice["message"], voice["message_type"]) == ("", "audio")
    assert fetch_file(voice["file_url"]).startswith(b"OggS")
    wahelp_sandbox.call(ANNA)
    assert receiver.next_of("channel.message.created")["message"] == "_Incoming call_"
    wahelp_sandbox.delete_message(reply["id"])
    deleted = receiver.next_of("channel.message.updated")
    assert (deleted["id"], deleted["message"]) == (reply["id"], "_Message deleted_")

    said = [message["message"] for message in reversed(client.history())]
    assert said == ["Привет, *Anna*!", "_Message deleted_", "", "_Incoming call_"]
    as_it_should_be(wahelp_sandbox.requests, spelling, duplicates)


def as_it_should_be(asked: list[dict[str, Any]], spelling: dict[str, bool], duplicates: str) -> None:
    """Insist on what went over the wire: the spellings are those that were chosen."""
    unsuccessful = [request["status"] for request in asked if request["status"] != 200]
    assert unsuccessful == ([404, 422] if duplicates == "error" else [404])
    assert {request["path"].endswith("/") for request in asked} == {spelling.get("slashes", False)}
    kinds = {request["path"].split("/")[-2 if spelling.get("slashes") else -1]: request for request in asked}
    form = kinds["login"]["content_type"] == "application/x-www-form-urlencoded"
    assert form is spelling.get("form_login", False)
    multipart = [r["content_type"].startswith("multipart/") for r in asked if "/send_message/" in r["path"]]
    assert multipart == [spelling.get("multipart", False)]


def test_it_finds_nobody_where_that_is_a_400(wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.configure(unknown_contact=400)
    client = Wahelp(wahelp_sandbox.url)
    client.log_in("demo@example.com", "demo")
    client.onboard("Shop")

    assert client.find(ANNA) is None
    assert wahelp_sandbox.requests[-1]["status"] == 400

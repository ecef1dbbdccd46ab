"""What the page at ``/`` is made of and looks at. What it does is tried in a browser: tests/browser."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox.errors import SandboxError

from .support import ANNA, BORIS, Api, ChannelCaller, fetch

if TYPE_CHECKING:
    import httpx

    from airflow_provider_wahelp.sandbox import Sandbox

ROOT = Path(__file__).parents[2]


def look(sandbox: Sandbox, tag: str = "", phones: int = 60) -> httpx.Response:
    headers = {"If-None-Match": tag} if tag else {}
    return fetch("GET", f"{sandbox.url}/sandbox/snapshot?phones={phones}", headers=headers)


def test_the_page_and_its_parts_are_served_to_no_frame_and_with_nothing_of_others(
    wahelp_sandbox: Sandbox,
) -> None:
    page = fetch("GET", wahelp_sandbox.url)
    parts = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert sorted(parts) == ["/sandbox/web/page.css", "/sandbox/web/page.js"]
    for path in parts:
        page_part = fetch("GET", wahelp_sandbox.url + path)
        assert page_part.status_code == 200
        assert page_part.headers["content-type"].split(";")[0] in {"text/css", "text/javascript"}
        assert page_part.headers["cache-control"] == "no-cache"
        assert not re.findall(r"https?://", page_part.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_the_page_names_all_that_the_docs_call_guessed(wahelp_sandbox: Sandbox) -> None:
    docs = (ROOT / "docs" / "sandbox.md").read_text()
    guessed = re.findall(r"^- \*\*([^*]+?)\.?\*\*", docs.split("## What is guessed")[1], re.MULTILINE)
    assert len(guessed) > 5
    shown = re.findall(r"<b>([^<]+)</b>", fetch("GET", wahelp_sandbox.url).text)
    assert {name.lower() for name in guessed} <= {name.lower() for name in shown}


def test_a_snapshot_shows_all_at_a_glance(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    later = {"name": "Later", "type": "whatsapp"}
    waiting = channel.api.data("POST", f"{channel.project_path}/channels", json=later)
    user = channel.user()
    channel.send(user, "Hello")
    wahelp_sandbox.set_messenger(BORIS, False)
    wahelp_sandbox.inject("html", operation="messages")
    wahelp_sandbox.advance(5)

    shown: dict[str, Any] = look(wahelp_sandbox).json()

    assert shown["ahead"] == 5
    assert shown["tokens"] == 1
    assert shown["projects"] == [{"id": channel.project_id, "name": "Shop"}]
    assert [(one["uuid"], one["active"]) for one in shown["channels"]] == [
        (channel.uuid, True),
        (waiting["uuid"], False),
    ]
    assert shown["channels"][0]["activates_at"] is None
    assert shown["channels"][1]["activates_at"] > shown["now"]
    assert shown["phones_known"] == 2
    assert [phone["phone"] for phone in shown["phones"]] == [ANNA, BORIS]
    assert shown["phones"][0] == {
        "phone": ANNA,
        "messenger": True,
        "users": [
            {"id": user["id"], "name": "Anna", "contact_id": user["contact_id"], "channel_uuid": channel.uuid}
        ],
        "messages": 1,
        "latest": wahelp_sandbox.conversation(ANNA)[0],
    }
    assert shown["phones"][1] | {"phone": ""} == {
        "phone": "",
        "messenger": False,
        "users": [],
        "messages": 0,
        "latest": None,
    }
    assert shown["faults"] == wahelp_sandbox.faults
    assert shown["stats"]["logins"] == 1
    assert shown["requests"] == wahelp_sandbox.requests[::-1]
    assert {**wahelp_sandbox.snapshot(), "now": shown["now"]} == shown


def test_a_snapshot_shows_the_latest_and_no_more_than_wanted(
    wahelp_sandbox: Sandbox, channel: ChannelCaller
) -> None:
    for number in range(30):
        channel.user(str(79160000000 + number))
    wahelp_sandbox.receive("79160000003", "Me first")

    shown = look(wahelp_sandbox, phones=2).json()

    assert [phone["phone"] for phone in shown["phones"]] == ["79160000003", "79160000029"]
    assert shown["phones_known"] == 30
    assert len(shown["requests"]) == 20


def test_whoever_has_seen_it_gets_no_answer_twice(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    seen = look(wahelp_sandbox)
    tag = seen.headers["etag"]
    again = look(wahelp_sandbox, tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert look(wahelp_sandbox, tag, phones=61).status_code == 200

    user = channel.user()
    fault = wahelp_sandbox.inject("html", operation="account", count=1)
    changes = [
        lambda: channel.send(user),
        lambda: wahelp_sandbox.advance(150),
        lambda: wahelp_sandbox.receive(ANNA, "Thanks"),
        lambda: wahelp_sandbox.log_out(channel.uuid),
        lambda: wahelp_sandbox.set_messenger(ANNA, False),
        lambda: channel.api.http.get("user"),
        lambda: wahelp_sandbox.remove_fault(fault),
        wahelp_sandbox.expire_tokens,
        wahelp_sandbox.clear_requests,
        lambda: wahelp_sandbox.configure(lacks_messenger=[BORIS]),
        wahelp_sandbox.reset,
    ]
    for change in changes:
        tag = look(wahelp_sandbox).headers["etag"]
        change()
        assert look(wahelp_sandbox, tag).status_code == 200


def test_a_phone_is_shown_known_or_not(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    channel.send(channel.user())

    shown = fetch("GET", f"{wahelp_sandbox.url}/sandbox/phones/+{ANNA}").json()
    assert shown == wahelp_sandbox.phone(f"+{ANNA}") == wahelp_sandbox.snapshot()["phones"][0]
    assert wahelp_sandbox.phone(BORIS)["messages"] == 0
    with pytest.raises(ValueError, match="phone"):
        wahelp_sandbox.phone("12")


def test_a_conversation_can_be_asked_for_its_end(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    for text in ("1", "2", "3"):
        wahelp_sandbox.receive(ANNA, text)

    lines = fetch("GET", f"{wahelp_sandbox.url}/sandbox/phones/{ANNA}/conversation?limit=2").json()

    assert [line["text"] for line in lines] == ["2", "3"]
    assert lines == wahelp_sandbox.conversation(ANNA, limit=2)
    assert len(wahelp_sandbox.conversation(ANNA)) == 3


def test_the_code_of_a_waiting_channel_is_a_picture(wahelp_sandbox: Sandbox, api: Api) -> None:
    channel = api.channel(active=False)
    answer = fetch("GET", f"{wahelp_sandbox.url}/sandbox/channels/{channel.uuid}/qr.svg")

    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.text == wahelp_sandbox.qr(channel.uuid)
    assert ET.fromstring(answer.text).tag == "{http://www.w3.org/2000/svg}svg"
    wahelp_sandbox.scan(channel.uuid)
    with pytest.raises(SandboxError):
        wahelp_sandbox.qr(channel.uuid)

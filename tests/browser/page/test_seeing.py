"""What happens elsewhere is seen within a second, and disturbs nobody who is doing something."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from airflow_provider_wahelp.sandbox import Sandbox
from tests.sandbox.support import ANNA, BORIS, Api

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.sandbox.support import ChannelCaller

PHONES = 60
LINES = 30
FILE = "https://files.example/1.oga"


def test_what_the_api_does_is_seen(sandbox_page: Page, api: Api) -> None:
    expect(sandbox_page.get_by_text("No projects yet")).to_be_visible()
    channel = api.channel(active=False)
    expect(sandbox_page.get_by_role("heading", name="Shop")).to_be_visible()
    expect(sandbox_page.get_by_text("waits for a scan")).to_be_visible()
    api.sandbox.scan(channel.uuid)
    expect(sandbox_page.get_by_text("waits for a scan")).to_be_hidden()

    user = channel.user(name="Anna Smirnova")
    anna = sandbox_page.get_by_role("button", name="Anna Smirnova")
    expect(anna).to_contain_text(f"+{ANNA}")
    channel.send(user, "Your order is ready")
    expect(anna).to_contain_text("Your order is ready")
    expect(anna.get_by_role("img", name="sent")).to_be_visible()
    api.sandbox.advance(101)
    expect(anna.get_by_role("img", name="delivered")).to_be_visible()
    api.sandbox.receive(ANNA, "Thanks")
    expect(anna).to_contain_text("You: Thanks")

    api.sandbox.inject("html", operation="messages")
    expect(sandbox_page.get_by_text("messages, always")).to_be_visible()
    api.sandbox.clear_faults()
    expect(sandbox_page.get_by_text("Nothing goes wrong.")).to_be_visible()
    api.sandbox.set_messenger(BORIS, False)
    expect(sandbox_page.get_by_role("button", name=f"+{BORIS}")).to_contain_text("lacks the messenger")
    api.sandbox.reset()
    expect(sandbox_page.get_by_text("Nobody has been written to yet.")).to_be_visible()


@pytest.fixture
def crowd(channel: ChannelCaller) -> list[str]:
    """Sixty phones with thirty messages each, the last of which was sent to them."""
    phones = [str(79160000000 + number) for number in range(PHONES)]
    for phone in phones:
        user = channel.user(phone, f"Person {phone[-2:]}")
        for number in range(LINES - 1):
            channel.api.sandbox.receive(phone, f"Message {number}")
        channel.send(user)
    return phones


def test_nobody_is_disturbed_by_what_happens_among_many_phones(
    sandbox_page: Page, channel: ChannelCaller, crowd: list[str]
) -> None:
    phones = sandbox_page.get_by_role("list", name="Phones").get_by_role("listitem")
    expect(phones).to_have_count(PHONES, timeout=5000)
    sandbox_page.get_by_role("button", name="Person 30").click()
    lines = sandbox_page.get_by_role("list", name="Messages").get_by_role("listitem")
    expect(lines).to_have_count(LINES)
    text = sandbox_page.get_by_label("Write as this person")
    text.fill("Half a sen")
    text.evaluate("field => field.setSelectionRange(0, 4)")
    sandbox_page.evaluate("document.getElementById('lines-box').scrollTop = 40")
    sandbox_page.evaluate("document.querySelector('.people').scrollTop = 300")
    latest = lines.nth(LINES - 1)
    latest.evaluate("line => line.isTheSame = true")

    channel.api.sandbox.advance(101)
    for phone in crowd[:3]:
        channel.api.sandbox.receive(phone, "And me")
    channel.api.sandbox.receive(crowd[30], "And I")
    expect(latest.get_by_role("img", name="delivered")).to_have_count(1)
    expect(lines).to_have_count(LINES + 1)

    expect(text).to_be_focused()
    expect(text).to_have_value("Half a sen")
    assert text.evaluate("field => [field.selectionStart, field.selectionEnd]") == [0, 4]
    assert sandbox_page.evaluate("document.getElementById('lines-box').scrollTop") == 40
    assert sandbox_page.evaluate("document.querySelector('.people').scrollTop") > 0
    assert latest.evaluate("line => line.isTheSame")


def test_focus_stays_on_a_phone_that_moves_up(sandbox_page: Page, channel: ChannelCaller) -> None:
    channel.user()
    channel.user(BORIS, "Boris")
    anna = sandbox_page.get_by_role("button", name="Anna")
    expect(anna).to_be_visible()
    anna.focus()

    channel.api.sandbox.receive(ANNA, "Hello")

    phones = sandbox_page.get_by_role("list", name="Phones").get_by_role("listitem")
    expect(phones.first).to_contain_text("Anna")
    expect(anna).to_be_focused()


def test_a_draft_waits_for_its_phone(sandbox_page: Page, channel: ChannelCaller) -> None:
    channel.user()
    channel.user(BORIS, "Boris")
    text = sandbox_page.get_by_label("Write as this person")
    for name, draft in {"Anna": "To be contin", "Boris": "Other"}.items():
        sandbox_page.get_by_role("button", name=name).click()
        expect(sandbox_page.get_by_role("heading", name=name)).to_be_visible()
        text.fill(draft)

    sandbox_page.get_by_role("button", name="Anna").click()
    expect(text).to_have_value("To be contin")


def test_more_phones_and_earlier_messages_are_shown_on_demand(
    sandbox_page: Page, channel: ChannelCaller
) -> None:
    user = channel.user(name="Anna")
    for number in range(60):
        channel.send(user, f"Message {number}")
    for number in range(PHONES):
        channel.user(str(79160000000 + number), f"Person {number}")

    phones = sandbox_page.get_by_role("list", name="Phones").get_by_role("listitem")
    expect(phones).to_have_count(PHONES)
    sandbox_page.get_by_role("button", name="More phones").click()
    expect(phones).to_have_count(PHONES + 1)

    sandbox_page.get_by_role("button", name="Anna").click()
    lines = sandbox_page.get_by_role("list", name="Messages").get_by_role("listitem")
    expect(lines).to_have_count(50)
    sandbox_page.get_by_role("button", name="Earlier messages").click()
    expect(lines).to_have_count(60)
    expect(sandbox_page.get_by_role("button", name="Earlier messages")).to_be_hidden()


def test_a_slow_answer_makes_no_requests_pile_up(sandbox_page: Page, api: Api) -> None:
    held: list[Route] = []
    released = False

    def hold(route: Route) -> None:
        if released:
            route.continue_()
        else:
            held.append(route)

    sandbox_page.route("**/sandbox/snapshot?*", hold)
    sandbox_page.wait_for_event("request", lambda request: "snapshot" in request.url)

    for hours in range(1, 4):
        with sandbox_page.expect_response("**/clock/advance"):
            sandbox_page.get_by_role("button", name="+1 h").click()
        assert api.sandbox.snapshot()["ahead"] == hours * 3600
    assert len(held) == 1

    released = True
    held[0].continue_()
    expect(sandbox_page.get_by_text("3 h ahead")).to_be_visible()


def test_the_sandbox_stops_at_once_and_a_new_one_in_its_place_is_seen(
    sandbox_page: Page, wahelp_sandbox: Sandbox
) -> None:
    begun = time.monotonic()
    wahelp_sandbox.stop()
    assert time.monotonic() - begun < 1
    expect(sandbox_page.get_by_text("no answer, trying again")).to_be_visible()

    with Sandbox(port=urlsplit(wahelp_sandbox.url).port or 0) as another:
        api = Api(another)
        api.log_in()
        api.channel().user(name="Vera")
        expect(sandbox_page.get_by_text("live", exact=True)).to_be_visible()
        expect(sandbox_page.get_by_role("button", name="Vera")).to_be_visible()


def test_fields_that_the_page_does_not_know_yet_do_no_harm(
    sandbox_page: Page, channel: ChannelCaller
) -> None:
    """A later platform says more about a message than this one."""
    channel.send(channel.user())
    later = [
        {"id": 1, "direction": "outgoing", "status": "failed", "text": "Lost"},
        {"id": 2, "direction": "outgoing", "status": "invented", "text": "Odd"},
        {
            "id": 3,
            "direction": "incoming",
            "message_type": "audio",
            "text": None,
            "file_url": FILE,
        },
        {"id": 4, "direction": "incoming", "text": "Trap", "file_url": "javascript:alert(1)"},
    ]
    rest = {"channel_uuid": channel.uuid, "created_at": "2026-01-01T00:00:00+00:00"}
    sandbox_page.route(
        "**/conversation?*", lambda route: route.fulfill(json=[{**rest, **line} for line in later])
    )
    sandbox_page.get_by_role("button", name="Anna").click()

    lines = sandbox_page.get_by_role("list", name="Messages").get_by_role("listitem")
    expect(lines.nth(0).get_by_role("img", name="failed")).to_be_visible()
    expect(lines.nth(1).get_by_role("img", name="invented")).to_be_visible()
    expect(lines.nth(2)).to_contain_text("voice note")
    expect(lines.nth(2).get_by_role("link", name="file")).to_have_attribute("href", FILE)
    expect(lines.nth(3).get_by_role("link")).to_have_count(0)

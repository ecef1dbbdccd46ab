"""Everybody can use it: by the keyboard alone, on a narrow screen, in the dark, with a screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.sandbox.support import ANNA, BORIS

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.sandbox.support import Api, ChannelCaller

WIDE, MIDDLE, NARROW = (1360, 860), (900, 800), (375, 700)
MOST_STOPS = 80


@pytest.fixture
def lively(channel: ChannelCaller) -> ChannelCaller:
    """Something of everything that the page can show."""
    sandbox = channel.api.sandbox
    channel.api.channel(active=False, name="Night")
    channel.send(channel.user(), "Hello, " + "a-very-long-word" * 20)
    sandbox.advance(500)
    channel.api.log_in()
    sandbox.call(ANNA)
    sandbox.receive(ANNA, message_type="audio")
    sandbox.delete_message(sandbox.receive(ANNA, "Oops")["id"])
    sandbox.receive(ANNA, "Thanks")
    channel.send(channel.user(BORIS, "Boris " * 12))
    sandbox.set_messenger("79990001122", False)
    sandbox.inject("rate_limit", operation="account", count=1)
    sandbox.inject("slow", operation="webhooks", probability=0.5)
    channel.api.http.get("user")
    return channel


def faults_of(page: Page) -> list[tuple[str, Any]]:
    found = Axe().run(page).response["violations"]
    grave = [rule for rule in found if rule["impact"] in {"serious", "critical"}]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in grave]


@pytest.mark.parametrize("size", [WIDE, MIDDLE, NARROW], ids=["wide", "middle", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    sandbox_page: Page, lively: ChannelCaller, scheme: str, size: tuple[int, int]
) -> None:
    sandbox_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    sandbox_page.set_viewport_size({"width": size[0], "height": size[1]})
    phone = sandbox_page.get_by_role("button", name="Thanks")
    expect(phone).to_be_visible()
    assert faults_of(sandbox_page) == []

    phone.click()
    expect(sandbox_page.get_by_text("a-very-long-word").last).to_be_visible()
    assert faults_of(sandbox_page) == []
    sandbox_page.get_by_role("button", name="Call or voice note").click()
    expect(sandbox_page.get_by_role("button", name="Missed call")).to_be_visible()
    assert faults_of(sandbox_page) == []
    sandbox_page.keyboard.press("Escape")

    if size is not WIDE:
        sandbox_page.get_by_role("button", name="Platform").click()
        assert faults_of(sandbox_page) == []
    sandbox_page.get_by_role("button", name="Reset everything").click()
    assert faults_of(sandbox_page) == []


def test_nothing_of_the_page_is_beside_a_narrow_screen(sandbox_page: Page, lively: ChannelCaller) -> None:
    sandbox_page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})

    def fits() -> bool:
        return bool(sandbox_page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    assert fits()
    sandbox_page.get_by_role("button", name="Thanks").click()
    text = sandbox_page.get_by_label("Write as this person")
    expect(text).to_be_in_viewport()
    expect(sandbox_page.get_by_label("Name or number")).to_be_hidden()
    assert fits()
    text.fill("On my way")
    sandbox_page.get_by_role("button", name="Send").click()
    expect(sandbox_page.get_by_role("list", name="Messages")).to_contain_text("On my way")

    sandbox_page.get_by_role("button", name="Back").click()
    expect(sandbox_page.get_by_role("button", name="On my way")).to_be_focused()
    sandbox_page.get_by_role("button", name="Platform").click()
    assert fits()
    sandbox_page.get_by_role("button", name="Scan Night").click()
    expect(sandbox_page.get_by_role("button", name="Log out Night")).to_be_visible()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press the Tab key until something has the focus, as somebody without a mouse does."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            return
    pytest.fail(f"the keyboard does not reach {wanted}")


def test_all_is_done_by_the_keyboard_alone(sandbox_page: Page, api: Api) -> None:
    channel = api.channel(active=False)
    page, keys = sandbox_page, sandbox_page.keyboard
    expect(page.get_by_role("button", name="Scan Main")).to_be_visible()

    tab_to(page, page.get_by_role("button", name="Scan Main"))
    keys.press("Enter")
    expect(page.get_by_role("button", name="Log out Main")).to_be_focused()
    assert channel.data("GET", "")["active"] is True

    tab_to(page, page.get_by_label("What goes wrong"))
    keys.type("rate")
    tab_to(page, page.get_by_label("In which calls"))
    keys.type("account")
    tab_to(page, page.get_by_role("button", name="Switch on"))
    keys.press("Space")
    expect(page.get_by_text("active, struck 0 times")).to_be_visible()
    assert [api.http.get(path).status_code for path in ("user", "projects")] == [429, 200]
    tab_to(page, page.get_by_role("button", name="Switch off rate_limit"))
    keys.press("Enter")
    expect(page.get_by_text("Nothing goes wrong.")).to_be_visible()
    expect(page.get_by_label("What goes wrong")).to_be_focused()

    tab_to(page, page.get_by_role("button", name="+1 min"))
    keys.press("Enter")
    expect(page.get_by_text("1 min ahead")).to_be_visible()
    assert api.sandbox.snapshot()["ahead"] == 60

    tab_to(page, page.get_by_label("Find a phone"))
    keys.type(f"+{ANNA}")
    keys.press("Enter")
    expect(page.get_by_label("Write as this person")).to_be_focused()
    keys.type("Hello")
    keys.press("Enter")
    expect(page.get_by_role("button", name="message 401")).to_be_visible()
    assert channel.data("GET", "/messages")[0]["message"] == "Hello"

    tab_to(page, page.get_by_role("switch", name="Messenger"))
    keys.press("Space")
    expect(page.get_by_role("status")).to_contain_text("lacks the messenger")
    assert api.sandbox.phone(ANNA)["messenger"] is False

    tab_to(page, page.get_by_role("button", name="Reset everything"))
    keys.press("Enter")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.get_by_text("No projects yet")).to_be_visible()


def test_calls_and_deletions_are_done_by_the_keyboard_alone(
    sandbox_page: Page, channel: ChannelCaller
) -> None:
    channel.send(channel.user())
    page, keys = sandbox_page, sandbox_page.keyboard
    page.get_by_role("button", name="Anna").press("Enter")
    expect(page.get_by_role("button", name="message 401")).to_be_visible()

    tab_to(page, page.get_by_role("button", name="Call or voice note"))
    keys.press("Enter")
    tab_to(page, page.get_by_role("button", name="Missed call"))
    keys.press("Enter")
    expect(page.get_by_text("Missed call", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Call or voice note")).to_be_focused()
    assert channel.data("GET", "/messages")[0]["message"] == "_Missed call_"
    tab_to(page, page.get_by_role("button", name="Delete 401 for everyone"))
    keys.press("ArrowDown")
    expect(page.get_by_role("button", name="Delete 402 for everyone")).to_be_focused()
    keys.press("ArrowUp")
    keys.press("Enter")
    expect(page.get_by_text("Message deleted", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="message 401")).to_be_focused()
    assert channel.data("GET", "/messages")[1]["message"] == "_Message deleted_"


def test_arrows_walk_among_phones_and_messages(sandbox_page: Page, channel: ChannelCaller) -> None:
    for phone, name in ((ANNA, "Anna"), (BORIS, "Boris")):
        user = channel.user(phone, name)
        channel.send(user)
        channel.send(user)
    page, keys = sandbox_page, sandbox_page.keyboard
    expect(page.get_by_role("button", name="Boris")).to_be_visible()

    tab_to(page, page.get_by_role("button", name="Boris"))
    keys.press("ArrowDown")
    expect(page.get_by_role("button", name="Anna")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_label("Write as this person")).to_be_focused()

    tab_to(page, page.get_by_role("button", name="message 402"))
    keys.press("ArrowUp")
    expect(page.get_by_role("button", name="message 401")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Delete 401 for everyone"))
    keys.press("End")
    expect(page.get_by_role("button", name="Delete 402 for everyone")).to_be_focused()
    keys.press("Shift+Tab")
    expect(page.get_by_role("button", name="message 402")).to_be_focused()

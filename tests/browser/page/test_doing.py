"""What a person does on the page is done to the platform, and seen on both within a second."""

from __future__ import annotations

import io
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from airflow_provider_wahelp.sandbox.faults.kinds import KINDS
from airflow_provider_wahelp.sandbox.state.messages import CALLS, DELETED
from tests.sandbox.support import ANNA, BORIS

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from airflow_provider_wahelp.sandbox import Sandbox
    from airflow_provider_wahelp.sandbox.state.messages import Language
    from tests.sandbox.support import Api, ChannelCaller


def channel_on(page: Page, name: str = "Main") -> Locator:
    return page.locator(".channel").filter(has_text=name)


def faults_on(page: Page) -> Locator:
    return page.get_by_role("list", name="Faults that were switched on").get_by_role("listitem")


def lines_on(page: Page) -> Locator:
    return page.get_by_role("list", name="Messages").get_by_role("listitem")


def open_phone(page: Page, what: str) -> None:
    page.get_by_label("Find a phone").fill(what)
    page.get_by_role("button", name="Open").click()


def write(page: Page, text: str) -> None:
    page.get_by_label("Write as this person").fill(text)
    page.get_by_role("button", name="Send").click()


def choose_from_menu(page: Page, what: str) -> None:
    page.get_by_role("button", name="Call or voice note").click()
    page.get_by_role("group", name="Call or voice note").get_by_role("button", name=what).click()


def seconds_ahead(api: Api) -> float:
    told = parsedate_to_datetime(api.http.get("projects").headers["date"]).timestamp()
    return told - api.sandbox._state.clock.now() + api.sandbox._state.clock.offset


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_code_that_phones_read_is_scanned(sandbox_page: Page, api: Api, scheme: str) -> None:
    sandbox_page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
    channel = api.channel(active=False)
    card = channel_on(sandbox_page)
    expect(card).to_contain_text("waits for a scan")
    code = card.get_by_role("img", name="QR code of Main")
    code.evaluate("image => image.decode()")

    [read] = zxingcpp.read_barcodes(Image.open(io.BytesIO(card.screenshot())))
    assert read.text == channel.data("GET", "/settings/whatsapp/qr")["qr"]
    assert read.format == zxingcpp.BarcodeFormat.QRCode  # and no Micro QR, which phones do not read

    card.get_by_role("button", name="Scan").click()
    expect(card.get_by_text("active", exact=True)).to_be_visible()
    assert channel.data("GET", "")["active"] is True
    expect(code).to_be_hidden()

    card.get_by_role("button", name="Log out").click()
    expect(code).to_be_visible()
    assert channel.data("GET", "")["active"] is False


def test_a_new_phone_writes_to_the_channel_that_is_chosen(sandbox_page: Page, api: Api) -> None:
    first, second = api.channel(), api.channel(name="Other", type="telegram")
    expect(channel_on(sandbox_page)).to_have_count(1)

    open_phone(sandbox_page, "+7 (916) 123-45-67")
    expect(sandbox_page.get_by_role("heading", name=f"+{ANNA}")).to_be_visible()
    sandbox_page.get_by_role("combobox", name="To").select_option(label="Other (Shop, Telegram)")
    write(sandbox_page, "Is it ready?\nAnna")

    expect(lines_on(sandbox_page)).to_contain_text("Is it ready?\nAnna", use_inner_text=True)
    [message] = second.data("GET", "/messages")
    assert (message["message"], message["destination"]) == ("Is it ready?\nAnna", "from")
    assert first.data("GET", "/messages") == []
    expect(sandbox_page.get_by_label("Write as this person")).to_have_value("")
    expect(sandbox_page.get_by_role("button", name=f"message {message['id']}")).to_be_visible()
    expect(sandbox_page.get_by_role("button", name=f"user {message['user_id']}")).to_be_visible()


def test_an_answer_goes_to_the_channel_that_wrote(sandbox_page: Page, api: Api) -> None:
    api.channel()
    channel = api.channel(name="Other")
    channel.send(channel.user(), "Shall we come today?")

    sandbox_page.get_by_role("button", name="Anna").click()
    expect(lines_on(sandbox_page)).to_contain_text("Shall we come today?")
    sandbox_page.keyboard.type("Yes")  # the field has the focus
    sandbox_page.keyboard.press("Enter")

    expect(lines_on(sandbox_page)).to_have_count(2)
    assert channel.data("GET", "/messages")[0]["message"] == "Yes"


def test_what_the_platform_refuses_is_said_in_its_words_and_the_text_stays(
    sandbox_page: Page, channel: ChannelCaller
) -> None:
    channel.send(channel.user())
    sandbox_page.get_by_role("button", name="Anna").click()
    expect(lines_on(sandbox_page)).to_have_count(1)
    channel.api.sandbox.log_out(channel.uuid)

    write(sandbox_page, "Hello?")

    expect(sandbox_page.get_by_role("alert")).to_have_text("Канал не активен")
    expect(sandbox_page.get_by_label("Write as this person")).to_have_value("Hello?")


@pytest.mark.parametrize("kind", CALLS)
def test_a_phone_calls_the_channel_that_is_chosen(sandbox_page: Page, api: Api, kind: str) -> None:
    first, second = api.channel(), api.channel(name="Other")
    open_phone(sandbox_page, ANNA)
    sandbox_page.get_by_role("combobox", name="To").select_option(label="Other (Shop, WhatsApp)")
    sandbox_page.get_by_label("Write as this person").fill("Half a sen")

    choose_from_menu(sandbox_page, f"{kind} call".capitalize())

    expect(lines_on(sandbox_page).get_by_text(f"{kind} call".capitalize(), exact=True)).to_be_visible()
    expect(lines_on(sandbox_page)).not_to_contain_text("_")
    [message] = second.data("GET", "/messages")
    assert (message["message"], first.data("GET", "/messages")) == (CALLS[kind], [])
    assert (message["destination"] == "from") == (kind != "outgoing")
    expect(sandbox_page.get_by_role("list", name="Phones")).to_contain_text(f"{kind} call".capitalize())
    expect(sandbox_page.get_by_label("Write as this person")).to_have_value("Half a sen")
    expect(sandbox_page.get_by_role("group", name="Call or voice note")).to_be_hidden()


@pytest.mark.parametrize("caption", ["", "Listen"], ids=["without words", "with a caption"])
def test_a_voice_note_is_spoken_and_played(sandbox_page: Page, channel: ChannelCaller, caption: str) -> None:
    open_phone(sandbox_page, ANNA)
    sandbox_page.get_by_label("Write as this person").fill(caption or " ")
    choose_from_menu(sandbox_page, "Voice note")

    line = lines_on(sandbox_page)
    expect(line.get_by_text("voice note", exact=True)).to_be_visible()
    expect(line.locator(".text")).to_have_text(caption)
    expect(sandbox_page.get_by_role("list", name="Phones")).to_contain_text(f"You: {caption or 'voice note'}")
    expect(sandbox_page.get_by_label("Write as this person")).to_have_value("")
    [message] = channel.data("GET", "/messages")
    assert (message["message_type"], message["message"], message["destination"]) == ("audio", caption, "from")
    expect(line.get_by_role("link", name="file")).to_be_hidden()

    player = line.get_by_label("Voice note")
    expect(player).to_be_visible()
    player.focus()
    player.press("Space")
    player.evaluate("player => player.ended || new Promise((end) => player.addEventListener('ended', end))")
    assert player.evaluate("player => player.duration") == pytest.approx(1, abs=0.1)


def test_a_voice_note_is_played_by_whatever_name_the_sandbox_is_open(
    page: Page, wahelp_sandbox: Sandbox, channel: ChannelCaller
) -> None:
    spoken = wahelp_sandbox.receive(ANNA, message_type="audio")
    page.goto(wahelp_sandbox.url.replace("127.0.0.1", "localhost"))
    page.get_by_role("button", name=f"+{ANNA}").click()

    player = page.get_by_label("Voice note", exact=True).last
    assert "127.0.0.1" in spoken["file_url"]
    page.wait_for_function("player => player.duration > 0", arg=player.element_handle())


@pytest.mark.parametrize("language", DELETED)
def test_a_message_that_was_deleted_is_shown_as_such(
    sandbox_page: Page, channel: ChannelCaller, language: Language
) -> None:
    spoken = channel.api.sandbox.receive(ANNA, "Listen", message_type="audio")
    sandbox_page.get_by_role("button", name=f"+{ANNA}").click()
    expect(lines_on(sandbox_page)).to_contain_text("Listen")

    channel.api.sandbox.delete_message(spoken["id"], language=language)

    said = DELETED[language].strip("_")
    expect(lines_on(sandbox_page).get_by_text(said, exact=True)).to_be_visible()
    expect(sandbox_page.get_by_role("list", name="Phones")).to_contain_text(f"You: {said}")
    expect(lines_on(sandbox_page)).not_to_contain_text("Listen")
    expect(lines_on(sandbox_page).get_by_label("Voice note")).to_be_hidden()
    expect(lines_on(sandbox_page).get_by_role("link", name="file")).to_be_hidden()
    expect(sandbox_page.get_by_role("button", name=f"Delete {spoken['id']}")).to_be_hidden()


def test_messages_of_both_sides_are_deleted_for_everyone(sandbox_page: Page, channel: ChannelCaller) -> None:
    sent = channel.send(channel.user(), "Your order is ready")
    received = channel.api.sandbox.receive(ANNA, "Thanks")
    sandbox_page.get_by_role("button", name="Anna").click()

    for message in (sent, received):
        sandbox_page.get_by_role("button", name=f"Delete {message['id']} for everyone").click()
        expect(sandbox_page.get_by_role("status")).to_have_text("Deleted for everyone")
        expect(sandbox_page.get_by_role("button", name=f"message {message['id']}")).to_be_focused()
        assert channel.data("GET", f"/messages/{message['id']}")["message"] == DELETED["en"]
    expect(lines_on(sandbox_page).get_by_text("Message deleted", exact=True)).to_have_count(2)
    expect(sandbox_page.get_by_text("Thanks")).to_have_count(0)


def test_the_messenger_is_taken_away_and_given_back(sandbox_page: Page, channel: ChannelCaller) -> None:
    user = channel.user()
    sandbox_page.get_by_role("button", name="Anna").click()
    messenger = sandbox_page.get_by_role("switch", name="Messenger")
    expect(messenger).to_be_checked()

    messenger.click()
    expect(sandbox_page.get_by_role("status")).to_contain_text("lacks the messenger")
    assert channel.ask("POST", f"/send_message/{user['id']}", json={"text": "Hello"})["success"] is False

    messenger.click()
    expect(sandbox_page.get_by_role("status")).to_contain_text("has the messenger")
    channel.send(user)
    expect(lines_on(sandbox_page)).to_have_count(1)


def test_a_phone_that_nobody_knows_can_lose_the_messenger(sandbox_page: Page, channel: ChannelCaller) -> None:
    open_phone(sandbox_page, BORIS)
    sandbox_page.get_by_role("switch", name="Messenger").click()

    expect(sandbox_page.get_by_role("list", name="Phones")).to_contain_text("lacks the messenger")
    channel.ask("POST", "/users", 422, json={"name": "Boris", "phone": BORIS})


def test_a_fault_is_switched_on_strikes_and_is_used_up(sandbox_page: Page, api: Api) -> None:
    sandbox_page.get_by_label("What goes wrong").select_option("rate_limit")
    sandbox_page.get_by_label("In which calls").select_option("projects")
    sandbox_page.get_by_label("How often").select_option("the next few")
    sandbox_page.get_by_label("How many").fill("2")
    sandbox_page.get_by_label("Retry-After").fill("7")
    sandbox_page.get_by_role("button", name="Switch on").click()

    expect(faults_on(sandbox_page)).to_contain_text("active, struck 0 times")
    struck = api.http.get("projects")
    assert (struck.status_code, struck.headers["retry-after"]) == (429, "7")
    expect(faults_on(sandbox_page)).to_contain_text("active, struck 1 time")
    expect(sandbox_page.get_by_role("list", name="The latest calls")).to_contain_text("rate_limit")

    api.http.get("projects")
    expect(faults_on(sandbox_page)).to_contain_text("used up, struck 2 times")
    assert api.http.get("projects").status_code == 200


def test_faults_are_switched_off_one_by_one_and_all_at_once(sandbox_page: Page, api: Api) -> None:
    for operation in ("account", "projects", "channels"):
        api.sandbox.inject("unavailable", operation=operation)
    expect(faults_on(sandbox_page)).to_have_count(3)

    faults_on(sandbox_page).filter(has_text="projects").get_by_role("button").click()
    expect(faults_on(sandbox_page)).to_have_count(2)
    assert [api.http.get(path).status_code for path in ("projects", "user")] == [200, 503]

    sandbox_page.get_by_role("button", name="Switch all off").click()
    expect(sandbox_page.get_by_text("Nothing goes wrong.")).to_be_visible()
    assert api.http.get("user").status_code == 200


def test_every_fault_can_be_switched_on_as_it_is_offered(sandbox_page: Page, api: Api) -> None:
    for number, kind in enumerate(KINDS, start=1):
        sandbox_page.get_by_label("What goes wrong").select_option(kind)
        sandbox_page.get_by_role("button", name="Switch on").click()
        expect(faults_on(sandbox_page)).to_have_count(number)

    assert [fault["fault"] for fault in api.sandbox.faults] == list(KINDS)
    assert all(fault["active"] for fault in api.sandbox.faults)


def test_all_that_can_be_said_about_a_fault_is_said(sandbox_page: Page, api: Api) -> None:
    sandbox_page.get_by_label("What goes wrong").select_option("cut_before")
    sandbox_page.get_by_label("By a TCP reset").check()
    sandbox_page.get_by_label("How often").select_option("by chance")
    sandbox_page.get_by_label("From 0 to 1").fill("0.125")
    sandbox_page.get_by_label("Seed").fill("7")
    sandbox_page.get_by_text("Only some requests").click()
    sandbox_page.get_by_label("Method").select_option("POST")
    sandbox_page.get_by_label("Path").fill("*/send_message/301")
    sandbox_page.get_by_role("button", name="Switch on").click()
    expect(faults_on(sandbox_page)).to_contain_text("12.5 % by seed 7")

    [fault] = api.sandbox.faults
    del fault["id"]
    assert fault == {
        "fault": "cut_before",
        "operation": "any",
        "method": "POST",
        "path": "*/send_message/301",
        "probability": 0.125,
        "count": None,
        "seed": 7,
        "reset": True,
        "struck": 0,
        "active": True,
    }


def test_the_clock_is_moved_and_statuses_follow(sandbox_page: Page, channel: ChannelCaller) -> None:
    message = channel.send(channel.user())
    sandbox_page.get_by_role("button", name="Anna").click()
    expect(lines_on(sandbox_page).get_by_role("img", name="sent")).to_be_visible()

    sandbox_page.get_by_role("spinbutton", name="Ahead by").fill("2")
    sandbox_page.get_by_label("Unit").select_option("minutes")
    sandbox_page.get_by_role("button", name="Move", exact=True).click()
    expect(lines_on(sandbox_page).get_by_role("img", name="delivered")).to_be_visible()
    assert channel.status_of(message) == "delivered"

    sandbox_page.get_by_role("button", name="+1 h").click()
    expect(sandbox_page.get_by_text("1 h 2 min ahead")).to_be_visible()
    expect(lines_on(sandbox_page).get_by_role("img", name="read")).to_be_visible()
    assert seconds_ahead(channel.api) == pytest.approx(3720, abs=2)
    # Its token has expired on the way.
    assert channel.api.http.get("projects").status_code == 401


def test_tokens_expire(sandbox_page: Page, api: Api) -> None:
    api.ask("GET", "projects")
    sandbox_page.get_by_role("button", name="Expire tokens").click()

    expect(sandbox_page.get_by_text("0 living tokens")).to_be_visible()
    api.ask("GET", "projects", 401)


def test_calls_are_forgotten(sandbox_page: Page, api: Api) -> None:
    expect(sandbox_page.get_by_text("1 call, 1 login")).to_be_visible()
    sandbox_page.get_by_role("button", name="Forget calls").click()

    expect(sandbox_page.get_by_text("0 calls, 1 login")).to_be_visible()
    assert api.sandbox.requests == []


def test_a_reset_asks_first(sandbox_page: Page, channel: ChannelCaller) -> None:
    channel.user()
    expect(channel_on(sandbox_page)).to_have_count(1)

    sandbox_page.get_by_role("button", name="Reset everything").click()
    sandbox_page.get_by_role("button", name="Keep it").click()
    sandbox_page.get_by_role("button", name="Reset everything").click()
    sandbox_page.keyboard.press("Escape")
    expect(sandbox_page.get_by_role("dialog")).to_be_hidden()
    assert len(channel.api.data("GET", "projects")) == 1

    sandbox_page.get_by_role("button", name="Reset everything").click()
    sandbox_page.get_by_role("dialog").get_by_role("button", name="Reset", exact=True).click()
    expect(sandbox_page.get_by_text("No projects yet")).to_be_visible()
    channel.api.log_in()
    assert channel.api.data("GET", "projects") == []


def test_ids_are_copied(sandbox_page: Page, channel: ChannelCaller) -> None:
    sandbox_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    message = channel.send(channel.user())
    sandbox_page.get_by_role("button", name="Anna").click()
    wanted = {
        "project": channel.project_id,
        "channel": channel.made["id"],
        "uuid": channel.uuid,
        "Main user": message["user_id"],
        "message": message["id"],
    }
    for label, value in wanted.items():
        sandbox_page.get_by_role("button", name=f"{label} {value}", exact=True).click()
        expect(sandbox_page.get_by_role("status")).to_have_text(f"Copied {value}")
        assert sandbox_page.evaluate("navigator.clipboard.readText()") == str(value)


def test_where_there_is_no_clipboard_ids_are_copied_too(sandbox_page: Page, channel: ChannelCaller) -> None:
    sandbox_page.context.grant_permissions(["clipboard-read"])
    button = sandbox_page.get_by_role("button", name=f"uuid {channel.uuid}")
    expect(button).to_be_visible()
    clipboard = sandbox_page.evaluate_handle("navigator.clipboard")
    sandbox_page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")

    button.click()

    expect(sandbox_page.get_by_role("status")).to_have_text(f"Copied {channel.uuid}")
    assert clipboard.evaluate("clipboard => clipboard.readText()") == channel.uuid

"""A conversation is looked up in Airflow's UI: hidden until somebody clicks, and the click is noted."""

from __future__ import annotations

import json

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, expect

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from tests.browser.pictures import picture
from tests.sandbox.support import Api, ChannelCaller
from tests.system.conftest import place_of

PHONE, TEXT = "+71234567890", "I come at six"


def write(wahelp: Sandbox, place: dict[str, object]) -> None:
    """Let somebody be asked, answer, and be answered."""
    api = Api(wahelp)
    with api.http:
        api.log_in()
        channel = ChannelCaller(api, int(str(place["project_id"])), {"uuid": place["channel_uuid"]})
        anna = channel.user(PHONE, "Anna Example")
        channel.send(anna, "Anna, your table is free today. When do you come?")
        wahelp.receive(PHONE, TEXT, channel.uuid)
        channel.send(anna, "Your table is booked for six.")


def test_a_conversation_is_hidden_until_somebody_clicks(
    page: Page, airflow: Airflow, wahelp: Sandbox
) -> None:
    place = place_of(wahelp)
    write(wahelp, place)
    login = {"login": "demo@example.com", "password": "demo", "host": wahelp.url, "conn_type": "wahelp"}
    airflow.api.add_connection({"connection_id": "talks", **login, "extra": json.dumps(place)})
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)

    page.goto(f"{airflow.url}/plugin/wahelp-conversations")
    frame = page.frame_locator("iframe")
    frame.get_by_role("combobox", name="Connection").fill("talks")
    frame.get_by_label("or phone").fill(PHONE)
    frame.get_by_role("button", name="Show", exact=True).click()
    expect(frame.get_by_role("img", name="hidden")).to_have_count(3)
    expect(frame.get_by_label("or phone")).to_have_value("")
    for private in (PHONE[1:], TEXT):
        assert private not in frame.locator("html").inner_html()
        assert not [each for each in asked if private in each]
    frame.get_by_role("button", name="Show phone and texts").click()
    expect(frame.get_by_text(TEXT)).to_be_visible()
    picture(page, "conversations", height=700)
    user_id = frame.get_by_role("heading", name=PHONE).inner_text().rpartition("user ")[2]

    page.goto(f"{airflow.url}/wahelp/conversations?conn_id=talks&user_id={user_id}")
    page.set_viewport_size({"width": 375, "height": 700})
    expect(page.get_by_role("img", name="hidden")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in {"serious", "critical"}] == []
    page.goto(f"{airflow.url}/events")
    expect(page.get_by_text("wahelp_conversation")).to_have_count(1)

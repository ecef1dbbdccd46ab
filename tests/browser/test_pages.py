"""Channels and alerts in Airflow's UI: a phone scans the code, nobody is named, and nobody shut out."""

from __future__ import annotations

import io
from typing import Any

import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import FrameLocator, Locator, Page, expect

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from tests.browser.dags.shown_pages import CONNECTION
from tests.browser.pictures import picture

SECONDS = 180
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def channel(airflow: Airflow, wahelp: Sandbox) -> dict[str, Any]:
    """Return an active channel of the account that Airflow has a connection to."""
    login = {"login": "demo@example.com", "password": "demo", "host": wahelp.url}
    airflow.api.add_connection({"connection_id": CONNECTION, "conn_type": "wahelp", **login})
    return wahelp.create_channel("Alerts")


def run(airflow: Airflow, dag_id: str, conf: dict[str, Any]) -> str:
    run_id = airflow.trigger(dag_id, conf)
    airflow.wait_for_run(dag_id, run_id, timeout=SECONDS)
    return run_id


def framed(page: Page, airflow: Airflow, name: str) -> FrameLocator:
    page.goto(f"{airflow.url}/plugin/wahelp-{name}")
    return page.frame_locator("iframe")


def scanned(page: Page, code: Locator, wanted: str) -> bool:
    """Return whether a phone reads a code off the screen, once that is drawn: its height comes with it."""
    for _ in range(50):
        code.scroll_into_view_if_needed()
        read = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
        if [each.text for each in read] == [wanted]:
            return True
        page.wait_for_timeout(200)
    return False


def insist_on_access(page: Page) -> None:
    """Let it be read by everybody, on a phone and in both themes."""
    page.set_viewport_size({"width": 375, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for scheme in THEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in {"serious", "critical"}] == []


def test_a_channel_that_waits_is_scanned_off_the_page_its_task_links_to(
    page: Page, airflow: Airflow, wahelp: Sandbox, channel: dict[str, Any]
) -> None:
    run_id = run(airflow, "shown_channel", {"project_id": str(channel["project_id"])})
    uuid = airflow.api.xcom("shown_channel", run_id, "make", "uuid")
    wahelp.log_out(uuid)
    wanted = wahelp._state.channels.code(uuid)

    frame = framed(page, airflow, "channels")
    code = frame.get_by_role("img", name="QR code of channel Client")
    for theme in THEMES:
        page.evaluate("name => { document.documentElement.className = name }", theme)
        expect(frame.locator(f"html.{theme}")).to_have_count(1)
        assert scanned(page, code, wanted), theme
        if theme == "light":
            picture(page, "channels", height=1000)

    link = airflow.api.links("shown_channel", run_id, "make")["Channel"]
    page.goto(f"{airflow.url}/{link}")
    expect(page.get_by_role("listitem")).to_have_count(1)
    insist_on_access(page)
    code = page.get_by_role("img", name="QR code of channel Client")
    assert scanned(page, code, wanted), "on a phone, in the dark"
    wahelp.scan(uuid)
    expect(page.get_by_text("active", exact=True)).to_be_visible(timeout=30_000)
    expect(page.get_by_role("img")).to_have_count(0)


def test_alerts_are_counted_and_name_nobody(page: Page, airflow: Airflow, channel: dict[str, Any]) -> None:
    place = {"project_id": str(channel["project_id"]), "channel_uuid": channel["uuid"]}
    run(airflow, "shown_alerts", place)
    frame = framed(page, airflow, "alerts")
    expect(frame.get_by_text("told: 1 person")).to_be_visible(timeout=60_000)
    expect(frame.get_by_text("held back: 1 person")).to_be_visible()
    picture(page, "alerts", height=520)
    page.goto(f"{airflow.url}/wahelp/alerts")
    expect(page.get_by_role("row", name="held back 1")).to_be_visible()
    shown = page.locator("body").inner_text()
    assert not [word for word in ("9161112233", "2233", "parcel", "Anna") if word in shown]
    insist_on_access(page)
    page.get_by_role("navigation").get_by_role("link", name="Channels").click()
    expect(page.get_by_role("heading", name="Channels", exact=True)).to_be_visible()

"""A mailing is watched to its end in Airflow's UI: what is shown is what its report says."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FrameLocator, Page, expect

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.process import wait_until
from tests.browser.pictures import picture
from tests.system.conftest import place_of

COUNT = 200
MOMENTS = (20, 80, 140)


def sent_in(report: Path) -> int:
    if not report.exists():
        return 0
    with report.open(newline="") as file:
        return sum(row["outcome"] == "sent" for row in csv.DictReader(file))


@pytest.fixture
def report(tmp_path: Path, airflow: Airflow, wahelp: Sandbox) -> Path:
    """Begin a mailing; return where its report grows, once it does: a page without mailings looks seldom."""
    place = {name: str(value) for name, value in place_of(wahelp).items()}
    login = {"login": "demo@example.com", "password": "demo", "host": wahelp.url, "conn_type": "wahelp"}
    airflow.api.add_connection({"connection_id": "shown", **login})
    report = tmp_path / "report.csv"
    airflow.trigger("shown_mailing", {"conn_id": "shown", "report": str(report), **place})
    wait_until(report.exists, timeout=120, what="a mailing")
    return report


def shown_sent(frame: FrameLocator) -> int:
    row = frame.get_by_role("row").filter(has=frame.get_by_role("rowheader", name="Sent", exact=True))
    return int(row.get_by_role("cell").first.inner_text()) if row.count() else 0


def test_a_mailing_under_way_is_watched_to_its_end(page: Page, airflow: Airflow, report: Path) -> None:
    page.goto(airflow.url)  # whom Airflow 3.1 has logged in, it leads here, whatever page was asked for
    page.get_by_role("button", name="Browse").wait_for()
    page.goto(f"{airflow.url}/plugin/wahelp-mailings")
    frame = page.frame_locator("iframe")
    seen: list[Any] = []
    for moment in MOMENTS:
        for _ in range(600):
            shown = shown_sent(frame)
            if shown >= moment:
                break
            page.wait_for_timeout(200)
        seen.append((moment, shown, sent_in(report)))
    assert all(moment <= shown <= now for moment, shown, now in seen), seen
    assert seen[0][1] < COUNT, seen
    for theme in ("light", "dark"):
        page.evaluate("name => { document.documentElement.className = name }", theme)
        expect(frame.locator(f"html.{theme}")).to_have_count(1)
        picture(page, f"mailings-{theme}")
    expect(frame.get_by_text("success", exact=True)).to_be_visible(timeout=120_000)
    assert shown_sent(frame) == sent_in(report) == COUNT
    assert "+7916100" not in frame.locator("body").inner_text()

    page.goto(f"{airflow.url}/wahelp/mailings")
    expect(page.get_by_role("listitem").first).to_be_visible()
    page.set_viewport_size({"width": 375, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in {"serious", "critical"}] == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the report").click()
    assert Path(download.value.path()).read_bytes() == report.read_bytes()

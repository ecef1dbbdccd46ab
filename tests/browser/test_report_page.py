"""The report of a mailing as a page, opened as the file that it is: on a phone, in both themes."""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.page import Page as Drawn
from airflow_provider_wahelp.delivery.mailing.report import ReportRow

TOLD = {
    "at": 1_800_003_600.0,
    "began": 1_800_000_000.0,
    "totals": {"sent": 180, "failed": 12, "skipped": 3, "suppressed": 5, "delivered": 90, "read": 60},
    "reasons": [
        ["failed", "refused (HTTP 422): not a number", 12],
        ["skipped", "row … has no phone", 3],
    ],
    "points": [[1_800_000_000, 0, 0, 0], [1_800_001_800, 100, 60, 20], [1_800_003_600, 180, 150, 60]],
}


def test_it_is_read_on_a_phone_in_both_themes(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    rows = [ReportRow(number, "", 300 + number, None, Outcome.FAILED, "x" * 90) for number in range(12)]
    with file.open("w", encoding="utf-8") as opened:
        Drawn("shop/manual__2026-11-28T12:00:00+00:00/mail/-1", "Europe/Moscow").write(opened, TOLD, rows)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto(file.as_uri())
    expect(page.get_by_role("rowheader", name="Delivered")).to_be_visible()
    expect(page.get_by_role("img", name="Sent, delivered and read over time")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="311")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        if folder := os.environ.get("WAHELP_PICTURES"):
            page.screenshot(path=f"{folder}/report-{scheme}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in {"serious", "critical"}] == []
    assert said == []

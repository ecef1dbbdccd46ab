"""The report of a mailing as a page, opened as the file that it is: on a phone, in both themes."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.page import Page as Drawn
from airflow_provider_wahelp.delivery.mailing.report import ReportRow
from tests.browser.pictures import picture

REFUSED, NOBODY = "refused (HTTP 422): not a number", "row has no phone"
TOLD = {
    "at": 1_800_003_600.0,
    "began": 1_800_000_000.0,
    "totals": {"sent": 180, "failed": 4, "skipped": 2, "suppressed": 5, "delivered": 90, "read": 60},
    "reasons": [["suppressed", "in suppress", 5], ["failed", REFUSED, 4], ["skipped", NOBODY, 2]],
    "points": [
        [1_800_000_000 + 450 * at, sent, sent * 4 // 5 + at, sent * at // 24]
        for at, sent in enumerate((0, 20, 45, 80, 100, 120, 145, 165, 180))
    ],
}
ROWS = [
    *(ReportRow(number, "", 301 + number, None, Outcome.FAILED, REFUSED) for number in (17, 88, 131)),
    *(ReportRow(number, "", None, None, Outcome.SKIPPED, NOBODY) for number in (140, 162)),
    ReportRow(163, "", 311, None, Outcome.FAILED, "x" * 90),
]


def test_it_is_read_on_a_phone_in_both_themes(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    with file.open("w", encoding="utf-8") as opened:
        Drawn("shop/manual__2026-11-28T12:00:00+00:00/mail/-1", "Europe/Moscow").write(opened, TOLD, ROWS)
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
        found = Axe().run(page).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in {"serious", "critical"}] == []
    assert said == []
    page.emulate_media(color_scheme="light")
    picture(page, "report", 760, 720)

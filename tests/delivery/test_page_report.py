"""The report of a mailing as a page: true, whole at each moment, and without people."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.overview import Overview
from airflow_provider_wahelp.delivery.mailing.page import Page
from airflow_provider_wahelp.delivery.mailing.page_report import PageReport, page_report
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.storage import files
from tests.clock import Clock
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import Rig

PHONE, TEXT = "+79161234567", "Your order is ready"
PAGE = Page("shop/run 1/mail/-1", "Europe/Moscow")


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "page.html"


@pytest.fixture
def worklist() -> Iterator[Worklist]:
    with Worklist() as people:
        with people.filling():
            people.add([QueuedMessage(n, f"key {n}", TEXT, 300 + n, phone=PHONE) for n in range(1, 7)])
        yield people


def report_at(path: Path, worklist: Worklist, clock: Clock, *, resumed: bool = False) -> PageReport:
    def totals(worklists: Any) -> dict[str, int]:
        return worklist.results.outcomes()

    rows = worklist.results.report
    return page_report(f"file://{path}", PAGE, rows, {"3f2a": worklist}, totals, resumed=resumed, clock=clock)


def steps(page: str) -> dict[str, str]:
    return dict(re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td>', page))


def moments(page: str) -> int:
    found = re.search(r'class="sent" points="([^"]*)"', page)
    return len(found[1].split()) if found else 0


def test_it_tells_how_many_and_why_and_names_nobody(path: Path, worklist: Worklist, clock: Clock) -> None:
    worklist.settle(1, Outcome.SENT, message_id=501)
    worklist.settle(2, Outcome.FAILED, f"<b>{PHONE}</b> is unknown")
    worklist.settle(3, Outcome.SKIPPED, "the column name is empty")
    report_at(path, worklist, clock).finish()
    page = path.read_text()
    assert steps(page) == {"Rows": "6", "Bad rows": "1", "Not sent yet": "3", "Failed": "1", "Sent": "1"}
    assert "shop/run 1/mail</h2>" in page
    assert "1970-01-12 16:46 MSK" in page
    assert "<td>2</td><td>302</td><td>&lt;b&gt;+7*****4567&lt;/b&gt; is unknown (failed)</td>" in page
    assert "<td>3</td><td>303</td><td>the column name is empty (skipped)</td>" in page
    for private in (PHONE[1:], TEXT, "key 2"):
        assert private not in page
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_asks_nobody_for_anything_and_runs_nothing(path: Path, worklist: Worklist, clock: Clock) -> None:
    report_at(path, worklist, clock).finish()
    page = path.read_text()
    assert "default-src 'none'" in page
    assert not re.findall(r"<script|\bsrc=|href=|https?:|url\(|@import| on\w+=", page)


def test_it_is_drawn_anew_while_the_mailing_is_sent(path: Path, worklist: Worklist, clock: Clock) -> None:
    report = report_at(path, worklist, clock)
    overview = Overview(  # as in Airflow's UI
        report, lambda told: None, known={}, counts=dict, reasons=tuple, clock=clock
    )
    overview.renew()
    assert steps(path.read_text())["Sent"] == "0"
    overview.outlook = lambda: {"speed": "at 20 a minute", "ends": clock.now + 3600}
    worklist.settle(1, Outcome.SENT, message_id=501)
    overview.tick()
    assert steps(path.read_text())["Sent"] == "0"  # not for each message
    clock.now += 600
    overview.tick()
    page = path.read_text()
    assert steps(page)["Sent"] == "1"
    assert "At 20 a minute; ends about 1970-01-12 17:56 MSK; as of 1970-01-12 16:56 MSK." in page
    assert moments(page) == 2


def test_what_cannot_be_written_meanwhile_is_a_warning_and_the_old_page_stays(
    path: Path, worklist: Worklist, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    report_at(path, worklist, clock).finish()
    before = path.read_text()
    report = report_at(path, worklist, clock)
    with monkeypatch.context() as broken:

        def fail(self: Page, file: Any, *_: Any) -> None:
            file.write("half a page")
            raise OSError(PHONE)

        broken.setattr(Page, "write", fail)
        report.renew()
        assert path.read_text() == before
        assert "The report cannot be written so far (OSError)" in caplog.text
        assert PHONE not in caplog.text
        with pytest.raises(OSError, match="7916"):
            report.finish()
        assert path.read_text() == before
    report.finish()
    assert moments(path.read_text()) == 3


def test_a_curve_goes_on_after_a_deferral_and_begins_anew_with_a_retry(
    path: Path, worklist: Worklist, clock: Clock
) -> None:
    report = report_at(path, worklist, clock)
    report.renew()
    clock.now += 100
    report.finish()
    clock.now += 100_000
    report_at(path, worklist, clock, resumed=True).finish()
    page = path.read_text()
    assert moments(page) == 3
    assert "Began 1970-01-12 16:46 MSK" in page
    report_at(path, worklist, clock).finish()
    assert moments(path.read_text()) == 0


@pytest.mark.parametrize("content", ["", "no \xff page", '<meta name="wahelp-points" content="[[1]]">'])
def test_what_lies_there_and_is_no_page_does_no_harm(
    path: Path, worklist: Worklist, clock: Clock, content: str
) -> None:
    path.parent.mkdir()
    path.write_text(content, "latin-1")
    report_at(path, worklist, clock, resumed=True).finish()
    assert steps(path.read_text())["Rows"] == "6"


def test_elsewhere_it_is_uploaded_whole(
    path: Path, worklist: Worklist, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LOCAL", set())
    report = report_at(path, worklist, clock)
    report.renew()
    worklist.settle(1, Outcome.SENT, message_id=501)
    report.finish()
    page = path.read_text()
    assert steps(page)["Sent"] == "1"
    assert page.endswith("</html>")


@pytest.mark.parametrize("given", [{}, {"wait_for": "delivered"}, {"channels": True, "channel_uuid": None}])
def test_each_kind_of_mailing_may_have_one(rig: Rig, path: Path, given: dict[str, Any]) -> None:
    rows = [{"phone": f"+7916100000{n}", "name": "Anna", "text": TEXT} for n in range(3)]
    if given.get("channels"):
        second = str(rig.hook().create_channel("Second", project_id=rig.project_id).uuid)
        rig.sandbox.scan(second)
        rig.give_a_past(second)
        given = {**given, "channels": [rig.channel["channel_uuid"], second]}
    task = MailingTask(rig, [*rows, {"phone": "1", "text": TEXT}], given={"report_path": str(path), **given})
    task.attempt()
    page = unescape(path.read_text())
    assert {**steps(page), "Rows": "4", "Bad rows": "1", "Sent": "3"} == steps(page)
    assert ("Delivered" in steps(page)) == ("wait_for" in given)
    assert "7916100" not in page

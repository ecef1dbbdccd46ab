"""What is published of a mailing while it runs: true, rarely, and without a phone."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from airflow_provider_wahelp.delivery.mailing.growing_report import Report
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.overview import Overview
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

PHONE = "+79261234567"


class Desk:
    """A mailing of some people by a clock that the test moves."""

    def __init__(self, worklist: Worklist, earlier: Mapping[str, Any] | None = None) -> None:
        self.now = 1000.0
        self.told: list[dict[str, Any]] = []
        self.overview = Overview(
            Report(),
            lambda told: self.told.append(dict(told)),
            known={"channel": "3f2a"},
            counts=worklist.results.outcomes,
            reasons=worklist.results.reasons,
            earlier=earlier,
            clock=lambda: self.now,
        )


@pytest.fixture
def worklist() -> Any:
    with Worklist() as people:
        with people.filling():
            people.add([QueuedMessage(n, f"key {n}", "the text", phone=PHONE) for n in range(1, 7)])
        yield people


@pytest.fixture
def desk(worklist: Worklist) -> Desk:
    return Desk(worklist)


def test_it_says_how_many_and_why_without_a_phone_or_a_text(worklist: Worklist, desk: Desk) -> None:
    worklist.settle(1, Outcome.SENT, message_id=501)
    worklist.settle(2, Outcome.FAILED, f"{PHONE} is unknown")
    worklist.settle(3, Outcome.SKIPPED, "the same person and text as row 1")
    worklist.settle(4, Outcome.SKIPPED, "the same person and text as row 2")
    desk.overview.renew()
    [told] = desk.told
    assert {name: count for name, count in told["totals"].items() if count} == {
        "sent": 1,
        "failed": 1,
        "skipped": 2,
        "deferred": 2,
    }
    assert told["reasons"] == [
        ["skipped", "the same person and text as row …", 2],
        ["failed", "+7*****4567 is unknown", 1],
    ]
    assert PHONE[1:] not in json.dumps(told)
    assert "the text" not in json.dumps(told)


def test_it_is_published_every_five_seconds_at_first_and_every_thirty_in_the_end(desk: Desk) -> None:
    moments: list[float] = []
    for second in range(8 * 3600):
        desk.now = 1000.0 + second
        before = len(desk.told)
        desk.overview.tick()
        if len(desk.told) > before:
            moments.append(desk.now)
    pauses = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert pauses[0] == 5
    assert set(pauses[-100:]) == {30}
    assert len(moments) < 8 * 3600 / 30 + 120
    assert max(len(json.dumps(told)) for told in desk.told) < 3000


def test_a_curve_goes_on_after_a_deferral(worklist: Worklist, desk: Desk) -> None:
    desk.overview.renew()
    later = Desk(worklist, desk.told[-1])
    later.now = 5000.0
    worklist.settle(1, Outcome.SENT, message_id=501)
    later.overview.finish()
    assert later.told[-1]["points"] == [[1000, 0, 0, 0], [5000, 1, 0, 0]]
    assert later.told[-1]["began"] == 1000.0


def test_where_airflow_takes_nothing_the_mailing_goes_on(
    worklist: Worklist, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_told: Mapping[str, Any]) -> None:
        raise RuntimeError(PHONE)

    overview = Overview(
        Report(), refuse, known={}, counts=worklist.results.outcomes, reasons=worklist.results.reasons
    )
    with caplog.at_level(logging.WARNING):
        overview.renew()
        overview.finish()
    assert caplog.text.count("cannot be shown") == 1
    assert PHONE not in caplog.text

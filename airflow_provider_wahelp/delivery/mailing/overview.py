"""What a mailing leaves for people to look at while it runs: numbers and reasons, no phone and no text."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from airflow_provider_wahelp.client.masking import scrub
from airflow_provider_wahelp.delivery.mailing.growing_report import Report
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

log = logging.getLogger(__name__)

OVERVIEW = "wahelp_mailing"
"""The key of the XCom."""

Publish = Callable[[Mapping[str, Any]], None]
Counts = Callable[[], Mapping[str, int]]
Reasons = Callable[[], Iterable[tuple[str, str, int]]]
Totals = Callable[[Mapping[str, Worklist]], Mapping[str, int]]
Shown = Callable[[Report, Mapping[str, Worklist], Totals], Report]
"""Returns what shows a mailing besides its report, which it is given with what is known of people."""

_SOONEST, _LATEST = 5.0, 30.0  # seconds between two: as often as a mailing at a safe pace writes its ledger
_THINNING = 60  # a sixtieth of the time so far, between the two
_SHARE = 100  # and no sooner than so many times what it took
_MOST_POINTS = 60
_MOST_REASONS = 10
_LONGEST_REASON = 200
_OTHER_THINGS = re.compile(r"\b(row|user|message) \d+")  # else each of the reasons would be one of its own


class Overview(Report):
    """Publishes at a bounded rate how far a mailing is. For the thread that runs it.

    What goes wrong with that is a warning: it must not stop the messages.

    :param report: is told everything first, so what is published is in it already.
    :param known: what does not change, e.g. the channel.
    :param counts: returns how many there are of each outcome.
    :param reasons: returns outcomes and reasons, and how many people there are of each.
    :param earlier: what was published before a deferral, of which the curve goes on.
    """

    trouble = "How far the mailing is cannot be shown in Airflow (%s)"
    """What is warned of, once."""

    def __init__(
        self,
        report: Report,
        publish: Publish,
        *,
        known: Mapping[str, Any],
        counts: Counts,
        reasons: Reasons,
        earlier: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._report = report
        self._publish = publish
        self._known = known
        self._counts = counts
        self._reasons = reasons
        self._clock = clock
        earlier = earlier or {}
        self._began = earlier.get("began", clock())
        self._started = self._due = clock()
        self._points: list[list[float]] = list(earlier.get("points", ()))
        self._warned = False

    def add(self, number: int) -> None:
        """Note that more is known of a recipient."""
        self._report.add(number)

    def change(self) -> None:
        """Note that a row has changed."""
        self._report.change()

    def tick(self) -> None:
        """Publish, if it is time for that."""
        self._informed().tick()
        if self._clock() >= self._due:
            self._say(self.outlook())

    def renew(self) -> None:
        """Publish what is known before the first message goes."""
        self._informed().renew()
        self._say(self.outlook())

    def finish(self) -> None:
        """Publish what it came to."""
        self._informed().finish()
        self._say(self._goes_on())

    def _informed(self) -> Report:
        """Return the report, once it knows what is to be expected: it may be an overview, too."""
        self._report.outlook, self._report.until = self.outlook, self.until
        return self._report

    def _goes_on(self) -> dict[str, Any]:
        return {"until": self.until.timestamp() if self.until else None}

    def _say(self, more: Mapping[str, Any]) -> None:
        began = time.perf_counter()
        try:
            self._publish({**self._known, **self._now(), **more})
        except Exception as error:  # noqa: BLE001 - whatever Airflow can say must not stop the messages
            if not self._warned:
                self._warned = True
                log.warning(self.trouble, type(error).__name__)
        took, now = time.perf_counter() - began, self._clock()
        pause = min(max(_SOONEST, (now - self._started) / _THINNING), _LATEST)
        self._due = now + max(pause, took * _SHARE)

    def _now(self) -> dict[str, Any]:
        totals, now = dict(self._counts()), self._clock()
        self._points = _thinned([*self._points, [round(now), *_reached(totals)]])
        return {
            "at": now,
            "began": self._began,
            "totals": totals,
            "reasons": _in_words(self._reasons()),
            "points": self._points,
        }


@dataclass(frozen=True)
class ShownIn:
    """Lets people see mailings where something is published.

    :param known: what does not change.
    :param earlier: what was published before the task was deferred.
    """

    publish: Publish
    known: Mapping[str, Any]
    earlier: Mapping[str, Any] | None = None

    def __call__(self, report: Report, worklists: Mapping[str, Worklist], totals: Totals) -> Report:
        """Return what is told, and publishes."""
        return Overview(
            report,
            self.publish,
            known=self.known,
            counts=partial(totals, worklists),
            reasons=partial(reasons_in, worklists),
            earlier=self.earlier,
        )


def reasons_in(worklists: Mapping[str, Worklist]) -> Iterable[tuple[str, str, int]]:
    """Return why people were not written to, or without success, over all channels."""
    return chain.from_iterable(each.results.reasons() for each in worklists.values())


def unseen(report: Report, worklists: Mapping[str, Worklist], totals: Totals) -> Report:
    """Return the report alone: nobody sees the mailing."""
    return report


def _reached(totals: Mapping[str, int]) -> list[int]:
    """Return how many messages were sent, have arrived, and were read."""
    read, delivered = totals.get("read", 0), totals.get("delivered", 0) + totals.get("fell_back", 0)
    return [totals.get("sent", 0), delivered + read, read]


def _thinned(points: list[list[float]]) -> list[list[float]]:
    """Leave out every second point where they are too many; the first and the last stay."""
    return points if len(points) <= _MOST_POINTS else [*points[:-1:2], points[-1]]


def _in_words(found: Iterable[tuple[str, str, int]]) -> list[list[Any]]:
    """Return the commonest reasons of each outcome: one that names a row or a user counts as its like."""
    counted: dict[tuple[str, str], int] = {}
    for outcome, reason, count in found:
        words = scrub(_OTHER_THINGS.sub(r"\1 …", reason))[:_LONGEST_REASON]
        counted[outcome, words] = counted.get((outcome, words), 0) + count
    ordered = sorted(counted.items(), key=lambda item: -item[1])
    kept = [[outcome, words, count] for (outcome, words), count in ordered[:_MOST_REASONS]]
    rest = sum(count for _, count in ordered[_MOST_REASONS:])
    return [*kept, ["", "other reasons", rest]] if rest else kept

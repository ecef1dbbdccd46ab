"""What the numbers of a mailing come to together: its report, its totals, and what it has before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import merge
from typing import Any

from airflow_provider_wahelp.delivery.mailing.delivery_report import DeliveryReport
from airflow_provider_wahelp.delivery.mailing.outlook import together
from airflow_provider_wahelp.delivery.mailing.progress import Progress
from airflow_provider_wahelp.delivery.mailing.report import DeliveryReportRow, NumberReportRow
from airflow_provider_wahelp.delivery.mailing.results import EVERYBODY
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist

Numbers = Mapping[str, Mapping[str, Worklist]]
"""Of each number the worklists of the channels that a person is tried through, the number's own first."""


def report_of(numbers: Numbers, where: str = EVERYBODY) -> Iterator[NumberReportRow]:
    """Yield what became of people, in the order of the source, with the number of each."""
    return _merged(map(_sent, numbers, numbers.values(), [where] * len(numbers)))


def delivery_report_of(numbers: Numbers, where: str = EVERYBODY) -> Iterator[DeliveryReportRow]:
    """Yield the same of a mailing that waits for deliveries, with the channel that has worked."""
    return _merged(map(_tracked, numbers, numbers.values(), [where] * len(numbers)))


def totals_of(numbers: Numbers, *, tracked: bool) -> dict[str, int]:
    """Return how many people there are of each outcome."""
    each = [
        DeliveryReport(worklists).totals() if tracked else worklists[number].results.outcomes()
        for number, worklists in numbers.items()
    ]
    return {outcome: sum(totals[outcome] for totals in each) for outcome in each[0]}


def outlook_of(works: Sequence[Progress]) -> dict[str, Any]:
    """Return how fast all go together, when the last of them ends, and what holds any."""
    each = [work.outlook() for work in works]
    ends = [told["ends"] for work, told in zip(works, each, strict=True) if work.left]
    return {
        "speed": together([work.speed for work in works if work.left]),
        "ends": None if None in ends else max(ends, default=None),
        "holds": "; ".join(dict.fromkeys(str(told["holds"]) for told in each if told["holds"])),
    }


def _merged(rows: Iterable[Iterator[Any]]) -> Iterator[Any]:
    yield from merge(*rows, key=lambda row: (not row.number, row.number))


def _sent(number: str, worklists: Mapping[str, Worklist], where: str) -> Iterator[NumberReportRow]:
    for row in worklists[number].results.report(where):
        yield NumberReportRow(**vars(row), channel_uuid=number)


def _tracked(number: str, worklists: Mapping[str, Worklist], where: str) -> Iterator[DeliveryReportRow]:
    for row in DeliveryReport(worklists).report(where):
        yield row if row.channel_uuid else replace(row, channel_uuid=number)

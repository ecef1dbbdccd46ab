"""The report of a mailing as a page: whole in one file, which asks nobody for anything and runs nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import unescape
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.client.masking import scrub
from airflow_provider_wahelp.delivery.mailing.figures import counts, curve, funnel, lines, reasons
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.report import PAGE_MARK, ReportRow

if TYPE_CHECKING:
    from jinja2 import Template

_HERE = Path(__file__).parent
_STYLE = _HERE.parents[1] / "pages" / "web" / "pages.css"  # it looks as the page in Airflow's UI does
_POINTS = re.compile(r'<meta name="wahelp-points" content="([^"]*)">')
_UNREACHED = frozenset({Outcome.FAILED, Outcome.UNDELIVERED, Outcome.NO_MESSENGER, Outcome.SKIPPED})
_MOST_ROWS = 200


@dataclass(frozen=True)
class Page:
    """How a mailing is drawn.

    :param task: the key of its task instance.
    :param timezone: the zone of the times that it tells.
    """

    task: str
    timezone: str

    def write(self, file: IO[str], told: Mapping[str, Any], rows: Iterable[ReportRow] = ()) -> None:
        """Draw a mailing into a file.

        :param told: what an overview holds.
        :param rows: of which those that were not reached are named: by row and user, without a phone.
        """
        steps, points = funnel(counts(told.get("totals"))), lines(told.get("points"), 4)
        unreached, others = _unreached(rows)
        drawn = _template().render(
            mark=PAGE_MARK,
            style=_style(),
            title=self.task.removesuffix("/-1"),
            began=self._moment(told.get("began")),
            outlook=self._outlook(told),
            funnel=steps,
            most=max(1, *(count for _, count in steps)),
            reasons=reasons(told.get("reasons")),
            curve=curve(points),
            points=json.dumps(points),
            unreached=unreached,
            others=others,
        )
        file.write(drawn)

    def _outlook(self, told: Mapping[str, Any]) -> str:
        """Return in words how fast it goes and when it ends, as far as that is known, and as of when."""
        words = [str(told.get(name) or "") for name in ("speed", "holds")]
        words += [
            f"{what} {self._moment(told[name])}"
            for name, what in (("ends", "ends about"), ("until", "goes on"), ("at", "as of"))
            if told.get(name)
        ]
        said = "; ".join(filter(None, words))
        return f"{said[:1].upper()}{said[1:]}."

    def _moment(self, seconds: Any) -> str:
        return f"{datetime.fromtimestamp(seconds, ZoneInfo(self.timezone)):%Y-%m-%d %H:%M %Z}"


def earlier_points(page: str) -> Mapping[str, Any] | None:
    """Return the moments of a page that was written before, as an overview goes on with them.

    :param page: its text, or the begin of it.
    """
    found = _POINTS.search(page)
    try:
        points = lines(json.loads(unescape(found[1])) if found else None, 4)
    except ValueError:
        return None
    points = [point for point in points if all(isinstance(each, int | float) for each in point)]
    return {"points": points, "began": points[0][0]} if points else None


def _unreached(rows: Iterable[ReportRow]) -> tuple[Sequence[tuple[Any, ...]], int]:
    """Return who was not reached and why, and how many more there are than have room."""
    named: list[tuple[Any, ...]] = []
    others = 0
    for row in rows:
        if row.outcome in _UNREACHED:
            if len(named) < _MOST_ROWS:
                named.append((row.number, row.user_id, row.outcome.value, scrub(row.reason)))
            else:
                others += 1
    return named, others


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(_HERE), autoescape=True).get_template("page.html")


@cache
def _style() -> str:
    return _STYLE.read_text("utf-8")

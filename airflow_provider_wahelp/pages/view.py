"""A mailing in words and numbers, for its page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow_provider_wahelp.pages.mailings import Mailing, counts, lines

_EXCLUDED = {
    "skipped": "Bad rows",
    "suppressed": "Must not be written to",
    "no_messenger": "Without the messenger",
}
_WIDTH, _HEIGHT = 600.0, 120.0


def view(mailing: Mailing) -> dict[str, Any]:
    """Return what the page shows of a mailing: plain JSON values."""
    told = mailing.told
    return {
        **{name: getattr(mailing, name) for name in ("dag_id", "run_id", "task_id", "map_index", "state")},
        "under_way": mailing.under_way,
        "funnel": funnel(mailing),
        "reasons": [[str(words), str(why), count] for words, why, count in lines(told.get("reasons"), 3)],
        "speed": str(told.get("speed") or ""),
        "holds": str(told.get("holds") or ""),
        "ends": _moment(told.get("ends")),
        "until": _moment(told.get("until")) if mailing.state == "deferred" else "",
        "began": _moment(told.get("began")),
        "at": _moment(told.get("at")),
        "report": str(told.get("report") or ""),
        "curve": curve(lines(told.get("points"), 4)),
    }


def funnel(mailing: Mailing) -> list[list[Any]]:
    """Return the steps from rows to answers: a word and a number each."""
    totals = counts(mailing.told.get("totals"))
    sent = totals.get("sent", 0)
    rows = sum(totals.get(name, 0) for name in (*_EXCLUDED, "sent", "failed", "deferred"))
    steps: list[list[Any]] = [["Rows", rows]]
    steps += [[words, totals[name]] for name, words in _EXCLUDED.items() if totals.get(name)]
    steps += [["Not sent yet", totals.get("deferred", 0)]] if totals.get("deferred") else []
    steps += [["Failed", totals.get("failed", 0)], ["Sent", sent]]
    if "delivered" in totals:
        read, another = totals.get("read", 0), totals.get("fell_back", 0)
        steps += [["Delivered", totals["delivered"] + read + another], ["Read", read]]
    if mailing.replies:
        steps += [
            ["Answered", mailing.replies.get("answered", 0)],
            ["Asked to stop", mailing.replies.get("stopped", 0)],
        ]
    return steps


def curve(points: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Return the lines of a plot over time, as SVG names points: sent, delivered, read."""
    numbers = [point for point in points if all(isinstance(each, int | float) for each in point)]
    if len(numbers) < 2:  # noqa: PLR2004 - a line has two ends
        return {}
    first, last = numbers[0][0], numbers[-1][0]
    most = max(max(point[1:]) for point in numbers) or 1
    across, up = _WIDTH / ((last - first) or 1), _HEIGHT / most

    def line(place: int) -> str:
        return " ".join(
            f"{(point[0] - first) * across:.1f},{_HEIGHT - point[place] * up:.1f}" for point in numbers
        )

    return {name: line(place) for place, name in enumerate(("sent", "delivered", "read"), 1)}


def _moment(value: Any) -> str:
    """Return a moment as ISO 8601; the browser says it in the reader's form."""
    try:
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""

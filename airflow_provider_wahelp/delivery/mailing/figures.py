"""A mailing in words and numbers, from what an overview holds: for its page, wherever that is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOST_TOLD = 40
"""Entries of one list of a mailing: whoever may write XComs could write more."""

_EXCLUDED = {
    "skipped": "Bad rows",
    "suppressed": "Must not be written to",
    "no_messenger": "Without the messenger",
}
_WIDTH, _HEIGHT = 600.0, 120.0


def funnel(totals: Mapping[str, int], replies: Mapping[str, int] | None = None) -> list[list[Any]]:
    """Return the steps from rows to answers: a word and a number each."""
    sent = totals.get("sent", 0)
    rows = sum(totals.get(name, 0) for name in (*_EXCLUDED, "sent", "failed", "deferred"))
    steps: list[list[Any]] = [["Rows", rows]]
    steps += [[words, totals[name]] for name, words in _EXCLUDED.items() if totals.get(name)]
    steps += [["Not sent yet", totals.get("deferred", 0)]] if totals.get("deferred") else []
    steps += [["Failed", totals.get("failed", 0)], ["Sent", sent]]
    if "delivered" in totals:
        read, another = totals.get("read", 0), totals.get("fell_back", 0)
        steps += [["Delivered", totals["delivered"] + read + another], ["Read", read]]
    if replies:
        steps += [["Answered", replies.get("answered", 0)], ["Asked to stop", replies.get("stopped", 0)]]
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


def reasons(value: Any) -> list[list[Any]]:
    """Return why people were not written to: an outcome, the words and a number each."""
    return [[str(outcome), str(why), count] for outcome, why, count in lines(value, 3)]


def counts(value: Any) -> dict[str, int]:
    """Return the numbers of a mapping: an XCom may hold anything."""
    return {str(name): number for name, number in mapping(value).items() if isinstance(number, int)}


def lines(value: Any, length: int) -> Sequence[Sequence[Any]]:
    """Return the lists of a list that have a length."""
    found = value if isinstance(value, list) else []
    return [each for each in found if isinstance(each, list) and len(each) == length][-MOST_TOLD * 2 :]


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping, or an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}

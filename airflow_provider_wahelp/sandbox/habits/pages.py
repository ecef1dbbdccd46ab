"""How a service may cut its lists into pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from airflow_provider_wahelp.sandbox.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_wahelp.sandbox.habits.habits import Habits

_Row = TypeVar("_Row")


class Asked(NamedTuple):
    """Which page was asked for; the first is 1."""

    limit: int
    page: int


class Listed(NamedTuple, Generic[_Row]):
    """A page, and what stands beside it in the answer."""

    rows: list[_Row]
    beside: dict[str, bool]


def history(habits: Habits, messages: Sequence[_Row], asked: Asked) -> Listed[_Row]:
    """Return a page of a channel's history.

    :param habits: how it is listed.
    :param messages: all of it, the oldest first.
    :param asked: the page.
    """
    size = min(asked.limit, habits.page_cap or asked.limit)
    number = 1 if habits.page_ignored else asked.page
    first = max(len(messages) - (habits.history_keeps or len(messages)), 0)
    start, stop = _span(habits, len(messages) - first, Asked(size, number))
    # Slices from the end keep a page as cheap as it is, however long the history.
    if habits.oldest_first:
        rows = list(messages[first + start : first + stop])
    else:
        rows = list(reversed(messages[len(messages) - stop : len(messages) - start]))
    return Listed(rows, _beside(habits, more=first + stop < len(messages), known=False))


def users(habits: Habits, everybody: Sequence[_Row], asked: Asked) -> Listed[_Row]:
    """Return a page of a channel's users. Production has shown that this list takes pages.

    :param habits: what a page past the end is, and what stands beside a page.
    :param everybody: all users.
    :param asked: the page.
    """
    start, stop = _span(habits, len(everybody), asked)
    return Listed(list(everybody[start:stop]), _beside(habits, more=stop < len(everybody), known=True))


def _span(habits: Habits, count: int, asked: Asked) -> tuple[int, int]:
    start = (asked.page - 1) * asked.limit
    if asked.page > 1 and start >= count and habits.past_end in {404, 422}:
        raise not_found("Страница", habits.past_end)
    return min(start, count), min(start + asked.limit, count)


def _beside(habits: Habits, *, more: bool, known: bool) -> dict[str, bool]:
    says = {"users": known, "absent": False, "right": True, "always": True}[habits.has_more]
    return {"has_more": more or habits.has_more == "always"} if says else {}

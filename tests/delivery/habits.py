"""Habits of services, drawn by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from airflow_provider_wahelp.sandbox import Habits
from airflow_provider_wahelp.sandbox.habits.texts import ALTERATIONS

HISTORY: tuple[dict[str, Any], ...] = (
    {},
    {"page_ignored": True},
    {"page_cap": 20},
    {"page_cap": 1},
    {"oldest_first": True},
    {"oldest_first": True, "page_ignored": True},
    {"history_keeps": 3},
    {"history_keeps": 30},
)
ENDS: tuple[dict[str, Any], ...] = tuple(
    {"past_end": status, "has_more": says}
    for status in (200, 404, 422)
    for says in ("users", "absent", "right", "always")
)
CLOCKS: tuple[dict[str, Any], ...] = tuple(
    {"times_offset": seconds} for seconds in (0, -0.5, -1, -1.5, -2, 0.5, 1, 2, -3600, 3600)
)
TIMES: tuple[dict[str, Any], ...] = (
    {},
    {"times_format": "%Y-%m-%d %H:%M"},
    {"times_utc": True},
    {"times_format": "%d.%m.%Y %H:%M"},
    {"times_format": None},
)
TEXTS: tuple[dict[str, Any], ...] = (
    {},
    *({"texts": (name,)} for name in ALTERATIONS),
    {"text_limit": 4096},
    {"texts": ("html", "nbsp", "one-space", "nfc", "no-fe0f", "no-blank-lines"), "text_limit": 4096},
)
ANSWERED: tuple[dict[str, Any], ...] = ({}, {"texts_in_answer": True})
LATE: tuple[dict[str, Any], ...] = ({}, {"late_outgoing": 5}, {"late_incoming": 1800})
REFUSED: tuple[dict[str, Any], ...] = ({}, {"retry_after_dates": True}, {"logged_out_status": 404})

AXES = (HISTORY, ENDS, CLOCKS, TIMES, TEXTS, ANSWERED, LATE, REFUSED)
"""What a service may do, axis by axis; the first of each is what production has shown."""


def habits() -> st.SearchStrategy[Habits]:
    """Draw one setting per axis, shrinking towards production's."""
    return st.tuples(*map(st.sampled_from, AXES)).map(_together)


def one_habit() -> st.SearchStrategy[Habits]:
    """Draw a setting of one axis, with all else as in production."""
    return st.sampled_from([Habits(**setting) for axis in AXES for setting in axis[1:]])


def production_habits() -> st.SearchStrategy[Habits]:
    """Draw what production has shown: docs/api.md, 4.3 and 4.4, and pages as in its lists of users."""
    return st.just(Habits())


def _together(settings: tuple[dict[str, Any], ...]) -> Habits:
    return Habits(**{name: value for setting in settings for name, value in setting.items()})

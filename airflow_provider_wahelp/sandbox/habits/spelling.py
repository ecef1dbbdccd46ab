"""Habits on the command line: ``--history page-ignored cap=20 --texts html``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_wahelp.sandbox.habits.texts import ALTERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from airflow_provider_wahelp.sandbox.habits.habits import Habits


class _Word(NamedTuple):
    """What a word says: the field, and its value or what reads it from ``word=value``."""

    field: str
    value: Any


def _one(written: str) -> tuple[str, ...]:
    return (written,)


WORDS: dict[str, dict[str, _Word]] = {
    "history": {
        "page-ignored": _Word("page_ignored", True),
        "cap": _Word("page_cap", int),
        "oldest-first": _Word("oldest_first", True),
        "keep": _Word("history_keeps", int),
        "past-end": _Word("past_end", int),
        "has-more": _Word("has_more", str),
    },
    "times": {
        "offset": _Word("times_offset", float),
        "utc": _Word("times_utc", True),
        "no-seconds": _Word("times_format", "%Y-%m-%d %H:%M"),
        "none": _Word("times_format", None),
        "format": _Word("times_format", str),
    },
    "texts": {
        **{name: _Word("texts", (name,)) for name in ALTERATIONS},
        "cut": _Word("text_limit", int),
        "in-answer": _Word("texts_in_answer", True),
        "renamed-files": _Word("names_files", False),
    },
    "late": {
        "outgoing": _Word("late_outgoing", float),
        "incoming": _Word("late_incoming", float),
    },
    "answers": {
        "blocked": _Word("blocked", _one),
        "quota": _Word("quota", int),
        "quota-status": _Word("quota_status", int),
        "log-out": _Word("logs_out_after", int),
        "logged-out": _Word("logged_out_status", int),
        "retry-after-date": _Word("retry_after_dates", True),
    },
}
"""The words of each option of the command line."""


def parse(base: Habits, options: Mapping[str, Sequence[str]]) -> Habits:
    """Read habits.

    :param base: what holds where nothing else is said.
    :param options: the words of each option in :data:`WORDS`.
    :raises ValueError: if a word is unknown or has a wrong value.
    """
    changes: dict[str, Any] = {}
    for option, written in options.items():
        for name, value in _read_all(option, written):
            known = changes.get(name)
            changes[name] = (*known, *value) if isinstance(known, tuple) else value
    return base.change(**changes)


def _read_all(option: str, written: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for one in written:
        name, is_valued, value = one.partition("=")
        word = WORDS[option].get(name)
        if word is None or callable(word.value) != bool(is_valued):
            raise ValueError(f"--{option} {one}: must be one of {', '.join(spellings(option))}")
        yield word.field, _value(f"--{option} {one}", word.value, value) if is_valued else word.value


def spellings(option: str) -> list[str]:
    """Return the words of an option as they are written.

    :param option: one of :data:`WORDS`.
    """
    return [f"{name}=..." if callable(word.value) else name for name, word in WORDS[option].items()]


def _value(where: str, reader: Callable[[str], Any], written: str) -> Any:
    try:
        return reader(written)
    except ValueError:
        raise ValueError(f"{where}: {written} is no number") from None

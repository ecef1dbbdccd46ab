"""What each habit may be set to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.habits.texts import ALTERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_YEAR = 366 * 86_400


def check(settings: Mapping[str, Any]) -> None:
    """Refuse wrong settings.

    :param settings: all of them, by name.
    :raises ValueError: if one has a wrong value.
    """
    for name, value in settings.items():
        allowed, must = _ALLOWED[name]
        if not allowed(value):
            raise ValueError(f"{name} must be {must}")


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not _is_truth(value) and value > 0)


def _is_seconds(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not _is_truth(value)
    return is_number and isfinite(value) and abs(value) <= _YEAR


def _is_delay(value: Any) -> bool:
    return _is_seconds(value) and value >= 0


def _is_format(value: Any) -> bool:
    if value is None:
        return True
    try:
        return isinstance(value, str) and datetime.now(UTC).strftime(value) not in {"", value}
    except ValueError:
        return False


def _are_alterations(value: Any) -> bool:
    return _are_texts(value) and set(value) <= ALTERATIONS.keys()


def _are_texts(value: Any) -> bool:
    return (
        isinstance(value, Collection)
        and not isinstance(value, str)
        and all(isinstance(one, str) for one in value)
    )


def _one_of(*values: object) -> tuple[Callable[[Any], bool], str]:
    return lambda value: value in values and not _is_truth(value), f"one of {', '.join(map(str, values))}"


_TRUTH = (_is_truth, "true or false")
_COUNT = (_is_count, "a whole number above zero")
_DELAY = (_is_delay, "a number of seconds, a year at most")
_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "page_ignored": _TRUTH,
    "page_cap": _COUNT,
    "oldest_first": _TRUTH,
    "history_keeps": _COUNT,
    "past_end": _one_of(200, 404, 422),
    "has_more": _one_of("users", "absent", "right", "always"),
    "times_offset": (_is_seconds, "a number of seconds, a year at most"),
    "times_utc": _TRUTH,
    "times_format": (_is_format, "a format with a directive, such as %Y"),
    "texts": (_are_alterations, f"a list of {', '.join(ALTERATIONS)}"),
    "text_limit": _COUNT,
    "texts_in_answer": _TRUTH,
    "names_files": _TRUTH,
    "late_outgoing": _DELAY,
    "late_incoming": _DELAY,
    "blocked": (_are_texts, "a list of phones"),
    "quota": _COUNT,
    "quota_status": _one_of(402, 422),
    "logs_out_after": _COUNT,
    "logged_out_status": _one_of(422, 404),
    "retry_after_dates": _TRUTH,
}

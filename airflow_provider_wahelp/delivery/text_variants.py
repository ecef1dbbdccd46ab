"""Several texts, of which each person gets one. Cheap: literals are checked when a DAG file is parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError

MOST_VARIANTS = 16


def message_texts(value: Any) -> Any:
    """Return the text of a message, or a list of texts, of which each person gets one."""
    return each_checked(value, arguments.text) if isinstance(value, list | tuple) else arguments.text(value)


def each_checked(values: Sequence[Any], check: Callable[[Any], str]) -> list[str]:
    """Return texts, each of which is checked.

    :raises InputError: if one is wrong, with its number, counted from 1; or if they are too many.
    """
    if not 0 < len(values) <= MOST_VARIANTS:
        raise InputError("text", f"must be a text, or a list of {MOST_VARIANTS} at most")
    return [_numbered(number, value, check) for number, value in enumerate(values, start=1)]


def _numbered(number: int, value: Any, check: Callable[[Any], str]) -> str:
    try:
        return check(value)
    except InputError as error:
        raise InputError("text", f"entry {number}: {error.must}") from None

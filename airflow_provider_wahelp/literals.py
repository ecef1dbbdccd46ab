"""What is known of an argument when the DAG is parsed, and what only the run knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta


def is_literal(value: object) -> bool:
    """Return whether a value is what the author wrote: no template, no XCom, nothing left out.

    :param value: an operator's argument.
    """
    if isinstance(value, str):
        return "{{" not in value and "{%" not in value
    if isinstance(value, list | tuple):
        return all(map(is_literal, value))
    if isinstance(value, Mapping):
        return all(map(is_literal, value.values()))
    return isinstance(value, int | float | timedelta)

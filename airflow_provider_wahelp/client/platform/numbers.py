"""The numbers of an answer that is not documented: all else in it may be people and texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def numbers_in(answer: Any) -> dict[str, int | float]:
    """Return the numbers of an answer, by their names."""
    named = answer.items() if isinstance(answer, Mapping) else ()
    return {
        str(name): value
        for name, value in named
        if isinstance(value, int | float) and not isinstance(value, bool)
    }

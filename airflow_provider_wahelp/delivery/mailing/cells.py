"""What a cell of a row is: one word for nothing, and whole numbers as such."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.call import Id

_PLAIN = frozenset({str, int, bool, type(None), date, datetime})  # what cannot be NaN, or the like
_NUMBERS = _PLAIN | {float}
_LARGEST = 2**63
_WHOLE = re.compile(r"(\d+)\.0+")


def user_id_of(row: Mapping[str, Any]) -> Id | None:
    """Return the user whom a row names; ``None`` where it names none.

    :raises InputError: if it is no id.
    """
    value = row.get("user_id")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return arguments.user_id(whole(value))


def whole(value: Any) -> Any:
    """Return a whole number as one: a table with a gap has 301.0 for 301.

    :param value: anything; what is no whole number stays as it is.
    """
    if isinstance(value, str):
        found = _WHOLE.fullmatch(value.strip())
        return found[1] if found else value
    if isinstance(value, float | Decimal) and -_LARGEST < value < _LARGEST and value == int(value):
        return int(value)
    return value


def known_cells(values: Sequence[Any]) -> Sequence[Any]:
    """Return cells with ``None`` for whatever means nothing: NaN, NaT, ``pandas.NA``."""
    return values if is_known(values) else [_known_cell(value) for value in values]


def is_known(values: Collection[Any]) -> bool:
    """Return whether cells are sure to hold nothing that :func:`known_cells` changes."""
    types = set(map(type, values))
    if types <= _PLAIN:
        return True
    return types <= _NUMBERS and not [value for value in values if value != value]  # noqa: PLR0124 - NaN


def _known_cell(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Decimal):
        return None if value.is_nan() else value  # one of its two kinds cannot be compared
    if isinstance(value, bytes | bytearray | memoryview):
        return _text(bytes(value))
    if _is_nothing(value):
        return None
    if isinstance(value, Real) and not isinstance(value, int | float):  # numpy's
        return int(value) if isinstance(value, Integral) else float(value)
    return value


def _is_nothing(value: Any) -> bool:
    """Return whether a value is not itself: NaN and NaT are not, and ``pandas.NA`` cannot tell."""
    try:
        return bool(value != value)  # noqa: PLR0124
    except TypeError:
        return type(value).__name__.startswith("NA")
    except ValueError:  # an array
        return False


def _text(value: bytes) -> Any:
    """Return text that a source has as bytes."""
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        return value

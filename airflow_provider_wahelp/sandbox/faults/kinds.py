"""The kinds of faults, and what can be said about each."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_REFUSAL = "Не удалось выполнить запрос"  # noqa: RUF001 - it is Russian
_STATUSES = range(400, 600)
_MAINTENANCE = "Service is under maintenance"
_ERROR: dict[str, Any] = {"status": 500, "retry_after": None, "words": None}


class Kind(NamedTuple):
    """A kind of fault: whether the call is carried out first, and its parameters with their defaults."""

    after: bool
    parameters: Mapping[str, Any]


KINDS = {
    "cut_before": Kind(after=False, parameters={"reset": False}),
    "cut_after": Kind(after=True, parameters={"reset": False}),
    "error_before": Kind(after=False, parameters=_ERROR),
    "error_after": Kind(after=True, parameters=_ERROR),
    "rate_limit": Kind(after=False, parameters={"retry_after": None, "words": "Too Many Requests"}),
    "unavailable": Kind(after=False, parameters={"retry_after": None}),
    "success_false": Kind(after=False, parameters={"words": _REFUSAL}),
    "maintenance": Kind(after=False, parameters={"words": _MAINTENANCE}),
    "maintenance_after": Kind(after=True, parameters={"words": _MAINTENANCE}),
    "html": Kind(after=True, parameters={}),
    "truncated": Kind(after=True, parameters={}),
    "slow": Kind(after=True, parameters={"seconds": 60.0}),
    "delayed": Kind(after=False, parameters={"seconds": 45.0}),
    "dead_token": Kind(after=False, parameters={}),
}


def is_whole(value: object) -> bool:
    """Tell whether a value is a whole number. Python takes ``True`` for one.

    :param value: any value.
    """
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Tell whether a value is a finite number.

    :param value: any value.
    """
    return is_whole(value) or (isinstance(value, float) and isfinite(value))


def _is_delay(value: Any) -> bool:
    return value is None or (is_whole(value) and value >= 0)


_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "reset": (lambda value: isinstance(value, bool), "true or false"),
    "retry_after": (_is_delay, "a whole number of seconds"),
    "seconds": (lambda value: is_number(value) and value >= 0, "a number of seconds"),
    "status": (lambda value: is_whole(value) and value in _STATUSES, "an HTTP status from 400 to 599"),
    "words": (lambda value: isinstance(value, str) and bool(value), "a text"),
}


def complete(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a fault with the defaults of those that were left out.

    :param name: the kind of fault.
    :param given: the parameters.
    :raises ValueError: if one is unknown or has a wrong value.
    """
    known = KINDS[name].parameters
    for parameter, value in given.items():
        if parameter not in known:
            raise ValueError(f"{name} has no parameter {parameter}")
        allowed, must = _ALLOWED[parameter]
        if not allowed(value):
            raise ValueError(f"{parameter} must be {must}")
    return {**known, **given}

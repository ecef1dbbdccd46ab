"""Refusing a bad literal when the DAG is parsed, and leaving to the run what only the run knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from airflow_provider_wahelp.hooks.failures import airflow_errors


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


def check_literal(check: Callable[[Any], object], value: object) -> None:
    """Check an argument now, if it is known now.

    :param check: a function of :mod:`~airflow_provider_wahelp.client.arguments`.
    :raises InputError: naming the argument and what it must be.
    """
    if is_literal(value):
        with airflow_errors():  # the parse does not care, and a mapped task is made anew by each try
            check(value)

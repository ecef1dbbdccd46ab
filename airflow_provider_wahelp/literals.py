"""Refusing a bad literal when the DAG is parsed, and leaving to the run what only the run knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.hooks.failures import airflow_errors


def is_literal(value: object) -> bool:
    """Return whether a value is what the author wrote: no template, no XCom, nothing left out.

    :param value: an operator's argument.
    """
    if isinstance(value, str):
        return "{{" not in value and "{%" not in value
    if isinstance(value, list | tuple):
        return all(map(is_literal, value))
    return isinstance(value, int | float | timedelta)


def check_literal(check: Callable[[Any], object], value: object) -> None:
    """Check an argument now, if it is known now.

    :param check: a function of :mod:`~airflow_provider_wahelp.client.arguments`.
    :raises InputError: naming the argument and what it must be.
    """
    if is_literal(value):
        with airflow_errors():  # the parse does not care, and a mapped task is made anew by each try
            check(value)


def refuse_none(**given: object) -> None:
    """Refuse ``None`` where it means nothing.

    :param given: the arguments.
    :raises InputError: naming the first of them that is ``None``.
    """
    for name, value in given.items():
        if value is None:
            with airflow_errors():
                raise InputError(name, "must be given, and is None: is it that of an upstream XCom?")


def checked_literal(check: Callable[[Any], Any], value: Any) -> Any:
    """Return an argument as the API takes it, if it is known now; else as it is.

    :param check: a function of :mod:`~airflow_provider_wahelp.client.arguments`.
    :raises InputError: naming the argument and what it must be.
    """
    return check(value) if is_literal(value) else value

"""Keeping people out of Airflow's rendered templates, which everybody who may see a DAG may read."""

from __future__ import annotations

from collections.abc import Sized
from os import PathLike
from typing import Any


class Redacted:
    """Rows, of which Airflow shows how many they are."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __str__(self) -> str:
        count = (
            f"{len(self.rows):,} " if isinstance(self.rows, Sized) and not isinstance(self.rows, str) else ""
        )
        return f"({count}rows, not shown)"

    __repr__ = __str__

    def serialize(self) -> str:
        """Return what Airflow keeps of them."""
        return str(self)


class RedactedWhenRendered:
    """An operator's argument that holds rows: from its second assignment on, which is Airflow's rendering."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, operator: Any, owner: type | None = None) -> Any:
        return self if operator is None else operator.__dict__[self._name]

    def __set__(self, operator: Any, value: Any) -> None:
        rendered = self._name in operator.__dict__
        operator.__dict__[self._name] = Redacted(value) if rendered and _holds_rows(value) else value


def seen(value: Any) -> Any:
    """Return the rows themselves.

    :param value: the argument.
    """
    return value.rows if isinstance(value, Redacted) else value


def _holds_rows(value: Any) -> bool:
    """Return whether a value is rows, and not the path of a file of them."""
    if isinstance(value, str):
        return value.lstrip().startswith("[")  # a list that went through a template
    return value is not None and not isinstance(value, PathLike | Redacted)

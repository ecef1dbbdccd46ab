"""What a row is, whatever it was read from: each column under one name, and one word for nothing."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.cells import is_known, known_cells

log = logging.getLogger(__name__)

Row: TypeAlias = Mapping[str, Any]
"""A row; the columns that a mailing looks for have the names below, whatever their case in the source."""

WHO = ("phone", "user_id")
OURS = frozenset((*WHO, "name"))
NO_WHO = 'must have a column phone or user_id: name yours with columns={"phone": "..."}'

_PLANS = 1000  # how many sets of columns are remembered of rows that have columns of their own each
_LISTED = 30  # columns that the log names


@dataclass(frozen=True)
class Unreadable:
    """Stands in the stream for a row that cannot be read.

    :param reason: why, after "the row": it names no value and may be logged.
    """

    reason: str


@lru_cache(maxsize=10_000)
def fold(name: str) -> str:
    """Return what column names are compared by: ``PHONE`` is ``phone``, spaces around it do not count."""
    return _stripped(unicodedata.normalize("NFKC", name)).casefold()


@lru_cache(maxsize=10_000)
def spelling(names: tuple[str, ...], name: Any) -> str | None:
    """Return how a row spells the name of a column; ``None`` where it has no such column.

    :param names: the names of the row's columns.
    :param name: the name in any spelling.
    """
    if name in names:
        return str(name)
    folded = fold(str(name))
    return next((each for each in names if fold(each) == folded), None)


def cell(row: Row, name: str) -> Any:
    """Return the cell of a column, however the row spells its name; ``None`` where it has none.

    :param name: the name of the column.
    """
    if name in row:
        return row[name]
    known = spelling(tuple(row), name)
    return None if known is None else row[known]


def by_theirs(columns: Mapping[str, str] | None) -> dict[str, str]:
    """Return our names of columns by the source's, folded.

    :param columns: the source's names by ours.
    """
    return {fold(theirs): ours for ours, theirs in (columns or {}).items()}


class Columns:
    """The columns of one source under the names that a mailing knows.

    :param renamed: the source's names of columns, by ours: ``{"phone": "Телефон"}``.
    :param optional: whether the source need not have what is renamed.
    """

    def __init__(
        self, argument: str, renamed: Mapping[str, str] | None = None, *, optional: bool = False
    ) -> None:
        self.argument = argument
        self._ours = by_theirs(renamed)
        self._unseen = {} if optional else dict(renamed or {})
        self._plans: dict[tuple[Any, ...], tuple[str, ...] | None] = {}
        self._told = False
        self._seen = False

    def table(self, names: Iterable[Any], no_who: str = NO_WHO) -> tuple[str, ...]:
        """Return the columns of a table, whose rows all have the same.

        :param names: their names in the source.
        :param no_who: what the table must be, where no column names anybody.
        :raises InputError: if none names anybody, if two have one name, or if one is lacking.
        """
        given = tuple(names)
        ours = self._named(given)
        if not set(WHO).intersection(ours):
            raise InputError(self.argument, no_who)
        self._insist_on_one(ours)
        self.insist()
        self._tell(given, ours, listed=True)
        return ours

    def row(self, values: Mapping[Any, Any]) -> Row:
        """Return a row that has columns of its own.

        :raises InputError: if two of its columns have one name.
        """
        if type(values) is dict and is_known(values.values()) and self.is_plain(values):
            return values
        names = self.plan(tuple(values))
        known = known_cells(list(values.values()))
        return dict(zip(values if names is None else names, known, strict=True))

    def is_plain(self, values: Mapping[Any, Any]) -> bool:
        """Return whether a row was met before whose columns have the same names, and the right ones."""
        return self._plans.get(tuple(values), ()) is None

    def plan(self, names: tuple[Any, ...]) -> tuple[str, ...] | None:
        """Return the names of a row's columns; ``None`` if they are what they should be.

        :param names: as the row has them.
        :raises InputError: if two have one name.
        """
        try:
            return self._plans[names]
        except KeyError:
            return self._planned(names)

    def insist(self) -> None:
        """Refuse a name that no column has, once all were seen.

        :raises InputError: with the name.
        """
        for ours, theirs in self._unseen.items() if self._seen else ():
            raise InputError("columns", f"{ours!r} is to be {theirs!r}, and there is no such column")

    def _planned(self, names: tuple[Any, ...]) -> tuple[str, ...] | None:
        ours = self._named(names)
        self._insist_on_one(ours)
        self._tell(names, ours, listed=False)
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        plan = self._plans[names] = None if ours == names else ours
        return plan

    def _named(self, names: Sequence[Any]) -> tuple[str, ...]:
        self._seen = True
        folded = [fold(str(name)) for name in names]
        for ours in [ours for name, ours in self._ours.items() if name in folded]:
            self._unseen.pop(ours, None)
        return tuple(map(self._name, names, folded))

    def _name(self, name: Any, folded: str) -> str:
        if folded in self._ours:
            return self._ours[folded]
        return folded if folded in OURS else _stripped(str(name))

    def _insist_on_one(self, names: Sequence[str]) -> None:
        seen = set[str]()
        for name in filter(None, names):
            if fold(name) in seen:
                raise InputError(self.argument, self._twice(name))
            seen.add(fold(name))

    def _twice(self, name: str) -> str:
        if name in self._ours.values():
            return f"a column is {name!r} by columns, and another has that name: name it too, in columns"
        return f"two columns are called {name!r}: name each once, capitals make no difference"

    def _tell(self, given: Sequence[Any], ours: Sequence[str], *, listed: bool) -> None:
        """Log once what columns were taken for: the names alone, and of rows only those that are ours."""
        if self._told:
            return
        self._told = True
        pairs = list(zip(map(str, given), ours, strict=True))
        known = [pair for pair in pairs if pair[1] in OURS or pair[1] in self._ours.values()]
        others = [theirs for theirs, ours in pairs if (theirs, ours) not in known]
        words = [ours if ours == theirs else f"{ours} is {theirs!r}" for theirs, ours in known]
        more = (
            [", ".join(others[:_LISTED])] if listed and others else [f"{len(others)} more"] if others else []
        )
        log.info("Columns of %s: %s", self.argument, "; ".join([*words, *more]))


def _stripped(name: str) -> str:
    return name.strip().strip("\ufeff").strip()

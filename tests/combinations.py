"""Which combinations of parameters are tested, where all of them would show the same again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, cycle, product
from typing import Any

Row = tuple[Any, ...]


def pairwise(*axes: Sequence[Any], possible: Callable[..., bool] = lambda *row: True) -> list[Row]:
    """Return rows in which each value of each axis stands beside each value of each other axis.

    :param axes: what may be combined.
    :param possible: whether there is such a row.
    """
    numbered = [row for row in product(*(range(len(axis)) for axis in axes)) if possible(*_row(axes, row))]
    missing = {pair for row in numbered for pair in _pairs(row)}
    chosen = set()
    while missing:
        best = max(numbered, key=lambda row: len(missing & _pairs(row)))
        chosen.add(best)
        missing -= _pairs(best)
    return [_row(axes, row) for row in sorted(chosen)]


def in_turn(rows: Iterable[Any], values: Sequence[Any]) -> list[Row]:
    """Give each row one of some values, in turn.

    :param rows: what is tested throughout: rows, or single values.
    :param values: of another axis.
    """
    rows = [row if isinstance(row, tuple) else (row,) for row in rows]
    return [(*row, value) for row, value in zip(rows, cycle(values), strict=False)]


def _row(axes: Sequence[Sequence[Any]], numbers: Iterable[int]) -> Row:
    return tuple(axis[number] for axis, number in zip(axes, numbers, strict=True))


def _pairs(row: tuple[int, ...]) -> set[Any]:
    return set(combinations(enumerate(row), 2))

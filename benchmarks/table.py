"""The table of what was measured, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TIMES = "times"


@dataclass(frozen=True)
class Row:
    """One thing that was measured.

    :param what: what it is.
    :param measured: how much.
    :param unit: of what; ratios are :data:`TIMES`.
    :param least: the bar that it must reach.
    :param most: the bar that it must not pass; without either it is told only.
    """

    what: str
    measured: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it keeps to its bar."""
        low = self.least is not None and self.measured < self.least
        return not low and (self.most is None or self.measured <= self.most)

    @property
    def bar(self) -> str:
        """The bar in words."""
        low = "" if self.least is None else f">= {_number(self.least)}"
        return low or ("" if self.most is None else f"<= {_number(self.most)}")

    @property
    def cells(self) -> tuple[str, ...]:
        """The row, as it is printed."""
        verdict = ("yes" if self.ok else "NO") if self.bar else ""
        return self.what, _number(self.measured), self.unit, self.bar, verdict


def write(rows: Sequence[Row], file: Path) -> None:
    """Print a table, ratios first, and keep it.

    :param rows: what was measured.
    :param file: where to keep it.
    """
    rows = sorted(rows, key=lambda row: row.unit != TIMES)
    cells = [("what", "measured", "unit", "bar", "ok"), *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    print()
    for line in cells:
        print(_line(line, widths))
    file.parent.mkdir(exist_ok=True)
    kept: list[dict[str, Any]] = [{**asdict(row), "ok": row.ok} for row in rows]
    file.write_text(json.dumps(kept, indent=2) + "\n")


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    what, measured, *others = cells
    padded = (cell.ljust(width) for cell, width in zip(others, widths[2:], strict=True))
    return "  ".join([what.ljust(widths[0]), measured.rjust(widths[1]), *padded]).rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:,.2f}"  # noqa: PLR2004

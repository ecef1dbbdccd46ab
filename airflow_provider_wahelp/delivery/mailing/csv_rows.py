"""Rows of a CSV file, of Excel's too. An open quote swallows no row, and an empty cell holds nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import IO, TYPE_CHECKING

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.row_shape import WHO, Columns, Row, Unreadable
from airflow_provider_wahelp.delivery.mailing.text_lines import Text, is_utf8

if TYPE_CHECKING:
    from _csv import Reader  # what csv.reader returns

_BLANK = " \t\r\n\ufeff"
_NOTHING = frozenset(["", "nan", "NaN"])  # Python's csv writes a gap among numbers so
_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_SAYS = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # Excel writes and reads it
_A_PHONE = re.compile(r"\s*\+?[\d\s().\-\u00a0]{7,25}")
_AN_ID = re.compile(r"\s*[\w-]*\d[\w-]*\s*")
_NO_HEADER = 'the first line must name a column phone or user_id: name yours with columns={"phone": "..."}'


def csv_rows(file: IO[bytes], columns: Columns, encoding: str | None) -> Iterator[Row | Unreadable]:
    """Yield the rows of a CSV file; all cells are strings, and what is blank or NaN is ``None``.

    The first line names the columns, and what is most frequent there of comma, semicolon, tab and ``|``
    divides them, unless a line ``sep=;`` before it says what does.

    :raises InputError: if it is no such file, or if an open quote swallows rows.
    """
    text = Text(file, encoding, columns.argument)
    lines = text.lines(strict=True)
    first = next((line for line in lines if line.strip(_BLANK)), "").strip("\ufeff")
    delimiter = _delimiter(first)
    if says := _SAYS.fullmatch(first):
        delimiter, first = says[1], next(lines, "")
    rest = (f"{line}\n" for line in chain([first], lines))
    records = csv.reader(rest, delimiter=delimiter, strict=True)
    yield from _rows(records, _header(records, columns), _Swallowed(columns, delimiter), text)


def _rows(
    records: Reader, names: Sequence[str], swallowed: _Swallowed, text: Text
) -> Iterator[Row | Unreadable]:
    width, line = len(names), records.line_num
    while True:
        try:
            for cells in records:
                if records.line_num != (line := line + 1):
                    swallowed.check(names, cells, line, records.line_num)
                    line = records.line_num
                if len(cells) != width:
                    if len(cells) > 1 or "".join(cells).strip():
                        yield Unreadable(f"has {len(cells)} columns, and the header has {width}")
                elif text.damaged and not is_utf8("".join(cells)):
                    yield Unreadable("is not UTF-8")
                else:
                    filled = [None if cell in _NOTHING or cell.isspace() else cell for cell in cells]
                    yield dict(zip(names, filled, strict=True))
        except csv.Error:
            swallowed.check_broken(line + 1, records.line_num)
            line = records.line_num
            yield Unreadable("is no CSV: is a quote left open? Inside quotes, a quote is written twice")
        else:
            return


class _Swallowed:
    """Refuses a file in which a quote that is left open has made one row of many.

    :param delimiter: what divides them.
    """

    def __init__(self, columns: Columns, delimiter: str) -> None:
        self._argument = columns.argument
        self._delimiter = delimiter

    def check_broken(self, first: int, last: int) -> None:
        """Refuse lines that are no CSV together."""
        if last > first:
            raise InputError(
                self._argument,
                f"a quote that opens on line {first} of the file is not closed there: close it, and write a "
                f"quote that belongs to the text twice",
            )

    def check(self, names: Sequence[str], cells: Sequence[str], first: int, last: int) -> None:
        """Refuse a row of several lines, if one of them is a row of its own."""
        inner = [line for cell in cells for line in cell.split("\n")[1:]]
        if len(cells) != len(names) or any(self._is_row(names, line) for line in inner):
            self.check_broken(first, last)

    def _is_row(self, names: Sequence[str], line: str) -> bool:
        """Return whether a line names somebody where a row does."""
        cells = line.rstrip("\r").split(self._delimiter)
        if len(cells) != len(names):
            return False
        named = zip(names, cells, strict=True)
        patterns = {"phone": _A_PHONE, "user_id": _AN_ID}
        return any(patterns[name].fullmatch(cell.strip('"')) for name, cell in named if name in WHO)


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=_QUOTED.sub("", line).count)


def _header(records: Reader, columns: Columns) -> tuple[str, ...]:
    try:
        names = next(records)
    except csv.Error:
        raise InputError(columns.argument, "the first line is no CSV") from None
    return columns.table(names, _NO_HEADER)

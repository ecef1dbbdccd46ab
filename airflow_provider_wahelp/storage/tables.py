"""A table as a document, row by row: CSV as a Russian Excel writes it, or XLSX."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from itertools import chain, islice
from typing import IO, Any, Literal

from airflow_provider_wahelp.client.errors import InputError

Kind = Literal["csv", "xlsx"]

_FORMULA = re.compile(r"(?!\+[0-9]+\Z)[=+\-@\t\r\n]")  # a spreadsheet runs it; +71234567890 is none
_EXACT_DIGITS = 15  # that a cell of Excel has
_MOST_ROWS = 1_048_576
_LONGEST_TEXT = 32_767
_MOST_PLACES = 10
_FIRST_YEAR = 1900
_SAMPLE = 200  # rows that the widths of columns are told from
_WIDEST = 60
_DAY, _MOMENT, _TIME = "dd.mm.yyyy", "dd.mm.yyyy hh:mm:ss", "hh:mm:ss"


def defused(value: object) -> object:
    """Return a cell of a CSV; an apostrophe is put before a text that a spreadsheet would run."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def write_table(file: IO[bytes], kind: Kind, rows: Iterable[Sequence[Any]], zone: tzinfo) -> int:
    """Write a table, whose first row names its columns; return how many others there are.

    :param zone: what times with a zone are told in: a cell has none.
    """
    local = (tuple(_local(cell, zone) for cell in row) for row in rows)
    return _write_csv(file, local) if kind == "csv" else _write_xlsx(file, local)


def _local(cell: Any, zone: tzinfo) -> Any:
    """Return a cell of the few kinds that a table has."""
    if isinstance(cell, datetime) and cell.tzinfo:
        return cell.astimezone(zone).replace(tzinfo=None)
    if isinstance(cell, dict | list | tuple):
        return json.dumps(cell, ensure_ascii=False, default=str)
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell).hex()
    if isinstance(cell, float | Decimal) and not math.isfinite(cell):
        return str(cell)
    known = str | bool | int | float | Decimal | date | time | timedelta | None
    return cell if isinstance(cell, known) else str(cell)


def _write_csv(file: IO[bytes], rows: Iterable[Sequence[Any]]) -> int:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="", write_through=True)
    table, count = csv.writer(text, delimiter=";"), -1
    for row in rows:
        table.writerow(map(_in_russian, row))
        count += 1
    text.detach()
    return count


def _in_russian(cell: Any) -> Any:
    """Return how a Russian Excel spells a cell: it takes 1.5 for the first of May."""
    if isinstance(cell, bool):
        return "ИСТИНА" if cell else "ЛОЖЬ"
    if isinstance(cell, timedelta):
        hours, rest = divmod(int(cell.total_seconds()), 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    if isinstance(cell, float | Decimal):
        return f"{cell:f}".replace(".", ",") if isinstance(cell, Decimal) else repr(cell).replace(".", ",")
    if isinstance(cell, datetime):
        return f"{cell:%d.%m.}{cell.year:04} {cell:%H:%M:%S}"
    if isinstance(cell, date):
        return f"{cell:%d.%m.}{cell.year:04}"
    return f"{cell:%H:%M:%S}" if isinstance(cell, time) else defused(cell)


def _write_xlsx(file: IO[bytes], rows: Iterable[Sequence[Any]]) -> int:
    try:
        import xlsxwriter  # type: ignore[import-untyped]
    except ImportError:
        must = "an Excel file needs XlsxWriter: pip install 'airflow-provider-wahelp[xlsx]'"
        raise InputError("as_file", must) from None
    with tempfile.TemporaryDirectory(prefix="wahelp-") as folder:
        # Nothing but a row is kept in memory, and a text is a text: no formula and no link.
        options = {"constant_memory": True, "tmpdir": folder}
        as_texts = {f"strings_to_{kind}": False for kind in ("formulas", "urls", "numbers")}
        with xlsxwriter.Workbook(file, {**options, **as_texts}) as book:
            return _fill(book, iter(rows))


def _fill(book: Any, rows: Iterator[Sequence[Any]]) -> int:
    sheet = book.add_worksheet()
    first = list(islice(rows, _SAMPLE))
    for column, cells in enumerate(zip(*first, strict=True)):
        sheet.set_column(column, column, min(_WIDEST, 2 + max(map(_width, cells))))
    sheet.freeze_panes(1, 0)
    put, count = _Putting(book).put, -1
    for count, row in enumerate(chain(first, rows)):
        if count == _MOST_ROWS:
            raise InputError("as_file", f'must be "csv": an Excel sheet has {_MOST_ROWS:,} rows at most')
        for column, cell in enumerate(row):
            put(sheet, count, column, cell)
    return count


class _Putting:
    """Puts cells into a sheet, each in the format of its kind."""

    def __init__(self, book: Any) -> None:
        self._format: Callable[[str], Any] = cache(lambda code: book.add_format({"num_format": code}))
        self._bold = book.add_format({"bold": True})

    def put(self, sheet: Any, row: int, column: int, cell: Any) -> None:
        """Put a cell: a text as such, whatever it says, and a number only if Excel keeps all its digits."""
        if row == 0 or isinstance(cell, str) or _is_inexact(cell):
            text = str(cell)[:_LONGEST_TEXT]
            sheet.write_string(row, column, text, self._bold if row == 0 else None)
        elif cell is not None:
            code = _code(cell)
            sheet.write(row, column, cell, self._format(code) if code else None)


def _is_inexact(cell: Any) -> bool:
    if isinstance(cell, date):
        return cell.year < _FIRST_YEAR
    if isinstance(cell, int):
        return len(str(abs(cell))) > _EXACT_DIGITS
    return isinstance(cell, Decimal) and len(cell.normalize().as_tuple().digits) > _EXACT_DIGITS


def _code(cell: Any) -> str:
    """Return the number format of a cell: a price keeps its kopecks, also where they are 00."""
    if isinstance(cell, Decimal):
        exponent = cell.as_tuple().exponent
        places = min(-int(exponent), _MOST_PLACES) if int(exponent) < 0 else 0
        return "0." + "0" * places if places else ""
    if isinstance(cell, datetime):
        return _MOMENT
    if isinstance(cell, date):
        return _DAY
    return {time: _TIME, timedelta: "[h]:mm:ss"}.get(type(cell), "")


def _width(cell: Any) -> int:
    if isinstance(cell, datetime):
        return len(_MOMENT)
    return len(_DAY) if isinstance(cell, date) else len(str(cell)) if cell is not None else 0

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
_PLAIN = frozenset({str, int, bool, type(None), date})
_DAY, _MOMENT = "dd.mm.yyyy", "dd.mm.yyyy hh:mm:ss"
_FORMATS = {datetime: _MOMENT, date: _DAY, time: "hh:mm:ss", timedelta: "[h]:mm:ss"}


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
    if type(cell) in _PLAIN:
        return cell
    if isinstance(cell, datetime):  # also one of pandas', or of pendulum's
        local = cell.astimezone(zone) if cell.tzinfo else cell
        return datetime(*local.timetuple()[:6], local.microsecond)
    return next(plain(cell) for kind, plain in _TO_PLAIN if isinstance(cell, kind))


def _number(cell: float | Decimal) -> Any:
    if not math.isfinite(cell):
        return str(cell)
    return cell if isinstance(cell, Decimal) else float(cell)


_TO_PLAIN: list[tuple[Any, Callable[[Any], Any]]] = [
    (float | Decimal, _number),
    (int, int),
    (str, str),
    (time, lambda cell: cell.replace(tzinfo=None)),
    (date, lambda cell: date(cell.year, cell.month, cell.day)),
    (timedelta, lambda cell: timedelta(cell.days, cell.seconds, cell.microseconds)),
    (dict | list | tuple, lambda cell: json.dumps(cell, ensure_ascii=False, default=str)),
    (bytes | bytearray | memoryview, lambda cell: bytes(cell).hex()),
    (object, str),
]


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
    return _SPELT.get(type(cell), defused)(cell)


def _hours(span: timedelta) -> str:
    hours, rest = divmod(int(span.total_seconds()), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _day(day: date) -> str:
    return f"{day:%d.%m.}{day.year:04}"


_SPELT: dict[type, Callable[[Any], Any]] = {
    bool: lambda cell: "ИСТИНА" if cell else "ЛОЖЬ",
    float: lambda cell: repr(cell).replace(".", ","),
    Decimal: lambda cell: f"{cell:f}".replace(".", ","),
    date: _day,
    datetime: lambda cell: f"{_day(cell)} {cell:%H:%M:%S}",
    time: "{:%H:%M:%S}".format,
    timedelta: _hours,
}


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
    into = _Cells(book, sheet)
    count = -1
    for count, row in enumerate(chain(first, rows)):
        if count == _MOST_ROWS:
            raise InputError("as_file", f'must be "csv": an Excel sheet has {_MOST_ROWS:,} rows at most')
        put = into.put if count else into.name
        for column, cell in enumerate(row):
            put(count, column, cell)
    return count


class _Cells:
    """Puts cells into a sheet, each in the format of its kind."""

    def __init__(self, book: Any, sheet: Any) -> None:
        self._sheet = sheet
        self._format: Callable[[str], Any] = cache(lambda code: book.add_format({"num_format": code}))
        self._bold = book.add_format({"bold": True})

    def name(self, row: int, column: int, name: Any) -> None:
        """Put the name of a column."""
        self._sheet.write_string(row, column, str(name), self._bold)

    def put(self, row: int, column: int, cell: Any) -> None:
        """Put a cell: a text as such, whatever it says, and a number only if Excel keeps all its digits."""
        if cell is None:
            return
        if isinstance(cell, str) or _is_inexact(cell):
            self._sheet.write_string(row, column, str(cell)[:_LONGEST_TEXT])
        elif isinstance(cell, bool):
            self._sheet.write_boolean(row, column, cell)
        elif isinstance(cell, int | float | Decimal):
            code = _places(cell) if isinstance(cell, Decimal) else ""
            self._sheet.write_number(row, column, cell, self._format(code) if code else None)
        else:
            self._sheet.write_datetime(row, column, cell, self._format(_FORMATS[type(cell)]))


def _is_inexact(cell: Any) -> bool:
    if isinstance(cell, date):
        return cell.year < _FIRST_YEAR
    if isinstance(cell, int):
        return len(str(abs(cell))) > _EXACT_DIGITS
    return isinstance(cell, Decimal) and len(cell.normalize().as_tuple().digits) > _EXACT_DIGITS


def _places(number: Decimal) -> str:
    """Return the format of a number: a price keeps its kopecks, also where they are 00."""
    places = min(-int(number.as_tuple().exponent), _MOST_PLACES)
    return "0." + "0" * places if places > 0 else ""


def _width(cell: Any) -> int:
    if isinstance(cell, datetime):
        return len(_MOMENT)
    return len(_DAY) if isinstance(cell, date) else len(str(cell)) if cell is not None else 0

"""Documents of tables, as Excel reads them: what is a number, a time or a text, and what must not run."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.storage import tables
from airflow_provider_wahelp.storage.tables import Kind, write_table

MOSCOW = ZoneInfo("Europe/Moscow")
CELLS: list[tuple[Any, str, tuple[str, str, str]]] = [  # in CSV; in XLSX its type, value and format
    (7, "7", ("n", "7", "General")),
    (1.5, "1,5", ("n", "1.5", "General")),
    (Decimal("2.50"), "2,50", ("n", "2.5", "0.00")),
    (Decimal("1E+3"), "1000", ("n", "1000", "General")),
    (True, "ИСТИНА", ("b", "1", "General")),
    (None, "", ("", "", "")),
    (date(2026, 3, 1), "01.03.2026", ("n", "46082", "dd.mm.yyyy")),
    (datetime(2026, 3, 1, 6), "01.03.2026 06:00:00", ("n", "46082.25", "dd.mm.yyyy hh:mm:ss")),
    (datetime(2026, 3, 1, 3, tzinfo=UTC), "01.03.2026 06:00:00", ("n", "46082.25", "dd.mm.yyyy hh:mm:ss")),
    (time(6), "06:00:00", ("n", "0.25", "hh:mm:ss")),
    (timedelta(days=1, hours=6), "30:00:00", ("n", "1.25", "[h]:mm:ss")),
    (date(1812, 9, 7), "07.09.1812", ("inlineStr", "1812-09-07", "General")),  # Excel knows no such day
    ("Анна; «Лютик»\nдля", '"Анна; «Лютик»\nдля"', ("inlineStr", "Анна; «Лютик»\nдля", "General")),
    ("=HYPERLINK(1)", "'=HYPERLINK(1)", ("inlineStr", "=HYPERLINK(1)", "General")),
    ("@SUM(1)", "'@SUM(1)", ("inlineStr", "@SUM(1)", "General")),
    ("-2+3", "'-2+3", ("inlineStr", "-2+3", "General")),
    ("\t=1", "'\t=1", ("inlineStr", "\t=1", "General")),
    ("+79160000001", "+79160000001", ("inlineStr", "+79160000001", "General")),
    ("https://x.example/a", "https://x.example/a", ("inlineStr", "https://x.example/a", "General")),
    ("0012", "0012", ("inlineStr", "0012", "General")),
    (-5, "-5", ("n", "-5", "General")),
    (12345678901234567890, "12345678901234567890", ("inlineStr", "12345678901234567890", "General")),
    (float("inf"), "inf", ("inlineStr", "inf", "General")),
    ({"a": "я"}, '"{""a"": ""я""}"', ("inlineStr", '{"a": "я"}', "General")),
    (b"\xff\x00", "ff00", ("inlineStr", "ff00", "General")),
    (UUID(int=1), str(UUID(int=1)), ("inlineStr", str(UUID(int=1)), "General")),
]


def written(kind: Kind, rows: Any) -> bytes:
    file = io.BytesIO()
    write_table(file, kind, rows, MOSCOW)
    return file.getvalue()


def sheet(content: bytes) -> Iterator[list[tuple[str, str, str]]]:
    """Yield the cells of each row: their types, values and formats."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        named = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
        styles = ET.fromstring(book.read("xl/styles.xml"))
        codes = {each.get("numFmtId"): each.get("formatCode") for each in styles.iter(f"{named}numFmt")}
        formats = [
            codes.get(each.get("numFmtId"), "General") for each in next(styles.iter(f"{named}cellXfs"))
        ]
        assert not {name for name in book.namelist() if "rels" in name and "sheet1" in name}  # no links
        for row in ET.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(f"{named}row"):
            assert not list(row.iter(f"{named}f"))
            yield [
                (kind := cell.get("t", "n"), _value(cell, kind), str(formats[int(cell.get("s", "0"))]))
                for cell in row
            ]


def _value(cell: ET.Element, kind: str) -> str:
    value = "".join(cell.itertext())
    return f"{float(value):.15g}" if kind == "n" else value  # versions spell a number each in its way


@pytest.mark.parametrize(("cell", "in_csv", "in_xlsx"), CELLS, ids=[repr(cell)[:20] for cell, _, _ in CELLS])
def test_a_cell_is_what_it_is(cell: Any, in_csv: str, in_xlsx: tuple[str, str, str]) -> None:
    assert written("csv", [["name", "b"], [cell, 1]]).decode() == f"\ufeffname;b\r\n{in_csv};1\r\n"
    pytest.importorskip("xlsxwriter")
    _, row = sheet(written("xlsx", [["name", "b"], [cell, 1]]))
    assert row == ([in_xlsx] if in_xlsx[0] else []) + [("n", "1", "General")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_names_of_columns_are_texts_and_do_not_run(kind: Kind) -> None:
    if kind == "xlsx":
        pytest.importorskip("xlsxwriter")
        assert next(sheet(written(kind, [["=a", "b"]])))[0][:2] == ("inlineStr", "=a")
    else:
        assert written(kind, [["=a", "b"]]) == "\ufeff'=a;b\r\n".encode()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_many_rows_take_no_memory_and_are_counted(kind: Kind) -> None:
    if kind == "xlsx":
        pytest.importorskip("xlsxwriter")
    rows = ([number, f"Somebody {number}", Decimal("1.00")] for number in range(5_000))
    with open("/dev/null", "r+b") if kind == "csv" else io.BytesIO() as file:  # noqa: PTH123
        tracemalloc.start()
        try:
            assert write_table(file, kind, rows, MOSCOW) == 4_999
            assert tracemalloc.get_traced_memory()[1] < 1_500_000
        finally:
            tracemalloc.stop()


def test_what_a_sheet_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xlsxwriter")
    monkeypatch.setattr(tables, "_MOST_ROWS", 3)
    assert write_table(io.BytesIO(), "xlsx", [["a"]] * 3, MOSCOW) == 2
    with pytest.raises(InputError, match=r'^as_file: must be "csv": an Excel sheet has 3 rows at most'):
        write_table(io.BytesIO(), "xlsx", [["a"]] * 4, MOSCOW)

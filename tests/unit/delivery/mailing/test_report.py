"""The report of a mailing: private, whole, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.report import ReportRow, check_path, write_report
from airflow_provider_wahelp.delivery.mailing.rows import read_rows
from airflow_provider_wahelp.operators import ReplyReportOperator
from airflow_provider_wahelp.storage import files

PHONE = "+71234567890"
ROW = ReportRow(1, "key", 301, PHONE, Outcome.SENT, message_id=501)
HEADER = ["number", "key", "user_id", "phone", "outcome", "reason", "message_id", "variant"]

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
ROWS = st.builds(
    ReportRow,
    number=st.integers(min_value=1),
    key=TEXTS,
    user_id=st.none() | st.integers() | TEXTS,
    phone=st.none() | TEXTS,
    outcome=st.sampled_from(Outcome),
    reason=TEXTS,
    message_id=st.none() | st.integers() | TEXTS,
    variant=st.none() | st.integers(1, 16),
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@settings(deadline=None)  # files take what the disk takes
@given(rows=st.lists(ROWS, max_size=5), suffix=st.sampled_from([".jsonl", ".ndjson", ".JSONL"]))
def test_json_lines_say_exactly_what_was(rows: list[ReportRow], suffix: str, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("report") / f"report{suffix}"
    write_report(f"file://{path}", rows)
    read = [ReportRow(**{**row, "outcome": Outcome(row["outcome"])}) for row in read_rows(path)]  # type: ignore
    assert read == rows
    assert path.read_text("utf-8").count("\n") >= len(rows)


@settings(deadline=None)
@given(rows=st.lists(ROWS, max_size=5))
def test_csv_says_what_was_and_runs_nothing(rows: list[ReportRow], tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("report") / "report.csv"
    write_report(str(path), rows)
    header, *lines = cells(path)
    assert header == HEADER
    for line, row in zip(lines, rows, strict=True):
        for name, cell in zip(header, line, strict=True):
            value = getattr(row, name)
            written = "" if value is None else str(value)
            assert cell in {written, f"'{written}"}
            if isinstance(value, str) and cell[:1] in set("=+-@\t\r\n"):
                assert cell.startswith("+")
                assert cell[1:].isdecimal()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+1", "'+1+1"),
        ("+", "'+"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        (f"{PHONE}\n", f"'{PHONE}\n"),
        (PHONE, PHONE),
        ("a=1", "a=1"),
        ("Привет", "Привет"),
    ],
)
def test_a_cell_of_csv_is_no_formula(tmp_path: Path, value: str, cell: str) -> None:
    path = tmp_path / "report.csv"
    write_report(str(path), [ReportRow(1, value, -5, value, Outcome.FAILED, value)])
    assert cells(path)[1] == ["1", cell, "-5", cell, "failed", cell, "", ""]


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    write_report(str(tmp_path / "REPORT.CSV"), [])
    assert cells(tmp_path / "REPORT.CSV") == [HEADER]


def test_russian_is_readable_in_json_lines(tmp_path: Path) -> None:
    write_report(str(tmp_path / "report.jsonl"), [ReportRow(1, "key", None, None, Outcome.FAILED, "Нет")])
    assert '"reason": "Нет"' in (tmp_path / "report.jsonl").read_text("utf-8")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_half_an_emoji_does_not_cost_the_report(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"report{suffix}"
    write_report(str(path), [ReportRow(1, "\ud83d", None, None, Outcome.SENT), ROW])
    first, second = read_rows(path)
    assert isinstance(first, dict)
    assert first["key"] == {".csv": "\\ud83d", ".jsonl": "\ud83d"}[suffix]
    assert isinstance(second, dict)


@pytest.mark.parametrize(
    "path", ["report.csv", "S3://conn@bucket/REPORT.CSV", "report.jsonl", "report.ndjson", "page.HTML"]
)
def test_a_good_path_is_returned(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize("path", ["", "report", "report.xlsx", "s3cret.csv.gz", "s3cret/", 5])
def test_another_suffix_is_refused_before_anything_is_read(path: Any) -> None:
    def rows() -> Iterator[ReportRow]:
        read.append(ROW)
        yield ROW

    read: list[ReportRow] = []

    with pytest.raises(InputError, match=r"^report_path: must end in \.csv, \.jsonl, \.ndjson or \.html$"):
        check_path(path)
    with pytest.raises(InputError, match=r"^report_path: "):
        write_report(path, rows())
    assert read == []


def test_a_page_has_no_rows() -> None:
    for operator in ("mailing_report", "report_path"):
        with pytest.raises(InputError, match=rf"^{operator}: must end in \.csv, \.jsonl or \.ndjson$"):
            ReplyReportOperator(task_id="r", **{"mailing_report": "a.csv", operator: "page.html"})


def test_checking_a_path_does_not_import_airflow() -> None:
    code = "import sys; from airflow_provider_wahelp.delivery.mailing.report import check_path\n"
    code += "check_path('a.csv')\n"
    code += "sys.exit('airflow' in sys.modules or 'requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize("scheme", ["file://", ""])
def test_a_report_is_its_owners_alone_before_anything_is_in_it(
    tmp_path: Path, suffix: str, scheme: str
) -> None:
    path = tmp_path / "new" / f"report{suffix}"
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o666)
    modes = []

    def rows() -> Iterator[ReportRow]:
        modes.extend(mode(file) for file in path.parent.iterdir() if file != path)
        yield ROW

    umask = os.umask(0)
    try:
        write_report(f"{scheme}{path}", rows())
    finally:
        os.umask(umask)
    assert modes == [0o600]
    assert mode(path) == 0o600
    assert PHONE in path.read_text("utf-8")
    assert list(path.parent.iterdir()) == [path]


def test_a_relative_path_is_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_report("new/report.csv", [ROW])
    assert mode(tmp_path / "new" / "report.csv") == 0o600


def test_missing_directories_are_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "report.csv"
    write_report(f"file://{path}", [ROW])
    assert mode(path) == 0o600


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_report_is_replaced_in_one_step(
    tmp_path: Path, suffix: str, local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the storage is not local: it is written in its own way, once the report is complete."""
    if not local:
        monkeypatch.setattr(files, "_LOCAL", set())
    path = tmp_path / f"report{suffix}"
    path.write_text("earlier")

    def rows(last: BaseException | None) -> Iterator[ReportRow]:
        for _ in range(10_000):  # more than fits into a buffer
            assert path.read_text() == "earlier"
            yield ROW
        if last:
            raise last

    for reason in (KeyboardInterrupt(), RuntimeError()):
        with pytest.raises(type(reason)):
            write_report(f"file://{path}", rows(reason))
        assert list(tmp_path.glob(".*")) == []
    write_report(f"file://{path}", rows(None))
    assert len(list(read_rows(path))) == 10_000


def test_a_disk_that_is_full_leaves_the_earlier_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.csv"
    path.write_text("earlier")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_report(str(path), [ROW])
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()).count(path) == len(list(tmp_path.glob("*report*")))


def test_a_row_shows_no_phone() -> None:
    assert PHONE not in repr(ROW)
    assert "secret" not in repr(ReportRow(1, "secret", None, None, Outcome.SENT))

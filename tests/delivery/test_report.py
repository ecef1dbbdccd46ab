"""The report of a mailing: private, whole, harmless in a spreadsheet; and the lines about it in the log."""

from __future__ import annotations

import csv
import logging
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
from airflow_provider_wahelp.delivery import storage
from airflow_provider_wahelp.delivery.report import Outcome, Progress, ReportRow, check_path, write_report
from airflow_provider_wahelp.delivery.rows import read_rows

PHONE = "+71234567890"
ROW = ReportRow(1, "key", 301, PHONE, Outcome.SENT, message_id=501)
HEADER = ["number", "key", "user_id", "phone", "outcome", "reason", "message_id"]

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
    assert cells(path)[1] == ["1", cell, "-5", cell, "failed", cell, ""]


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
    "path", ["report.csv", "S3://conn@bucket/REPORT.CSV", "report.jsonl", "report.ndjson"]
)
def test_a_good_path_is_returned(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize("path", ["", "report", "report.xlsx", "s3cret.csv.gz", "s3cret/", 5])
def test_another_suffix_is_refused_before_anything_is_read(path: Any) -> None:
    def rows() -> Iterator[ReportRow]:
        read.append(ROW)
        yield ROW

    read: list[ReportRow] = []

    with pytest.raises(InputError, match=r"^report_path: must end in \.csv, \.jsonl or \.ndjson$"):
        check_path(path)
    with pytest.raises(InputError, match=r"^report_path: "):
        write_report(path, rows())
    assert read == []


def test_checking_a_path_does_not_import_airflow() -> None:
    code = "import sys; from airflow_provider_wahelp.delivery.report import check_path; check_path('a.csv')\n"
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
        monkeypatch.setattr(storage, "_LOCAL", set())
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


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> logging.Logger:
    caplog.set_level("INFO", "mailing")
    return logging.getLogger("mailing")


def test_a_line_every_few_seconds(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    progress = Progress(log, 5000, clock=clock)
    clock.now += 4.9
    progress.add(Outcome.SENT, 100)
    assert caplog.messages == []
    clock.now += 0.1
    for _ in range(85):
        progress.add(Outcome.SENT)
    assert caplog.messages == ["101 of 5,000 done (2 %), 20.2 a second, about 4 min left"]
    clock.now += 4.9
    progress.add(Outcome.FAILED)
    assert len(caplog.messages) == 1
    clock.now += 0.1
    progress.add(Outcome.FAILED, 4000)
    assert caplog.messages[1:] == ["4,186 of 5,000 done (83 %), 418.6 a second, about 2 s left"]


def test_a_clock_that_stands_still_is_no_reason_to_fail(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    Progress(log, 10, every=0, clock=clock).add(Outcome.SENT)
    assert caplog.messages == ["1 of 10 done (10 %), 0.0 a second"]


def test_the_rate_is_that_of_the_last_minute(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What an earlier attempt sent is skipped at once, and does not make the rest look quick."""
    progress = Progress(log, 100_000, clock=clock)
    progress.add(Outcome.SKIPPED, 50_000)
    for _ in range(30):
        clock.now += 5
        progress.add(Outcome.SENT, 10)
    assert caplog.messages[0] == "50,010 of 100,000 done (50 %), 10,002.0 a second, about 5 s left"
    assert caplog.messages[-1] == "50,300 of 100,000 done (50 %), 2.0 a second, about 6 h 54 min left"


@pytest.mark.parametrize(
    ("total", "added", "line"),
    [
        (0, 1200, "1,200 done, 240.0 a second"),
        (1000, 1000, "1,000 of 1,000 done (100 %), 200.0 a second"),
        (1000, 999, "999 of 1,000 done (99 %), 199.8 a second, about 0 s left"),
        (1000, 1001, "1,001 of 1,000 done (100 %), 200.2 a second"),
        (1000, 0, "0 of 1,000 done (0 %), 0.0 a second"),
    ],
)
def test_what_a_line_says_at_the_edges(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture, total: int, added: int, line: str
) -> None:
    progress = Progress(log, total, clock=clock)
    clock.now += 5
    progress.add(Outcome.SENT, added)
    assert caplog.messages == [line]


@pytest.mark.parametrize(
    ("seconds", "took"),
    [(0.4, "0 s"), (59, "59 s"), (89, "1 min"), (3599, "1 h 0 min"), (9000, "2 h 30 min")],
)
def test_the_last_line_sums_up(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture, seconds: float, took: str
) -> None:
    progress = Progress(log, 1003, every=1e9, clock=clock)
    progress.add(Outcome.SENT, 1000)
    progress.add(Outcome.NO_MESSENGER, 2)
    progress.add(Outcome.FAILED)
    clock.now += seconds
    progress.finish()
    assert caplog.messages == [f"1,003 of 1,003 done (100 %) in {took}: 1,000 sent, 2 no messenger, 1 failed"]


def test_a_mailing_to_nobody_says_so(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    Progress(log, 0, clock=clock).finish()
    assert caplog.messages == ["0 done in 0 s: no recipients"]


def test_totals_name_every_outcome_and_are_plain(log: logging.Logger, clock: Clock) -> None:
    progress = Progress(log, 5, clock=clock)
    progress.add(Outcome.DEFERRED, 2)
    assert progress.totals == {
        "sent": 0, "skipped": 0, "suppressed": 0, "no_messenger": 0, "failed": 0, "deferred": 2,
    }  # fmt: skip
    assert {type(name) for name in progress.totals} == {str}  # XCom keeps what is plain


def test_the_first_failures_are_put_into_words(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    progress = Progress(log, 100, clock=clock)
    for number in range(1, 7):
        progress.failed(number, "+7*****7890", f"there is no {PHONE}")
    assert len(caplog.messages) == 6
    for number in range(7, 20):
        progress.failed(number, "+7*****7890", "no")
    assert caplog.messages == [
        *(f"Row {number} (+7*****7890): there is no +7*****7890" for number in range(1, 6)),
        "Further failures are in the report only",
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert sum(progress.totals.values()) == 0


def test_a_recipient_that_was_not_masked_is(
    log: logging.Logger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    Progress(log, 1, clock=clock).failed(1, PHONE, "no")
    assert caplog.messages == ["Row 1 (+7*****7890): no"]

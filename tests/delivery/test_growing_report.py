"""The report while a mailing is sent: those of whom something is known, each once, and private."""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.growing_report import GrowingReport, RevisedReport
from airflow_provider_wahelp.delivery.mailing.outcome import Outcome
from airflow_provider_wahelp.delivery.mailing.queued_message import OPEN, QueuedMessage
from airflow_provider_wahelp.delivery.mailing.report import ReportRow
from airflow_provider_wahelp.delivery.mailing.rows import read_rows
from airflow_provider_wahelp.delivery.mailing.worklist import Worklist
from airflow_provider_wahelp.storage import files
from tests.clock import Clock

COUNT = 6


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def worklist() -> Iterator[Worklist]:
    with Worklist() as people:
        numbers = range(1, COUNT + 1)
        with people.filling():
            people.add([QueuedMessage(number, f"key {number}", "text", 300 + number) for number in numbers])
        yield people


@pytest.fixture(params=[".csv", ".jsonl"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return tmp_path / f"report{request.param}"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take local files for those of a storage that must be uploaded to."""
    monkeypatch.setattr(files, "_LOCAL", set())


def growing(path: Path, worklist: Worklist, clock: Clock) -> GrowingReport:
    return GrowingReport(f"file://{path}", worklist.results.report, ReportRow, clock)


def outcomes(path: Path) -> dict[int, str]:
    """Return the report's rows; fail for one that is there twice, or is none."""
    rows = list(read_rows(path))
    found = {int(row["number"]): str(row["outcome"]) for row in rows if isinstance(row, dict)}
    assert len(found) == len(rows)
    return found


def send(worklist: Worklist, report: Any, number: int) -> None:
    worklist.settle(number, Outcome.SENT, message_id=500 + number)
    report.add(number)


def uploaded(report: GrowingReport) -> bool:
    """Return whether the upload has ended, which is when the pause before the next begins."""
    return bool(cast("Any", report._file)._upload.done())


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_has_at_each_moment_the_rows_so_far(path: Path, worklist: Worklist, clock: Clock) -> None:
    worklist.reject(COUNT + 1, Outcome.SKIPPED, "a bad row")
    report = growing(path, worklist, clock)
    report.renew()
    assert outcomes(path) == {COUNT + 1: "skipped"}
    expected = {COUNT + 1: "skipped"}
    for number in (2, 1, 3):
        send(worklist, report, number)
        report.tick()
        expected[number] = "sent"
        assert outcomes(path) == expected
    report.finish()
    assert list(outcomes(path).items()) == [
        *((number, "sent") for number in (1, 2, 3)),
        *((number, "deferred") for number in (4, 5, 6)),
        (7, "skipped"),
    ]


def test_what_it_says_so_far_is_what_it_says_at_the_end(path: Path, worklist: Worklist, clock: Clock) -> None:
    report = growing(path, worklist, clock)
    report.renew()
    for number in range(1, COUNT + 1):
        send(worklist, report, number)
    report.tick()
    so_far = path.read_bytes()
    report.finish()
    assert path.read_bytes() == so_far


def test_who_was_under_way_in_an_earlier_attempt_is_in_it_once(
    path: Path, worklist: Worklist, clock: Clock
) -> None:
    report = growing(path, worklist, clock)
    worklist.settle(1, OPEN)
    worklist.settle(2, OPEN)
    report.renew()
    assert outcomes(path) == {1: "deferred", 2: "deferred"}
    send(worklist, report, 1)
    worklist.try_again(2)
    report.renew()
    assert outcomes(path) == {1: "sent"}
    send(worklist, report, 2)
    report.tick()
    assert outcomes(path) == {1: "sent", 2: "sent"}


def test_it_is_its_owners_alone_from_the_first_byte(path: Path, worklist: Worklist, clock: Clock) -> None:
    path.write_text("earlier")
    path.chmod(0o666)
    umask = os.umask(0)
    try:
        report = growing(path, worklist, clock)
        assert path.read_text() == "earlier"  # until there is something to say
        report.renew()
        modes = [stat.S_IMODE(path.stat().st_mode)]
        send(worklist, report, 1)
        report.tick()
        modes.append(stat.S_IMODE(path.stat().st_mode))
        report.finish()
        modes.append(stat.S_IMODE(path.stat().st_mode))
    finally:
        os.umask(umask)
    assert modes == [0o600] * 3
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_it_is_uploaded_now_and_then(path: Path, worklist: Worklist, clock: Clock) -> None:
    report = growing(path, worklist, clock)
    report.renew()
    report.tick()
    wait_until(lambda: uploaded(report))
    for number in (1, 2):
        send(worklist, report, number)
        clock.now += 14
        report.tick()
    assert path.read_text().count("sent") == 0
    clock.now += 5
    report.tick()
    wait_until(lambda: uploaded(report))
    assert outcomes(path) == {1: "sent", 2: "sent"}
    report.finish()
    assert len(outcomes(path)) == COUNT


@pytest.mark.usefixtures("elsewhere")
def test_an_upload_that_is_on_its_way_never_replaces_what_comes_after_it(
    path: Path, worklist: Worklist, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, pread = threading.Event(), threading.Event(), os.pread

    def slow(*arguments: int) -> bytes:
        begun.set()
        go_on.wait(10)
        return pread(*arguments)

    monkeypatch.setattr(os, "pread", slow)
    report = growing(path, worklist, clock)
    worklist.settle(1, OPEN)
    report.renew()
    report.tick()
    assert begun.wait(10)
    send(worklist, report, 2)
    started = time.monotonic()
    report.tick()  # the sending does not wait for it
    report.renew()
    assert time.monotonic() - started < 5
    threading.Timer(0.2, go_on.set).start()
    report.finish()
    assert len(outcomes(path)) == COUNT


def test_a_disk_that_fails_is_a_warning_and_the_report_comes_later(
    path: Path,
    worklist: Worklist,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    path.write_text("earlier")
    report = growing(path, worklist, clock)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        report.renew()
        for number in (1, 2):
            send(worklist, report, number)
            clock.now += 60
            report.tick()
        with pytest.raises(OSError, match="No space"):
            report.finish()
    assert path.read_text() == "earlier"
    assert [record.getMessage() for record in caplog.records] == [
        "The report cannot be written so far (OSError): it is tried again, and at the end"
    ]
    clock.now += 60
    report.tick()
    assert outcomes(path) == {1: "sent", 2: "sent"}
    send(worklist, report, 3)
    report.tick()
    assert outcomes(path) == {1: "sent", 2: "sent", 3: "sent"}


@pytest.mark.usefixtures("elsewhere")
def test_a_storage_that_fails_is_asked_again(
    path: Path, worklist: Worklist, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, failed = growing(path, worklist, clock), threading.Event()

    def fail(*_: Any) -> bytes:
        failed.set()
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(os, "pread", fail)
        worklist.settle(1, OPEN)
        report.renew()
        report.tick()
        assert failed.wait(10)
    send(worklist, report, 2)

    def uploaded() -> bool:
        clock.now += 20
        report.tick()
        with suppress(InputError):  # in the middle of it
            return path.exists() and outcomes(path) == {1: "deferred", 2: "sent"}
        return False

    wait_until(uploaded)


def test_rows_that_change_are_written_anew_before_long(path: Path, worklist: Worklist, clock: Clock) -> None:
    report = growing(path, worklist, clock)
    worklist.settle(1, Outcome.NO_MESSENGER)
    report.renew()
    revised = RevisedReport(report)
    send(worklist, revised, 1)
    clock.now += 20
    revised.tick()
    assert outcomes(path) == {1: "no_messenger"}
    clock.now += 20
    revised.tick()
    assert outcomes(path) == {1: "sent"}

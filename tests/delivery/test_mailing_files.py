"""Mailings with files: one for all, or each row's own; once, and looked at before the first message."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from airflow_provider_wahelp.client.errors import InputError, TooManyFailuresError
from airflow_provider_wahelp.delivery.mailing import assembly
from airflow_provider_wahelp.delivery.mailing import files as files_module
from airflow_provider_wahelp.operators import SendMessagesOperator
from tests.combinations import in_turn
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import Killed, Rig, moments
from tests.delivery.test_mailing import crowd, each_once, phone
from tests.delivery.test_tracking import add_channel, followed, to_its_end

PDF = b"%PDF-1.7 of somebody"
COUNT = 6


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 3)


@pytest.fixture
def bills(tmp_path: Path) -> Path:
    """Return a folder with a bill for each of a crowd."""
    folder = tmp_path / "bills"
    folder.mkdir()
    for number in range(COUNT):
        (folder / f"bill {number}.pdf").write_bytes(PDF + str(number).encode())
    return folder


def rows(bills: Path | None = None, count: int = COUNT) -> list[dict[str, Any]]:
    folder = f"file://{bills}/" if bills else ""
    return [{**row, "bill": f"{folder}bill {number}.pdf"} for number, row in enumerate(crowd(count))]


def received(rig: Rig, count: int = COUNT) -> Iterator[tuple[int, str, str]]:
    """Yield who has got which text, with which file."""
    for number in range(count):
        for line in rig.sandbox.conversation(phone(number)):
            if line["direction"] == "outgoing":
                yield number, line["text"], unquote((line["file_url"] or "").rpartition("/")[2])


def own_once(rig: Rig, count: int = COUNT) -> None:
    wanted = {(number, f"Text {number}", f"bill {number}.pdf"): 1 for number in range(count)}
    assert Counter(received(rig, count)) == Counter(wanted)


def test_one_file_goes_to_all_and_is_looked_at_once(
    rig: Rig, bills: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Any] = []
    real = files_module.outgoing_file
    monkeypatch.setattr(files_module, "outgoing_file", lambda *given: looks.append(given) or real(*given))
    given = {"file": f"file://{bills}/bill 0.pdf", "file_name": "Offer.pdf"}
    totals = MailingTask(rig, crowd(COUNT), given=given).attempt()
    assert totals
    assert totals["sent"] == COUNT
    assert list(received(rig)) == [(number, f"Text {number}", "Offer.pdf") for number in range(COUNT)]
    assert (rig.sends(), len(looks)) == (COUNT, 1)


@pytest.mark.parametrize("in_folder", [False, True])
def test_each_row_has_its_own_file(rig: Rig, bills: Path, in_folder: bool) -> None:
    given = {"file_column": "BILL"} | ({"file": f"file://{bills}/"} if in_folder else {})
    MailingTask(rig, rows(None if in_folder else bills), given=given).attempt()
    own_once(rig)
    assert rig.sends() == COUNT


def test_rows_whose_file_cannot_go_are_bad_and_the_others_get_theirs(
    rig: Rig, bills: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(b"password")
    (bills / "bill 1.pdf").write_bytes(b"")
    (bills / "bill 2.pdf").unlink()
    people = rows()
    people[3]["bill"], people[4]["bill"], people[5]["bill"] = "../secret", None, f"{tmp_path}/secret"
    given = {"file": f"{bills}/", "file_column": "bill", "report_path": str(tmp_path / "report.csv")}
    for dry_run in (True, False):
        totals = MailingTask(rig, people, given={**given, "dry_run": dry_run}).attempt()
        assert totals
        assert (totals["skipped"], totals["deferred" if dry_run else "sent"]) == (5, 1)
        with (tmp_path / "report.csv").open() as file:
            told = {int(line["number"]): line["reason"] for line in csv.DictReader(file)}
        assert "must have 1 to 100,000,000 bytes" in told[2]
        assert "cannot be read (FileNotFoundError)" in told[3]
        assert "must name a file in the folder" in told[4]
        assert "'bill' is missing or empty" in told[5]
        assert "must name a file in the folder" in told[6]
    own_once(rig, 1)


def test_a_bad_file_can_stop_the_mailing_before_its_first_message(rig: Rig, bills: Path) -> None:
    (bills / "bill 5.pdf").unlink()
    mailing = MailingTask(rig, rows(bills), given={"file_column": "bill", "on_bad_rows": "fail"})
    with pytest.raises(InputError, match=r"1 of 6 rows are bad"):
        mailing.attempt()
    common = MailingTask(rig, rows(), given={"file": f"{bills}/bill 5.pdf"})
    for _ in range(2):
        with pytest.raises(InputError, match=r"^file: cannot be read \(FileNotFoundError\)"):
            common.attempt()
        common.given["dry_run"] = True
    assert rig.sends() == 0


@pytest.mark.parametrize(("steps", "ledger"), in_turn(moments(range(1, 26, 3)), ["store", "none", "file"]))
def test_a_worker_is_killed(rig: Rig, bills: Path, ledger: str, steps: int) -> None:
    mailing = MailingTask(rig, rows(bills), ledger, given={"file_column": "bill"})
    with suppress(Killed):
        mailing.attempt(steps)
    mailing.attempt()
    own_once(rig)


def test_what_was_sent_needs_its_file_no_more(rig: Rig, bills: Path) -> None:
    mailing = MailingTask(rig, rows(bills), given={"file_column": "bill"})
    mailing.attempt()
    for bill in bills.iterdir():
        bill.unlink()
    totals = mailing.attempt()
    assert totals
    assert (totals["sent"], totals["skipped"]) == (COUNT, 0)


@pytest.mark.parametrize("ledger", ["store", "none"])
@pytest.mark.parametrize("lost", [0.5, 1.0])
def test_a_file_whose_answer_was_lost_is_recognised(rig: Rig, bills: Path, ledger: str, lost: float) -> None:
    people = [{**row, "text": "Your bill"} for row in rows(bills)]
    rig.sandbox.inject("cut_after", operation="send_message", probability=lost, seed=7)
    MailingTask(rig, people, ledger, given={"file_column": "bill"}).attempt()
    got = Counter((number, file) for number, _, file in received(rig))
    assert got == Counter({(number, f"bill {number}.pdf"): 1 for number in range(COUNT)})


def test_a_file_that_cannot_be_recognised_is_unclear_and_not_sent_again(rig: Rig, bills: Path) -> None:
    rig.sandbox.set_habits(names_files=False)
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    mailing = MailingTask(rig, rows(bills), given={"file_column": "bill", "max_failures": 0})
    for _ in range(2):
        with pytest.raises(TooManyFailuresError, match="1 of 6 messages failed"):
            mailing.attempt()
    assert Counter(number for number, _, _ in received(rig)) == Counter(range(COUNT))


def test_a_file_that_vanishes_after_it_was_looked_at_is_a_failure_of_its_row(
    rig: Rig, bills: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bills / "bill 2.pdf").unlink()
    monkeypatch.setattr(files_module.RowFiles, "unsendable", lambda *_: iter(()))
    mailing = MailingTask(rig, rows(bills), given={"file_column": "bill", "max_failures": 1})
    totals = mailing.attempt()
    assert totals
    assert (totals["sent"], totals["failed"]) == (COUNT - 1, 1)
    assert rig.sends() == COUNT - 1


def test_a_text_with_another_file_is_another_message(rig: Rig, bills: Path) -> None:
    one = crowd(1)[0]
    people = [{**one, "bill": f"{bills}/bill {number}.pdf"} for number in (0, 1, 1)]
    totals = MailingTask(rig, people, given={"file_column": "bill"}).attempt()
    assert totals
    assert (totals["sent"], totals["skipped"]) == (2, 1)
    assert {file for _, _, file in received(rig)} == {"bill 0.pdf", "bill 1.pdf"}


def test_the_path_of_another_folder_makes_no_other_message(rig: Rig, bills: Path, tmp_path: Path) -> None:
    mailing = MailingTask(rig, rows(bills), given={"file_column": "bill"})
    mailing.attempt()
    moved = bills.rename(tmp_path / "moved")
    mailing.rows = rows(moved)
    mailing.attempt()
    own_once(rig)


def test_a_mailing_without_files_is_one_of_texts(rig: Rig) -> None:
    people = crowd(2)
    MailingTask(rig, people).attempt()
    each_once(rig, people)
    assert all(request["content_type"] == "application/json" for request in rig.sandbox.requests[-2:])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"file_column": "a", "file_name": "b"}, "^file_name: is for one file"),
        ({"file_column": "a", "file": "s3://b/c.pdf"}, "^file: must be a folder"),
        ({"file_column": 5}, "^file_column: must be the name of a column"),
    ],
)
def test_what_contradicts_itself_is_refused_in_the_dag_file(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        SendMessagesOperator(task_id="mail", recipients=[], text="Hello", **given)


def test_the_next_channel_sends_the_file_too(rig: Rig, bills: Path) -> None:
    other = add_channel(rig, "Second")
    rig.sandbox.configure(delivered_after=None)
    given = {"fallback": [other], "fallback_after": 60, "wait_timeout": 600, "file_column": "bill"}
    totals = to_its_end(followed(rig, rows(bills, 2), **given))
    assert totals["undelivered"] == 2
    assert Counter(received(rig, 2)) == Counter({(n, f"Text {n}", f"bill {n}.pdf"): 2 for n in range(2)})

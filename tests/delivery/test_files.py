"""Files: neither twice nor, without a word, lost; and one that cannot be recognised is not sent again.

``WAHELP_FILE_SENDS=1000`` makes the long run 25 times as long.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from airflow_provider_wahelp.client.errors import InputError, UnknownOutcomeError
from airflow_provider_wahelp.operators import SendFileOperator
from tests.delivery.sending_task import PHONES, Killed, Rig, Task, outcome, quiet
from tests.delivery.test_exactly_once import Sending

PDF = b"%PDF-1.7 of somebody"
BILL = "Счёт № 7 (Анна).pdf"
LOST = ("cut_after", {"operation": "send_message", "count": 1})


def links(rig: Rig) -> list[str]:
    """Return the links of all files that have reached a phone."""
    lines = chain.from_iterable(rig.sandbox.conversation(phone) for phone in PHONES)
    return [line["file_url"] for line in lines if line["direction"] == "outgoing" and line["file_url"]]


def bill(rig: Rig, text: str = "Your bill", **given: Any) -> Task:
    return Task(rig, given={"file": PDF, "file_name": BILL, **given}, text=text)


def test_a_file_is_sent_with_its_name_type_and_text(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "bill.bin").write_bytes(PDF)
    sent = bill(rig, file=f"file://{tmp_path}/bill.bin", file_name=None).attempt()
    assert (sent["text"], sent["message_type"]) == ("Your bill", "document")
    (link,) = links(rig)
    assert link == f"{rig.sandbox.url}/sandbox/files/{sent['id']}/bill.bin"
    assert rig.sends() == 1
    (asked,) = [each for each in rig.sandbox.requests if "/send_message/" in each["path"]]
    assert asked["content_type"].startswith("multipart/form-data")


def test_a_file_goes_without_a_text_too(rig: Rig) -> None:
    operator = SendFileOperator(
        task_id="send", file=b"\x89PNG\r\n\x1a\nx", file_name="chart", user_id=rig.users[0], **rig.channel
    )
    operator.__dict__["hook"] = rig.hook()
    sent = operator.execute({})
    assert (sent["text"], sent["message_type"]) == ("", "image")  # by its content: its name says nothing


@pytest.mark.parametrize("how", ["lost", "killed"])
def test_a_file_that_went_is_recognised_by_its_name_and_text(rig: Rig, how: str) -> None:
    task = bill(rig)
    if how == "lost":
        rig.sandbox.inject(LOST[0], **LOST[1])
    else:
        assert isinstance(outcome(lambda: task.attempt("after_post")), Killed)
    sent = task.attempt()
    assert (rig.sends(), len(links(rig))) == (1, 1)
    assert sent["text"] == "Your bill"


def test_a_file_that_went_need_not_exist_any_more(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "bill.pdf").write_bytes(PDF)
    task = bill(rig, file=f"{tmp_path}/bill.pdf", file_name=None)
    assert isinstance(outcome(lambda: task.attempt("after_post")), Killed)
    (tmp_path / "bill.pdf").unlink()
    assert task.attempt()["text"] == "Your bill"
    assert len(links(rig)) == 1


def test_a_file_that_did_not_go_is_sent_again(rig: Rig) -> None:
    rig.sandbox.inject("cut_before", operation="send_message", count=1)
    bill(rig).attempt()
    assert len(links(rig)) == 1


def test_a_file_whose_link_has_another_name_is_unclear_and_not_sent_again(rig: Rig) -> None:
    rig.sandbox.set_habits(names_files=False)
    rig.sandbox.inject(LOST[0], **LOST[1])
    task = bill(rig)
    with pytest.raises(UnknownOutcomeError, match="may be this file: the history does not say which"):
        task.attempt()
    with pytest.raises(UnknownOutcomeError):
        task.attempt()
    assert len(links(rig)) == 1


def test_another_file_to_the_same_person_is_another(rig: Rig) -> None:
    rig.sandbox.inject("cut_before", operation="send_message", count=1)
    task = bill(rig, text="Bill 7")
    assert isinstance(outcome(lambda: task.attempt("before_post")), Killed)
    bill(rig, text="Bill 8", file_name="other.pdf").attempt()
    task.attempt()
    assert len(links(rig)) == 2


def test_another_file_in_a_retry_is_warned_of_and_not_sent(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "airflow_provider_wahelp")
    task = bill(rig)
    task.attempt()
    task.given["file_name"] = "other.pdf"
    assert task.attempt()["text"] is None
    assert "with another text or file" in caplog.text
    assert len(links(rig)) == 1


def test_neither_name_nor_text_is_kept_or_logged(
    rig: Rig, task_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.sandbox.inject("error_after", operation="send_message", count=1, status=500)
    task = bill(rig)
    task.attempt()
    rig.sandbox.inject("success_false", operation="send_message", count=1)
    refused = outcome(bill(rig).attempt)
    said = f"{task_log()}{task.store.kept}{refused}{refused!r}"
    for secret in ("Анна", "Your bill", "somebody"):
        assert secret not in said


@pytest.mark.parametrize(
    ("given", "must"),
    [
        ({"file": b""}, "must have 1 to 100,000,000 bytes"),
        ({"file": "/no/such/bill.pdf"}, r"cannot be read \(FileNotFoundError\)"),
        ({"file": 5}, "must be a path of object storage"),
    ],
)
def test_a_file_that_cannot_go_is_refused_before_anything_is_sent(rig: Rig, given: Any, must: str) -> None:
    with pytest.raises(InputError, match=f"^file: {must}"):
        bill(rig, **given).attempt()
    assert rig.sandbox.requests == []


def test_limit_and_part_are_settings(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__FILE_LIMIT", "19")
    with pytest.raises(InputError, match=r"^file: must have 1 to 19 bytes .*, and has 20"):
        bill(rig).attempt()
    monkeypatch.setenv("AIRFLOW__WAHELP__FILE_LIMIT", "20")
    monkeypatch.setenv("AIRFLOW__WAHELP__FILE_FIELD", "attachment")
    with pytest.raises(Exception, match="HTTP 422"):  # what the sandbox calls `file` is its guess
        bill(rig).attempt()


class Files(Sending):
    """Files with texts of their own, with one text for all, and without."""

    def __init__(self, rig: Rig, seed: int) -> None:
        super().__init__(rig, seed)
        self.names: list[str] = []
        self.unclear: set[str] = set()

    def task(self, ledger: str, given: dict[str, Any]) -> Task:
        self.names.append(f"bill {len(self.names)}.pdf")
        text = self.random.choice(["", "", "Your bill"])
        return Task(self.rig, ledger, {**given, "file": PDF, "file_name": self.names[-1]}, text=text)

    def finish(self, task: Task) -> None:
        result = outcome(task.attempt)
        if isinstance(result, UnknownOutcomeError):
            self.unclear.add(self.names[-1])
        else:
            assert isinstance(result, dict), repr(result)
        self.rig.sleep(300)  # one text for all: who gets two at a time may have got either


@pytest.mark.usefixtures("hasty")
def test_no_faulty_send_of_a_file_arrives_twice(rig: Rig) -> None:
    wanted = int(os.environ.get("WAHELP_FILE_SENDS") or 40)
    sending = Files(rig, seed=wanted)
    begun = time.monotonic()
    with quiet():
        while sending.faulty < wanted:
            sending.send()
    arrived = Counter(unquote(link.rpartition("/")[2]) for link in links(rig))
    lost = {name for name in sending.names if not arrived[name]}
    counted = {
        "sends": len(sending.names),
        "faulty": sending.faulty,
        "duplicates": sum(count > 1 for count in arrived.values()),
        "losses without a word": len(lost - sending.unclear),
        "unclear": len(sending.unclear),
        "faults": dict(rig.struck),
        "kills": dict(+sending.kills),
        "seconds": round(time.monotonic() - begun, 1),
    }
    print(counted)  # noqa: T201 - `pytest -s` shows it
    assert (counted["duplicates"], counted["losses without a word"]) == (0, 0)
    assert len(sending.unclear) <= wanted // 10

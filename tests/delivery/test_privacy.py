"""What a ledger holds once people were written to: nothing that was said, and nobody's number or name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Killed, Rig, Task
from tests.delivery.waiting_task import Case, WaitingTask, hurry

PHONE = "+79161112233"
NAME = "Praskovya"
TEXT = f"{NAME}, your code is 4711-kalach"
PERSONAL = (PHONE.lstrip("+"), PHONE[2:], NAME, TEXT, "kalach", *PHONES)
KEEPING = ("store", "file")


@pytest.fixture
def kept(rig: Rig, tmp_path: Path) -> Callable[[Task], str]:
    """Return what lies in both ledgers, keys and names of files included, as it lies there."""

    def read(task: Task) -> str:
        files = [path for path in (tmp_path / "ledger").rglob("*") if path.is_file()]
        raw = [f"{path} {path.read_text()}" for path in files]
        return "\n".join([*raw, *map(" ".join, task.store.kept.items())])

    return read


def insist_on_nothing_personal(raw: str, *, of: str = '"began"') -> None:
    assert of in raw
    assert not [found for found in PERSONAL if found in raw]


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("to", [{"phone": PHONE, "name": NAME}, {}], ids=["phone", "user"])
def test_of_one_message(rig: Rig, ledger: str, to: dict[str, Any], kept: Callable[[Task], str]) -> None:
    task = Task(rig, ledger, to, text=TEXT)
    task.attempt()
    task.attempt()
    insist_on_nothing_personal(kept(task), of='"status"')


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("kill", ["after_begun", "after_post", "after_done"])
def test_of_one_message_whose_worker_was_killed(
    rig: Rig, ledger: str, kill: str, kept: Callable[[Task], str]
) -> None:
    """The history, which tells what became of it, names the person too."""
    task = Task(rig, ledger, {"phone": PHONE, "name": NAME}, text=TEXT)
    with pytest.raises(Killed):
        task.attempt(kill)
    insist_on_nothing_personal(kept(task))
    task.attempt()
    insist_on_nothing_personal(kept(task), of='"status"')


@pytest.mark.parametrize("mode", ["worker", "triggerer"])
@pytest.mark.parametrize("ledger", KEEPING)
def test_of_one_message_that_is_waited_for_and_takes_another_channel(
    rig: Rig, mode: str, ledger: str, kept: Callable[[Task], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch, rig)
    second = str(rig.hook().create_channel("Second", "telegram", rig.project_id).uuid)
    rig.sandbox.scan(second)
    case = Case(rig, mode, rig.channel["channel_uuid"], second)
    case.lacks(case.first)
    case.delivers(read_after=30)
    task: WaitingTask = case.task(ledger=ledger, phone=PHONE, name=NAME, text=TEXT, wait_for="read")
    assert task.finish()["text"] == TEXT
    insist_on_nothing_personal(kept(task), of='"read"')
    for deferral in task.deferrals:
        insist_on_nothing_personal(f"{deferral.trigger.serialize()} {deferral.kwargs}", of="message_id")


@pytest.mark.parametrize("ledger", KEEPING)
def test_of_a_mailing(rig: Rig, ledger: str, kept: Callable[[Task], str]) -> None:
    rows = [{"phone": phone, "name": NAME, "text": TEXT} for phone in (PHONE, *PHONES)]
    mailing = MailingTask(rig, rows, ledger, given={"wait_for": "delivered", "key": "phone"})
    rig.sandbox.configure(delivered_after=1, read_after=None)
    totals = mailing.attempt()
    while totals is None:
        totals = mailing.resume()
    assert totals["delivered"] == len(rows)
    insist_on_nothing_personal(kept(mailing.task), of='"done"')

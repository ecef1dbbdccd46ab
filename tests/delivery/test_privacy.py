"""What a ledger holds once people were written to: nothing that was said, and nobody's number or name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.crowd import Dispatcher
from tests.delivery.traveller import Traveller, Voyage, hurry
from tests.delivery.world import PHONES, Killed, Task, World

PHONE = "+79161112233"
NAME = "Praskovya"
TEXT = f"{NAME}, your code is 4711-kalach"
PERSONAL = (PHONE.lstrip("+"), PHONE[2:], NAME, TEXT, "kalach", *PHONES)
KEEPING = ("store", "file")


@pytest.fixture
def kept(world: World, tmp_path: Path) -> Callable[[Task], str]:
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
def test_of_one_message(world: World, ledger: str, to: dict[str, Any], kept: Callable[[Task], str]) -> None:
    task = Task(world, ledger, to, text=TEXT)
    task.attempt()
    task.attempt()
    insist_on_nothing_personal(kept(task), of='"status"')


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("kill", ["after_begun", "after_post", "after_done"])
def test_of_one_message_whose_worker_was_killed(
    world: World, ledger: str, kill: str, kept: Callable[[Task], str]
) -> None:
    """The history, which tells what became of it, names the person too."""
    task = Task(world, ledger, {"phone": PHONE, "name": NAME}, text=TEXT)
    with pytest.raises(Killed):
        task.attempt(kill)
    insist_on_nothing_personal(kept(task))
    task.attempt()
    insist_on_nothing_personal(kept(task), of='"status"')


@pytest.mark.parametrize("mode", ["worker", "triggerer"])
@pytest.mark.parametrize("ledger", KEEPING)
def test_of_one_message_that_is_waited_for_and_takes_another_channel(
    world: World, mode: str, ledger: str, kept: Callable[[Task], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch, world)
    second = str(world.hook().create_channel("Second", "telegram", world.project_id).uuid)
    world.sandbox.scan(second)
    voyage = Voyage(world, mode, world.channel["channel_uuid"], second)
    voyage.lacks(voyage.first)
    voyage.delivers(read_after=30)
    task: Traveller = voyage.task(ledger=ledger, phone=PHONE, name=NAME, text=TEXT, wait_for="read")
    assert task.travel()["text"] == TEXT
    insist_on_nothing_personal(kept(task), of='"read"')
    for deferral in task.deferrals:
        insist_on_nothing_personal(f"{deferral.trigger.serialize()} {deferral.kwargs}", of="message_id")


@pytest.mark.parametrize("ledger", KEEPING)
def test_of_a_mailing(world: World, ledger: str, kept: Callable[[Task], str]) -> None:
    rows = [{"phone": phone, "name": NAME, "text": TEXT} for phone in (PHONE, *PHONES)]
    mailing = Dispatcher(world, rows, ledger, given={"wait_for": "delivered", "key": "phone"})
    world.sandbox.configure(delivered_after=1, read_after=None)
    totals = mailing.attempt()
    while totals is None:
        totals = mailing.resume()
    assert totals["delivered"] == len(rows)
    insist_on_nothing_personal(kept(mailing.task), of='"done"')

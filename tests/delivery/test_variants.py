"""Mailings of several texts: each person always gets the same one, and the report says which."""

from __future__ import annotations

import csv
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing import assembly
from airflow_provider_wahelp.delivery.mailing.variants import variant_of
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import Killed, Rig, Task, moments

DAY = 86_400
COUNT = 12
TEXTS = ["One, {{ row.name }}", "Two, {{ row.name }}", "{{ row.text }}"]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 3)


def phone(number: int) -> str:
    return f"+7916100{number:04}"


def crowd() -> list[dict[str, Any]]:
    return [{"phone": phone(each), "name": f"N{each}", "text": f"Own {each}"} for each in range(COUNT)]


def wanted(number: int) -> str:
    return [f"One, N{number}", f"Two, N{number}", f"Own {number}"][variant_of(phone(number), 3)]


def got(rig: Rig, number: int) -> list[str]:
    lines = rig.sandbox.conversation(phone(number))
    return [line["text"] for line in lines if line["direction"] == "outgoing"]


def mailing(rig: Rig, text: Any = tuple(TEXTS), **given: Any) -> MailingTask:
    return MailingTask(rig, crowd(), given=given, text=text)


def test_a_week_of_mailings_gives_each_person_the_text_of_the_same_place(rig: Rig, tmp_path: Path) -> None:
    places: list[list[int]] = []
    for day in range(7):
        path = tmp_path / f"{day}.jsonl"
        texts = [f"{text} on day {day}" for text in TEXTS]
        mailing(rig, texts, report_path=str(path)).attempt()
        places.append([json.loads(line)["variant"] for line in path.read_text().splitlines()])
        rig.sleep(DAY)
    assert places == [[1 + variant_of(phone(number), 3) for number in range(COUNT)]] * 7
    assert set(places[0]) == {1, 2, 3}
    for number in range(COUNT):
        assert got(rig, number) == [f"{wanted(number)} on day {day}" for day in range(7)]


@pytest.mark.parametrize("ledger", ["store", "none"])
@pytest.mark.parametrize("steps", moments(range(2, 24, 9)))
def test_a_retry_after_a_kill_sends_nobody_another_text(rig: Rig, ledger: str, steps: int) -> None:
    task = MailingTask(rig, crowd(), ledger, text=TEXTS)  # type: ignore[arg-type]
    with suppress(Killed):
        task.attempt(steps)
    task.attempt()
    task.task.clear()
    task.attempt()
    assert [got(rig, number) for number in range(COUNT)] == [[wanted(number)] for number in range(COUNT)]


def test_a_dry_run_says_who_would_get_which_and_no_text(
    rig: Rig, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    path = tmp_path / "report.csv"
    with caplog.at_level(logging.INFO):
        mailing(rig, dry_run=True, report_path=str(path)).attempt()
    shares = [line for line in caplog.messages if line.startswith("Text ")]
    counts = [sum(variant_of(phone(number), 3) == variant for number in range(COUNT)) for variant in range(3)]
    for number, (line, count) in enumerate(zip(shares, counts, strict=True), start=1):
        assert line.startswith(f"Text {number}: {count} p")
        assert line.endswith(" characters at most")
    assert not any(words in caplog.text for words in ("One,", "Two,", "Own"))
    with path.open(newline="") as file:
        assert {(row["outcome"], row["variant"]) for row in csv.DictReader(file)} == {
            ("deferred", "1"), ("deferred", "2"), ("deferred", "3"),
        }  # fmt: skip
    assert not rig.sends()


def test_one_text_has_no_number(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    mailing(rig, "Hello, {{ row.name }}", report_path=str(path)).attempt()
    assert {json.loads(line)["variant"] for line in path.read_text().splitlines()} == {None}


def test_a_row_with_both_counts_by_its_phone(rig: Rig) -> None:
    numbers = [f"+7916000000{number}" for number in range(4)]
    rows = [
        {"phone": phone, "user_id": user, "name": "A"} for phone, user in zip(numbers, rig.users, strict=True)
    ]
    texts: Any = [f"Text {number}" for number in range(16)]
    MailingTask(rig, rows, text=texts).attempt()
    assert rig.delivered() == {f"Text {variant_of(number, 16)}": 1 for number in numbers}


def test_single_sends_give_a_person_the_text_that_mailings_give(rig: Rig) -> None:
    texts = ["One", "Two", "Three"]
    for number in range(6):
        task = Task(rig, given={"phone": phone(number)}, text=texts)  # type: ignore[arg-type]
        task.attempt()
        task.attempt()
        assert got(rig, number) == [texts[variant_of(phone(number), 3)]]
    with pytest.raises(InputError, match="entry 2: "):
        Task(rig, text=["One", ""]).operator()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ([], "a list of 16 at most"),
        (["Hello"] * 17, "a list of 16 at most"),
        (["Hello", ""], "entry 2: "),
        (["Hello", "{{ row. }}"], "entry 2: is no Jinja template, line 1"),
        (["Hello", None], "entry 2: "),
    ],
)
def test_texts_that_are_none_are_refused_when_the_dag_is_parsed(rig: Rig, text: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        mailing(rig, text).operator(None)  # type: ignore[arg-type]
    assert caught.value.argument == "text"

"""Habits on the command line."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox import Habits
from airflow_provider_wahelp.sandbox.habits.profiles import profile
from airflow_provider_wahelp.sandbox.habits.spelling import WORDS, parse, spellings

from .support import fetch
from .test_server import COMMAND, address, command

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize(
    ("option", "words", "habits"),
    [
        ("history", ["page-ignored"], {"page_ignored": True}),
        ("history", ["cap=20", "oldest-first"], {"page_cap": 20, "oldest_first": True}),
        ("history", ["keep=50", "past-end=404"], {"history_keeps": 50, "past_end": 404}),
        ("history", ["has-more=always"], {"has_more": "always"}),
        ("times", ["offset=-1.5", "utc"], {"times_offset": -1.5, "times_utc": True}),
        ("times", ["no-seconds"], {"times_format": "%Y-%m-%d %H:%M"}),
        ("times", ["none"], {"times_format": None}),
        ("times", ["format=%d.%m.%Y %H:%M"], {"times_format": "%d.%m.%Y %H:%M"}),
        ("texts", ["html", "nbsp", "cut=4096"], {"texts": ("html", "nbsp"), "text_limit": 4096}),
        ("texts", ["in-answer"], {"texts_in_answer": True}),
        ("late", ["outgoing=5", "incoming=1800"], {"late_outgoing": 5.0, "late_incoming": 1800.0}),
        (
            "answers",
            ["blocked=+79161234567", "blocked=79031112233"],
            {"blocked": ["79161234567", "79031112233"]},
        ),
        ("answers", ["quota=10", "quota-status=402"], {"quota": 10, "quota_status": 402}),
        ("answers", ["log-out=3", "logged-out=404"], {"logs_out_after": 3, "logged_out_status": 404}),
        ("answers", ["retry-after-date"], {"retry_after_dates": True}),
    ],
)
def test_words_say_habits(option: str, words: Sequence[str], habits: dict[str, Any]) -> None:
    assert parse(Habits(), {option: words}) == Habits(**habits)


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ("history", "no-such"),
        ("history", "cap"),
        ("history", "cap=many"),
        ("history", "cap=0"),
        ("history", "page-ignored=yes"),
        ("times", "format=now"),
        ("texts", ""),
        ("late", "5"),
    ],
)
def test_wrong_words_end_the_command_at_once(option: str, word: str) -> None:
    with command(f"--{option}", word) as (process, line):
        assert line == ""
        assert process.wait(10) == 2


def test_every_habit_has_a_word() -> None:
    said = {word.field for words in WORDS.values() for word in words.values()}
    assert said == set(Habits().show())


def test_the_command_starts_like_a_service_with_other_habits() -> None:
    with command("--like", "worst", "--history", "cap=5", "oldest-first", "--texts", "html") as (_, line):
        url = address(line)
        shown = fetch("GET", f"{url}/sandbox/habits").json()
        faults = fetch("GET", f"{url}/sandbox/faults").json()

    worst = profile("worst")
    assert shown == worst.habits.change(page_cap=5, oldest_first=True, texts=["html"]).show()
    assert len(faults) == len(worst.faults)


def test_the_command_starts_as_production() -> None:
    with command() as (_, line):
        assert fetch("GET", f"{address(line)}/sandbox/habits").json() == Habits().show()


def test_the_help_names_every_word() -> None:
    shown = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    told = "".join(shown.split())
    for option in WORDS:
        assert f"--{option}" in told
        for word in spellings(option):
            assert word in told

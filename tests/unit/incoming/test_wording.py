"""What is written beside a question, in its language."""
# ruff: noqa: RUF001 - Cyrillic letters that look like Latin ones are what this is about

from __future__ import annotations

import pytest

from airflow_provider_wahelp.incoming.wording import UNCLEAR, VOICE, language, with_question


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Will you come?", "en"),
        ("7?", "en"),
        ("Придёте завтра?", "ru"),
        ("Anna, придёте?", "ru"),
        ("Ви прийдете о 10:00, Їжаче?", "uk"),
        ("Ертең келесіз бе, қалай ойлайсыз?", "kk"),
    ],
)
def test_the_language_is_the_one_of_the_letters(question: str, expected: str) -> None:
    assert language(question) == expected


@pytest.mark.parametrize("words", [UNCLEAR, VOICE])
def test_the_question_is_repeated_word_for_word(words: dict[str, str]) -> None:
    text = with_question(words, "Придёте завтра?")  # type: ignore[arg-type]
    assert text == f"{words['ru']}\n\nПридёте завтра?"

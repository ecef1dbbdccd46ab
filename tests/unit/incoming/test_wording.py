"""What is written beside a question, in its language."""
# ruff: noqa: RUF001 - Cyrillic letters that look like Latin ones are what this is about

from __future__ import annotations

import pytest

from airflow_provider_wahelp.incoming.wording import UNCLEAR, VOICE, language_of, with_question


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
    assert language_of(question) == expected


@pytest.mark.parametrize("sentence", [UNCLEAR, VOICE])
@pytest.mark.parametrize(("question", "language"), [("Ви прийдете?", "uk"), ("Келесіз бе, қалай?", "kk")])
def test_a_sentence_is_in_the_language_of_the_question(sentence: str, question: str, language: str) -> None:
    text = with_question(sentence, question)
    assert text.endswith(f"\n\n{question}")
    assert language_of(text.removesuffix(question)) in (language, "ru")  # one has no letter of its own
    assert sentence not in text


@pytest.mark.parametrize("sentence", [UNCLEAR, VOICE])
def test_a_language_that_is_set_goes_before_the_letters(sentence: str) -> None:
    assert with_question(sentence, "Придёте завтра?", "en") == f"{sentence}\n\nПридёте завтра?"
    assert language_of(with_question(sentence, "Order B-7: OK?", "ru").splitlines()[0]) == "ru"

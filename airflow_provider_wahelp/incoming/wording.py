"""What is written to a person beside a question: in the language that is set, or that its letters show."""

from __future__ import annotations

from typing import Literal

from airflow_provider_wahelp.language import Words, marked

UNCLEAR = marked("Sorry, I could not understand the answer.")
VOICE = marked("Sorry, voice messages cannot be listened to here. Please write your answer.")

_KAZAKH = frozenset("әғқңөұүһ")
_UKRAINIAN = frozenset("іїєґ")


def language_of(text: str) -> Literal["en", "ru", "uk", "kk"]:
    """Return the language that the letters of a text belong to."""
    letters = frozenset(text.lower())
    if letters & _KAZAKH:
        return "kk"
    if letters & _UKRAINIAN:
        return "uk"
    return "ru" if any("\u0400" <= letter <= "\u04ff" for letter in letters) else "en"


def with_question(sentence: str, question: str, language: str | None = None) -> str:
    """Return a sentence, and the question after it.

    :param language: of the sentence; that of the question by default.
    """
    return f"{Words(language or language_of(question)).gettext(sentence)}\n\n{question}"

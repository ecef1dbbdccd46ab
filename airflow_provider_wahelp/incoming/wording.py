"""What is written to a person beside the question, in its language, as far as its letters show."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "ru", "uk", "kk"]

UNCLEAR: dict[Language, str] = {
    "en": "Sorry, I could not understand the answer.",
    "ru": "Простите, ответ непонятен.",
    "uk": "Вибачте, відповідь незрозуміла.",
    "kk": "Кешіріңіз, жауап түсініксіз.",
}

VOICE: dict[Language, str] = {
    "en": "Sorry, voice messages cannot be listened to here. Please write your answer.",
    "ru": "Простите, голосовые сообщения здесь не прослушать. Напишите ответ, пожалуйста, текстом.",
    "uk": "Вибачте, голосові повідомлення тут не прослухати. Напишіть відповідь, будь ласка, текстом.",
    "kk": "Кешіріңіз, дауыстық хабарламаны мұнда тыңдау мүмкін емес. Жауапты мәтінмен жазыңызшы.",
}

_KAZAKH = frozenset("әғқңөұүһ")
_UKRAINIAN = frozenset("іїєґ")


def language(text: str) -> Language:
    """Return the language that the letters of a text belong to."""
    letters = frozenset(text.lower())
    if letters & _KAZAKH:
        return "kk"
    if letters & _UKRAINIAN:
        return "uk"
    return "ru" if any("\u0400" <= letter <= "\u04ff" for letter in letters) else "en"


def with_question(words: dict[Language, str], question: str) -> str:
    """Return a sentence in the language of a question, and the question after it."""
    return f"{words[language(question)]}\n\n{question}"

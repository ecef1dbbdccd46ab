"""Stop words and start words: messages that ask for no more messages, or for messages again."""
# ruff: noqa: RUF001 - Cyrillic letters that look like Latin ones are what this is about

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from airflow_provider_wahelp.client.folding import (
    POLITE,
    alike,
    digits_as_letters,
    folded,
    joined,
    without_repeats,
)

# fmt: off
STOP_WORDS: tuple[str, ...] = (
    # English
    "stop", "stop all", "unsubscribe", "unsubscribe me", "unsub", "opt out", "opt me out", "remove me",
    "quit", "revoke",
    # Russian
    "стоп", "отписаться", "отписка", "отписать", "отпишите", "отпишите меня", "отпиши меня", "отпишись",
    "отписываюсь", "хочу отписаться", "отменить подписку", "отмена подписки", "отменить рассылку",
    "отказаться от рассылки", "отказ от рассылки", "остановить рассылку", "стоп рассылка", "стоп рассылки",
    "не писать", "не пишите", "не пишите мне", "не пишите мне больше", "больше не пишите",
    "больше мне не пишите", "больше не пишите мне", "не беспокоить", "не беспокойте",
    # Ukrainian; стоп is the same
    "відписатися", "відписатись", "відписка", "відпишіть", "відпишіть мене", "скасувати підписку",
    "відмовитися від розсилки", "відмовитись від розсилки", "зупинити розсилку", "не писати", "не пишіть",
    "не пишіть мені", "більше не пишіть", "не турбувати", "не турбуйте",
    # Kazakh: stop, stopping, unsubscribing, do not write
    "тоқта", "тоқтат", "тоқтату", "тоқтатыңыз", "жазылудан бас тарту", "жазылымнан бас тарту",
    "жазылымды тоқтату", "жазбаңыз", "маған жазбаңыз",
    # стоп and stop with the keyboard in the other language
    "cnjg", "ыещз",
)
"""What asks for no more messages, in English, Russian, Ukrainian and Kazakh.

"Cancel", "end", "no", "отмена", "отказ", "нет" are left out: people answer a question about their order with
them. Where a mailing wants them: ``(*STOP_WORDS, "cancel")``.
"""

START_WORDS: tuple[str, ...] = (
    # English
    "start", "unstop", "subscribe", "subscribe me", "resubscribe", "opt in", "opt me in", "resume",
    # Russian
    "старт", "подписаться", "подписка", "подпишите", "подпишите меня", "подпиши меня", "подписываюсь",
    "хочу подписаться", "оформить подписку", "возобновить", "возобновите", "возобновить подписку",
    "возобновите подписку", "возобновить рассылку", "возобновите рассылку",
    # Ukrainian; старт is the same
    "підписатися", "підписатись", "підписка", "підпишіть", "підпишіть мене", "хочу підписатися",
    "відновити", "відновіть", "відновити підписку", "відновити розсилку",
    # Kazakh: start, subscribing, subscribe me, resuming
    "баста", "бастау", "жазылу", "жазылғым келеді", "жазылымды қайта бастау", "қайта жазылу", "қайта бастау",
    # старт and start with the keyboard in the other language
    "cnfhn", "ыефке",
)
"""What lifts an opt-out, in English, Russian, Ukrainian and Kazakh.

"Yes", "continue", "да", "продолжить" are left out, as people answer a question with them.
"""

# fmt: on

_LONGEST = 1000  # characters; a stop word has no need of more, however it is decorated
_MOST_PIECES = 6  # of a text that may be several of the words: each more costs time for every message

Wish = Literal["stop", "start"]


def wish(text: str | None, stop_words: Iterable[str], start_words: Iterable[str] = ()) -> Wish | None:
    """Return what a message asks for, if stop words or start words are all that it says.

    Case, punctuation, emoji, invisible characters, spaced or repeated letters and letters that look alike
    make no difference ("S T O P", "ST0P!!!"). Polite words around it neither: "Стоп, пожалуйста" is meant as
    it sounds. "Stop by tomorrow" does not count. Of both kinds in one message the stop counts.

    :param stop_words: in any spelling.
    :param start_words: in any spelling.
    """
    if not text or len(text) > _LONGEST:
        return None
    stops, starts = folded_words(tuple(stop_words)), folded_words(tuple(start_words))
    tokens = _tokens(text)
    if _says(tokens, stops, starts):
        return "stop"
    return "start" if _says(tokens, starts, frozenset()) else None


def is_stop(text: str | None, words: Iterable[str] = STOP_WORDS) -> bool:
    """Return whether a message asks for no more messages: see :func:`wish`."""
    return wish(text, words) == "stop"


def shared_word(stop_words: Iterable[str], start_words: Iterable[str]) -> str | None:
    """Return the first start word that is a stop word too, however it is spelt."""
    stops = folded_words(tuple(stop_words))
    return next((word for word in start_words if folded_words((word,)) & stops), None)


def _says(tokens: list[str], wanted: frozenset[str], others: frozenset[str]) -> bool:
    """Return whether one of the wanted words is said, and apart from it only others, and polite ones."""
    polite = _polite() - wanted
    plain = (token for token in tokens if joined(token) not in polite)
    return (
        joined(tokens) in wanted
        or joined(plain) in wanted
        or (len(tokens) <= _MOST_PIECES and _consists_of(tokens, wanted, polite | others))
    )


def _consists_of(tokens: list[str], wanted: frozenset[str], others: frozenset[str]) -> bool:
    """Return whether a text can be cut into such words, one of them a wanted one."""
    without, with_wanted = {0}, set[int]()
    for end in range(1, len(tokens) + 1):
        for start in sorted(without | with_wanted):
            word = joined(tokens[start:end])
            if word in wanted or (start in with_wanted and word in others):
                with_wanted.add(end)
            elif word in others:
                without.add(end)
    return len(tokens) in with_wanted


@lru_cache
def folded_words(words: tuple[str, ...]) -> frozenset[str]:
    """Return the words as they are compared."""
    return frozenset(filter(None, (joined(_tokens(word)) for word in words)))


@lru_cache
def _polite() -> frozenset[str]:
    return folded_words(POLITE)


def _tokens(text: str) -> list[str]:
    """Return the words of a text, folded, each once where it is repeated in a row."""
    words = "".join(char if char.isalnum() else " " for char in folded(text))
    return list(without_repeats(digits_as_letters(alike(words)).split()))

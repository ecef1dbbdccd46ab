"""Stop words: messages that ask for no more messages."""
# ruff: noqa: RUF001 - Cyrillic letters that look like Latin ones are what this is about

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

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

_POLITE = (
    "please", "pls", "plz", "thanks", "thank", "you", "thx", "hi", "hello",
    "пожалуйста", "пожалуста", "пж", "пжл", "пжлст", "плиз", "спасибо", "здравствуйте", "добрый", "день",
    "ласка", "будь", "дякую", "вітаю", "рахмет", "өтінемін", "сәлеметсіз", "бе",
)

# After casefold: letters that look alike, or are typed for one another.
_ALIKE = str.maketrans(
    "авеѕіјкмнорстухԁһԛԝӏ" "қңғұүөһ" "01345" "lı",
    "abesijkmhopctyxdhqwi" "khгyyoh" "oiзчs" "ii",
)
# fmt: on

_LONGEST = 1000  # characters; a stop word has no need of more, however it is decorated


def is_stop(text: str | None, words: Iterable[str] = STOP_WORDS) -> bool:
    """Return whether a message asks for no more messages: a stop word must be all that it says.

    Case, punctuation, emoji, invisible characters, spaced or repeated letters and letters that look alike
    make no difference ("S T O P", "ST0P!!!"). Polite words around it neither: "Стоп, пожалуйста" is meant as
    it sounds, and a person who is left out by mistake can write again. "Stop by tomorrow" does not count.

    :param words: the stop words, in any spelling.
    """
    if not text or len(text) > _LONGEST:
        return False
    folded = folded_words(tuple(words))
    tokens = _tokens(text)
    plain = (word for word in tokens if _joined(word) not in _polite())
    return _joined(tokens) in folded or _joined(plain) in folded


@lru_cache
def folded_words(words: tuple[str, ...]) -> frozenset[str]:
    """Return the words as they are compared."""
    return frozenset(filter(None, (_joined(_tokens(word)) for word in words)))


@lru_cache
def _polite() -> frozenset[str]:
    return folded_words(_POLITE)


def _tokens(text: str) -> list[str]:
    """Return the words of a text, folded, each once where it is repeated in a row."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    kept = (char for char in folded if unicodedata.category(char) not in {"Mn", "Me", "Cf"})
    words = "".join(char if char.isalnum() else " " for char in kept).translate(_ALIKE).split()
    return list(_without_repeats(words))


def _joined(words: Iterable[str]) -> str:
    """Return words as one, without repeated letters: "opt-out" is "optout", and "СТОООП" is "СТОП"."""
    return "".join(_without_repeats("".join(words)))


def _without_repeats(items: Iterable[str]) -> Iterator[str]:
    last = ""
    for item in items:
        if item != last:
            yield item
        last = item

"""Words as they are compared, however they were typed: case, marks, repeats, letters that look alike."""
# ruff: noqa: RUF001 - Cyrillic letters that look like Latin ones are what this is about

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

POLITE: tuple[str, ...] = (
    *("please", "pls", "plz", "thanks", "thank", "you", "thx", "hi", "hello"),
    *("пожалуйста", "пожалуста", "пж", "пжл", "пжлст", "плиз", "спасибо", "здравствуйте", "добрый", "день"),
    *("ласка", "будь", "дякую", "вітаю", "рахмет", "өтінемін", "сәлеметсіз", "бе"),
)
"""Words that are said around what is meant."""

_INVISIBLE = {"Mn", "Me", "Cf"}

# fmt: off
# After casefold: letters that look alike, or are typed for one another.
_ALIKE = str.maketrans(
    "авеѕіјкмнорстухԁһԛԝӏ" "қңғұүөһ",
    "abesijkmhopctyxdhqwi" "khгyyoh",
)
_AS_CYRILLIC = str.maketrans("abeijkmhopctyx", "авеіјкмнорстух")
_AS_LETTERS = str.maketrans("01345" "lı", "oiзчs" "ii")
# fmt: on


def folded(text: str) -> str:
    """Return a text without case, marks over letters and invisible characters."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in decomposed if unicodedata.category(char) not in _INVISIBLE)


def alike(word: str) -> str:
    """Return a folded word in the letters that all look-alikes become."""
    return word.translate(_ALIKE)


def in_one_script(word: str) -> str:
    """Return a folded word of Latin and Cyrillic letters in the one script that it may be meant in.

    In a word of one script no letter is taken for another: "ні" is not "hi".
    """
    if word.isascii() or _is_cyrillic(word):
        return word
    changed = word.translate(_AS_CYRILLIC)
    return changed if _is_cyrillic(changed) else alike(word)


def _is_cyrillic(word: str) -> bool:
    return all("\u0400" <= char <= "\u052f" for char in word)


def digits_as_letters(word: str) -> str:
    """Return a folded word without the digits that are written for letters."""
    return word.translate(_AS_LETTERS)


def joined(words: Iterable[str]) -> str:
    """Return words as one, without repeated letters: "opt-out" is "optout", and "СТОООП" is "СТОП"."""
    return "".join(without_repeats("".join(words)))


def without_repeats(items: Iterable[str]) -> Iterator[str]:
    """Return items, each once where it is repeated in a row."""
    last = ""
    for item in items:
        if item != last:
            yield item
        last = item

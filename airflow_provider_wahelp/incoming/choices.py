"""Which answer to a question a text means. What leaves room for doubt is no answer."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.client.folding import folded, in_one_script, without_repeats
from airflow_provider_wahelp.incoming.vocabulary import AROUND, DOUBT, FIRM, NO_WORDS, YES_WORDS

Answers = Mapping[str, Sequence[str]]
"""The words for each answer, by the answer's name. Their order is the one of the numbers 1, 2, ..."""

Words = tuple[str, ...]

YES, NO = "yes", "no"
"""Answers of these names are understood without any words of the author's."""

_KNOWN = {YES: YES_WORDS, NO: NO_WORDS}
_UNCLEAR = ""  # no answer has this name
_LONGEST = 200  # characters; a longer text says more than an answer
_MOST = 12  # words
_PLUSES = frozenset("+")
_MINUSES = frozenset("-\N{MINUS SIGN}\N{EN DASH}\N{EM DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}")
_KAZAKH = str.maketrans("әғқңөұүһ", "агкноуух")  # as they are typed on another keyboard


@dataclass(frozen=True)
class Choices:
    """The answers to a question, as texts are compared with them.

    :param own: the author's words.
    :param phrases: all words, also those that are known without the author, and the numbers.
    """

    own: Mapping[Words, str]
    phrases: Mapping[Words, str]

    def meaning(self, text: str | None) -> str | None:
        """Return the answer that a text means; ``None`` if it means none, or more than one, or asks back.

        Case, punctuation, spaced or repeated letters and letters that look alike make no difference, nor do
        polite words around the answer. Any other word does: "Да, но позже" is no answer.
        """
        if not text or len(text) > _LONGEST or "?" in unicodedata.normalize("NFKC", text):
            return None
        spoken = _spoken(text, _symbols(self.phrases))
        words = tuple(without_repeats(spoken))
        if words != spoken and self._are_at_odds(spoken):
            return None
        if words in self.own:
            return self.own[words]
        readings = _readings(words, self.phrases) if len(words) <= _MOST else frozenset()
        if len(readings) != 1:
            return None
        (said,) = readings
        return self._agreed(said, words)

    def _are_at_odds(self, spoken: Words) -> bool:
        """Return whether words say two answers of which one is the end of the other."""
        readings = _readings(spoken, self.phrases) if len(spoken) <= _MOST else frozenset()
        return any(len(said) > 1 for said in readings)

    def _agreed(self, said: frozenset[str], words: Words) -> str | None:
        if not said and YES in self.own.values() and _is_firm(words):
            return YES
        return next(iter(said)) if len(said) == 1 and _UNCLEAR not in said else None


@lru_cache(maxsize=256)
def _choices(answers: tuple[tuple[str, Words], ...]) -> Choices:
    own = dict(_own_words(answers))
    known = {word: name for name, words in _KNOWN.items() if name in dict(answers) for word in _each(words)}
    doubts = dict.fromkeys(_each(DOUBT), _UNCLEAR)
    return Choices(own, {**doubts, **known, **_numbers([name for name, _ in answers], own), **own})


def choices_of(answers: Answers) -> Choices:
    """Return the answers to a question, ready to compare texts with.

    :param answers: the words for each answer, by its name, which is one of the words.
    :raises InputError: if there are fewer than two, or a text could mean two of them.
    """
    return _choices(tuple((name, tuple(words)) for name, words in answers.items()))


def check_answers(value: object) -> dict[str, list[str]]:
    """Return the words for each answer, by its name.

    :param value: such words, or names alone.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = dict.fromkeys(value, ())
    if not isinstance(value, Mapping) or len(value) < 2 or not all(map(_is_answer, value.items())):  # noqa: PLR2004
        raise InputError("answers", 'must be two answers or more, e.g. {"yes": ["I come"], "no": []}')
    answers = {name: [words] if isinstance(words, str) else list(words) for name, words in value.items()}
    choices_of(answers)
    return answers


def _is_answer(item: tuple[object, object]) -> bool:
    name, words = item
    listed = [words] if isinstance(words, str) else words
    return (
        isinstance(name, str)
        and bool(name.strip())
        and isinstance(listed, Sequence)
        and all(isinstance(word, str) and word.strip() for word in listed)
    )


def _own_words(answers: Iterable[tuple[str, Words]]) -> Iterator[tuple[Words, str]]:
    """Yield the author's words and the names of the answers, each of which means one answer."""
    found: dict[Words, str] = {}
    for name, words in answers:
        for word in (name, *words):
            folded_word = _words_of(word, ())
            if not folded_word:
                raise InputError("answers", f"has nothing to compare in {word!r}")
            if found.setdefault(folded_word, name) != name:
                raise InputError(
                    "answers", f"has {word!r} for two answers, {found[folded_word]!r} and {name!r}"
                )
    yield from found.items()


def _numbers(names: Sequence[str], own: Mapping[Words, str]) -> dict[Words, str]:
    """Return the numbers of the answers, unless the author's own words have numbers."""
    if any(word.isdigit() for words in own for word in words):
        return {}
    return {(str(number),): name for number, name in enumerate(names, 1)}


@lru_cache
def _each(phrases: Words) -> frozenset[Words]:
    return frozenset(_words_of(phrase, ()) for phrase in phrases)


@lru_cache
def _around() -> frozenset[Words]:
    return _each(AROUND) | _each(FIRM)


def _is_firm(words: Words) -> bool:
    """Return whether a text that only has words around an answer underlines one."""
    parts = {words[start:end] for start in range(len(words)) for end in range(start + 1, len(words) + 1)}
    return bool(parts & _each(FIRM))


def _readings(words: Words, phrases: Mapping[Words, str]) -> frozenset[frozenset[str]]:
    """Return the answers that are said, for each way to cut a text into phrases and words around them."""
    nothing: frozenset[str] = frozenset()
    until = [{nothing}, *(set[frozenset[str]]() for _ in words)]
    for end in range(1, len(words) + 1):
        for start in range(end):
            phrase = words[start:end]
            if phrase in phrases:
                until[end] |= {said | {phrases[phrase]} for said in until[start]}
            elif phrase in _around():
                until[end] |= until[start]
    return frozenset(until[-1])


def _symbols(phrases: Collection[Words]) -> frozenset[str]:
    return frozenset(word for words in phrases for word in words if not word.isalnum())


def _words_of(text: str, symbols: Collection[str]) -> Words:
    """Return the words and signs of a text as they are compared, each once where it is repeated in a row."""
    return tuple(without_repeats(_spoken(text, symbols)))


def _spoken(text: str, symbols: Collection[str]) -> Words:
    """Return the words and signs of a text as they are compared.

    :param symbols: the signs that count, beside letters and digits; with none, all do.
    """
    text = folded(text.replace("\N{NUMERO SIGN}", " ")).strip()
    if text and _PLUSES.issuperset(text):
        return ("+",)
    if text and _MINUSES.issuperset(text):
        return ("-",)
    spaced = "".join(char if char.isalnum() else _apart(char, symbols) for char in text)
    words = spaced.split()
    if len(words) > 1 and all(len(word) == 1 and word.isalpha() for word in words):
        words = ["".join(words)]  # s p a c e d
    return tuple(map(_plain, words))


def _apart(char: str, symbols: Collection[str]) -> str:
    """Return a sign as a word of its own; a space in place of what decorates."""
    counts = unicodedata.category(char) == "So" and (not symbols or char in symbols)
    return f" {char} " if counts else " "


def _plain(word: str) -> str:
    """Return a word as it is compared: a number as it is, a word without repeated letters."""
    if not word.isalpha():
        return word
    return "".join(without_repeats(in_one_script(word).translate(_KAZAKH)))

"""What opts a person out of mailings, and what ends that. Cheap: DAG files import it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.send_options import seconds
from airflow_provider_wahelp.incoming.stop_words import (
    START_WORDS,
    STOP_WORDS,
    Wish,
    folded_words,
    shared_word,
    wish,
)

OPT_OUT_FOR = timedelta(days=365)

_RULES = 3  # to be counted up with any change to what is a stop word, as what was read by old rules is void


@dataclass(frozen=True)
class OptOutRules:
    """A stop word opts out. A later start word ends that, or time.

    :param stop_words: without any, nobody opts out.
    :param lasts: seconds after which an opt-out ends by itself; ``None``: never.
    """

    stop_words: tuple[str, ...] = STOP_WORDS
    start_words: tuple[str, ...] = START_WORDS
    lasts: float | None = OPT_OUT_FOR.total_seconds()

    @classmethod
    def checked(cls, stop_words: Any, start_words: Any, opt_out_for: Any) -> Self:
        """Return the rules of an operator's arguments.

        :raises InputError: if one is not what it must be, or one word is in both lists.
        """
        stops = _words(stop_words, "stop_words", STOP_WORDS)
        starts = _words(start_words, "start_words", START_WORDS)
        if stops and (word := shared_word(stops, starts)):
            raise InputError("start_words", f'must not hold "{word}", which is one of stop_words')
        return cls(stops, starts, _lasts(opt_out_for))

    def wish(self, text: str | None) -> Wish | None:
        """Return what a message asks for."""
        return wish(text, self.stop_words, self.start_words)

    def oldest(self, now: float) -> float:
        """Return when the oldest stop word was written that counts at a moment."""
        return -math.inf if self.lasts is None else now - self.lasts

    def fingerprint(self) -> list[object]:
        """Return what tells these rules from others."""
        lists = (self.stop_words, self.start_words)
        return [_RULES, self.lasts, *(sorted(folded_words(words)) for words in lists)]


def _words(value: Any, argument: str, default: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(value, bool):
        return default if value else ()
    listed = isinstance(value, list | tuple | set | frozenset)
    if not listed or not all(isinstance(word, str) and word.strip() for word in value):
        raise InputError(argument, "must be True, False or a list of words")
    return tuple(value)


def _lasts(value: Any) -> float | None:
    if isinstance(value, str):
        raise InputError("opt_out_for", "must be a timedelta, a number of seconds or None; it is no template")
    return None if value is None else seconds(value, "opt_out_for")

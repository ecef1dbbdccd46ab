"""What the arguments of a question must be. Cheap: DAG files import it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.incoming import wording
from airflow_provider_wahelp.incoming.choices import check_answers
from airflow_provider_wahelp.incoming.question import Decide, OnUnclear, PromptKind

MAX_REPEATS = 2

decide: Callable[[Any], Decide] = arguments.one_of("decide", get_args(Decide))
on_unclear: Callable[[Any], OnUnclear] = arguments.one_of("on_unclear", get_args(OnUnclear))


def max_repeats(value: Any) -> int:
    """Return how often a person is asked again."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 3):  # noqa: PLR2004 - nobody reads so many
        raise InputError("max_repeats", "must be a whole number, 0 or more")
    return int(text)


def phone_list(value: Any) -> list[str]:
    """Return the phones of several people."""
    listed = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
    if not listed:
        raise InputError("phones", "must be a list of phone numbers")
    return [phones.check(phone) for phone in listed]


def branches(value: Any) -> dict[str, list[str]]:
    """Return the ids of the tasks that follow each answer."""
    valid = isinstance(value, Mapping) and bool(value)
    listed = {name: [ids] if isinstance(ids, str) else ids for name, ids in value.items()} if valid else {}
    ids = [each for ids in listed.values() for each in (ids if isinstance(ids, list | tuple) else [None])]
    if not listed or not all(isinstance(each, str) and each for each in ids):
        raise InputError("branches", 'must have ids of tasks for each answer, e.g. {"yes": "book", "no": []}')
    return {str(name): list(ids) for name, ids in listed.items()}


def check_names(answers: Any, default: Any, named: Any) -> None:
    """Refuse a default that is no answer, and branches for others than all answers."""
    names = set(check_answers(answers))
    if default is not None and default != "" and default not in names:
        raise InputError("default", f"must be one of the answers: {', '.join(map(repr, sorted(names)))}")
    if named and set(branches(named)) != names:
        raise InputError("branches", "must have a branch for each answer, and for nothing else")


def texts(
    question: str, language: str | None, unclear: str | None, voice: str | None, reminder: str | None
) -> dict[PromptKind, str]:
    """Return what is sent beside a question.

    :param language: of what the author has not written; that of the question by default.
    """
    return {
        "unclear": unclear or wording.with_question(wording.UNCLEAR, question, language),
        "voice": voice or wording.with_question(wording.VOICE, question, language),
        "reminder": reminder or question,
    }

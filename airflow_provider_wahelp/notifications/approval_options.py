"""The options of an ``ApprovalOperator``, which Airflow has in English only."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_wahelp.language import LANGUAGES, Words, marked

APPROVE, REJECT = marked("Approve"), marked("Reject")


def are_of_airflow(options: Sequence[str]) -> bool:
    """Return whether options are those of an ``ApprovalOperator``."""
    return tuple(options) == (APPROVE, REJECT)


def shown_options(options: Sequence[str], words: Words) -> list[str]:
    """Return options as people read them; those that an author has written as they are."""
    return list(map(words.quoted, options)) if are_of_airflow(options) else list(options)


def in_each_language(option: str) -> list[str]:
    """Return all that people may call an option of Airflow's."""
    return list(dict.fromkeys(Words(language).quoted(option) for language in LANGUAGES))

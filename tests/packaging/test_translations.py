"""The catalogues of translations: complete, compiled, and those of the words in the sources."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.checkers import num_plurals, python_format
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import airflow_provider_wahelp
from airflow_provider_wahelp.incoming.wording import UNCLEAR, VOICE
from airflow_provider_wahelp.language import LANGUAGES

PACKAGE = Path(airflow_provider_wahelp.__file__).parent
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "marked": None, "marked_many": (1, 2)}
BESIDE_QUESTIONS = ("uk", "kk")
ANEW = "say `make translations`, and translate"


def catalogue(language: str) -> Catalog:
    with (PACKAGE / f"locale/{language}/LC_MESSAGES/wahelp.po").open("rb") as file:
        return read_po(file, language)


def ids(of: Catalog) -> set[object]:
    return {message.id for message in of if message.id}


@pytest.fixture(scope="module")
def sources() -> set[object]:
    found = extract_from_dir(PACKAGE, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


@pytest.mark.parametrize("language", [*LANGUAGES[1:], *BESIDE_QUESTIONS])
def test_a_catalogue_has_the_words_of_the_sources_and_no_others(language: str, sources: set[object]) -> None:
    assert ids(catalogue(language)) == sources, ANEW


@pytest.mark.parametrize("language", [*LANGUAGES[1:], *BESIDE_QUESTIONS])
def test_a_catalogue_is_compiled(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    assert (PACKAGE / f"locale/{language}/LC_MESSAGES/wahelp.mo").read_bytes() == compiled.getvalue(), ANEW


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_each_message_is_translated_in_all_its_forms(language: str) -> None:
    of = catalogue(language)
    for message in of:
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms), f"{message.id}: {ANEW}"
        assert not message.fuzzy or not message.id
        num_plurals(of, message)
        python_format(of, message)
        if message.id:
            one = message.id if isinstance(message.id, str) else message.id[-1]
            assert {frozenset(_places(form)) for form in forms} == {frozenset(_places(one))}, message.id


@pytest.mark.parametrize("language", BESIDE_QUESTIONS)
def test_what_is_said_beside_a_question_is_translated(language: str) -> None:
    assert all(catalogue(language)[sentence].string for sentence in (UNCLEAR, VOICE))


def _places(text: str) -> list[str]:
    """Return what a message has in braces."""
    return [part.partition("}")[0] for part in text.split("{")[1:]]

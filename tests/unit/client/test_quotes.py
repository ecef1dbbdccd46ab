# ruff: noqa: RUF001 - the API speaks Russian
"""Nothing that was sent shows in words of the API, however these quote it; and words that are theirs stay."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_wahelp.client.masking import scrub, without_echoes
from airflow_provider_wahelp.client.quotes import PART

TEXT = "Здравствуйте, Анна! Заказ «Чайник & Ко» №4220 ждёт <вас>"

ESCAPES: dict[str, Callable[[str], str]] = {
    "as-it-is": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON-in-JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "JSON-capitals": lambda text: re.sub(
        r"\\u(....)", lambda m: rf"\u{m[1].upper()}", json.dumps(text)[1:-1]
    ),
    "HTML": html.escape,
    "HTML-numbers": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "HTML-hex": lambda text: text.encode("ascii", "xmlcharrefreplace").decode().replace(" ", "&#x20;"),
    "HTML-of-JSON": lambda text: html.escape(json.dumps(text)),
    "HTML-twice": lambda text: html.escape(html.escape(text)),
    "address": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "bytes": lambda text: repr(text.encode())[2:-1],
    "capitals": str.upper,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "one-line": lambda text: " ".join(text.split()),
    "wrapped": lambda text: text.replace(" ", "\n  "),
    "NBSP": lambda text: text.replace(" ", "&nbsp;"),
}
AROUND = [
    ("", ""),
    ("The message ", " is invalid"),
    ("Ошибка: «", "…» (422)"),
    ('{"text":"', '"}'),
    ("text=", "&id=1"),
]

# Words that errors are made of cannot be made of these letters.
TEXTS = st.text("qzxjwkщъэфжыЩЪ 0123456789.,!?<>&'\"%😀é\n", min_size=PART, max_size=60)


def legible(words: str) -> str:
    """Return what a reader, or a decoder, makes of words."""
    for _ in range(3):
        words = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), words)
        words = html.unescape(unquote_plus(words))
    words = words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return re.sub(r"[\s\\]", "", unicodedata.normalize("NFC", words).casefold())


def shown_of(text: str, words: str) -> list[str]:
    """Return the parts of a text that can be read in words."""
    whole, read = legible(text), legible(words)
    parts = (whole[start : start + PART] for start in range(len(whole) - PART + 1))
    return [part for part in parts if part in read]


@pytest.mark.parametrize("escape", ESCAPES)
@given(text=TEXTS, cut=st.tuples(st.integers(0, 60), st.integers(0, 60)), around=st.sampled_from(AROUND))
@example(TEXT, (0, 60), AROUND[0])
@example(TEXT, (0, 18), AROUND[1])
@example(TEXT, (9, 60), AROUND[2])
@example("0" * 17 + "%80", (12, 20), AROUND[0])
def test_no_part_of_a_text_shows(
    escape: str, text: str, cut: tuple[int, int], around: tuple[str, str]
) -> None:
    quoted = ESCAPES[escape](text[slice(*cut)])
    assert shown_of(text, scrub(quoted.join(around), (text,))) == []


@given(text=TEXTS, cut=st.integers(0, 400), escape=st.sampled_from(list(ESCAPES)))
def test_no_part_of_an_escaped_text_shows_that_is_cut_anywhere(text: str, cut: int, escape: str) -> None:
    assert shown_of(text, scrub(f"bad: {ESCAPES[escape](text)[:cut]}…", (text,))) == []


@given(
    before=st.text(max_size=40),
    after=st.text(max_size=40),
    private=st.lists(st.text(max_size=20), max_size=4),
)
def test_any_words_can_be_scrubbed(before: str, after: str, private: list[str]) -> None:
    for value in private:
        for scrubbed in (scrub, without_echoes):
            scrubbed(f"{before}{value}{after}", private)


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("private", ["s3cret-pass", "eyJhbGciOi.J9", "Иванова", "+79161234567"])
def test_what_is_around_a_quote_stays(private: str, escape: str) -> None:
    shown = scrub(f"The message “{ESCAPES[escape](private)}” is not sent (422)", (private,))
    assert re.fullmatch(r"The message “\W*(quot;)?\*\*\*\W*(quot;)?” is not sent \(422\)", shown)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("The message is invalid", "Your message is here"),
        ("The message is invalid", "message"),
        ("The given data was invalid.", "Data of your order are here"),
        ("Сообщение не отправлено", "Ваше сообщение отправлено"),
        ("У номера нет нужного мессенджера", "У номера 5 нет хозяина"),
        ("HTTP 422, code 1234", "Order 42212 of 1234"),
        ("see https://wahelp.ru/faq", "https://example.com/pay"),
        ("no such channel: whatsapp", "Channel of WhatsApp"),
        ("The user already exists", "user"),
        ("Status 422", "422"),
        ("nothing", "no"),
        ("a token is required", "token-1"),
    ],
)
def test_words_that_an_api_says_stay(words: str, text: str) -> None:
    assert scrub(words, (text,)) == words


@pytest.mark.parametrize(
    ("words", "private", "shown"),
    [
        ("bad: Анна", ("Анна",), "bad: ***"),
        ("bad: Аннам", ("Анна",), "bad: Аннам"),
        ("bad: &quot;&#1040;нна&quot;", ("Анна",), "bad: &quot;***&quot;"),
        ("user1234 is unknown", ("user1234",), "*** is unknown"),
        ("token-1 is unknown", ("token-1",), "*** is unknown"),
        ("!!##$$%% is bad", ("!!##$$%%",), "*** is bad"),
        ("👍👍👍👍👍👍 is bad", ("👍👍👍👍👍👍👍",), "*** is bad"),
    ],
)  # fmt: skip
def test_short_values_are_scrubbed_where_they_are_words(
    words: str, private: tuple[str, ...], shown: str
) -> None:
    assert scrub(words, private) == shown


def test_a_text_that_is_repeated_hides_no_wording_of_the_api() -> None:
    words = "Номер не подключен; Если номер не подключен, звоните"
    assert without_echoes(words, ("Если номер не подключен, звоните",)) == "Номер не подключен; ***"

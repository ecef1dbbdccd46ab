"""Whether a text of the history is one that was sent."""

from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_wahelp.client.likeness import CUT, Likeness, digest, likeness, sketch

TEXT = "Анна & «Ольга»,  ваш столик на 19:30 готов ❤\ufe0f\n\nhttps://shop.example.com/o/17?a=1&b=2"
LONG = "Заказ 17 готов. " * 200
SAME, PERHAPS, OTHER = Likeness.SAME, Likeness.PERHAPS, Likeness.OTHER


@pytest.mark.parametrize(
    ("sent", "found", "alike"),
    [
        (TEXT, TEXT, SAME),
        (TEXT, html.escape(TEXT), SAME),
        (TEXT, html.escape(html.escape(TEXT)), SAME),
        ("R&amp;D", "R&amp;amp;D", SAME),
        (TEXT, TEXT.replace(" ", "\u00a0"), SAME),
        (TEXT, " ".join(TEXT.split()), SAME),
        (TEXT, TEXT.replace("\n\n", "\r\n"), SAME),
        (TEXT, TEXT.replace("\ufe0f", ""), SAME),
        (TEXT, "\u200b".join(TEXT), SAME),
        (unicodedata.normalize("NFD", TEXT), unicodedata.normalize("NFC", TEXT), SAME),
        (TEXT, TEXT.replace("https://shop.example.com/o/17?a=1&b=2", "https://clck.example/x9"), PERHAPS),
        (TEXT, TEXT.replace("/o/17?", "/o/18?"), OTHER),
        (TEXT, TEXT.replace("https://shop.example.com/o/17?a=1&b=2", ""), OTHER),
        (LONG, LONG[: CUT + 50], SAME),
        (LONG, html.escape(LONG.replace("готов", "&"))[:CUT], OTHER),
        (LONG + "&" * 900, html.escape(LONG + "&" * 900)[: len(LONG) + 52], SAME),
        (f"https://shop.example.com {LONG}", f"https://clck.example/x {LONG}"[: CUT + 99], PERHAPS),
        (LONG, LONG[:300], OTHER),
        (TEXT, None, PERHAPS),
        (TEXT, " ", PERHAPS),
        (TEXT, "_Message deleted_", PERHAPS),
        ("Заказ 17 готов, Анна", "Заказ 17 готов — Анна!", PERHAPS),
        ("Сегодня +5", "Сегодня -5", PERHAPS),
        ("Код aB3x", "Код Ab3x", PERHAPS),
        ("x²", "x2", OTHER),
        ("Заказ 17 готов, Анна", "Заказ 18 готов, Анна", OTHER),
        ("Заказ готов, Анна, ждём вас", "До встречи в субботу", OTHER),
        ("❤", "❤", SAME),
        ("❤", "👍", OTHER),
    ],
)
def test_a_text_is_compared_by_what_it_says(sent: str, found: str | None, alike: Likeness) -> None:
    assert likeness(sent, found) is alike


@given(st.text(), st.text())
def test_the_same_digest_is_the_same_text(one: str, other: str) -> None:
    assert (digest(one) == digest(other)) <= (likeness(one, other) in {SAME, PERHAPS})


def test_any_text_of_a_history_has_a_digest() -> None:
    assert digest("half \ud83d ") == digest("half \ud83d") != digest("half ?")


def test_a_sketch_leaves_out_links_and_the_end() -> None:
    assert sketch(TEXT) == sketch(
        TEXT.replace("https://shop.example.com/o/17?a=1&b=2", "https://clck.example/x")
    )
    assert sketch(LONG) == sketch(LONG[: 2 * CUT])
    assert sketch("Заказ 17 готов") != sketch("Заказ 18 готов")

"""Whether a message of the history is a file that was sent."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client.file_likeness import name_digest, with_file
from airflow_provider_wahelp.client.likeness import Likeness, digest, likeness
from airflow_provider_wahelp.client.models import Message

NAME = "Счёт № 7.pdf"
SAME, PERHAPS, OTHER = Likeness.SAME, Likeness.PERHAPS, Likeness.OTHER
LINK = "https://files.example/u/%D0%A1%D1%87%D1%91%D1%82%20%E2%84%96%207.pdf"


def compare(caption: str, text: str | None, **fields: Any) -> Likeness:
    message = Message(
        id=1, **{"user_id": 5, "message_type": "document", "file_url": LINK, **fields}, text=text
    )
    return with_file(name_digest(NAME), digest(caption), message, likeness(caption, text))


@pytest.mark.parametrize(
    ("caption", "text", "fields", "expected"),
    [
        ("Your bill", "Your bill", {}, SAME),
        ("", "", {}, SAME),
        ("", None, {}, SAME),
        ("Your bill", "Your  bill", {"file_url": "https://x.example/a7f3_Счёт_№_7.PDF?sign=1"}, SAME),
        ("Your bill", "Your bill", {"file_url": "https://x.example/17.pdf"}, PERHAPS),
        ("Your bill", "Your bill", {"file_url": None}, PERHAPS),
        ("Your bill", "", {}, PERHAPS),
        ("", NAME, {}, PERHAPS),
        ("Your bill", "Good morning, how are you?", {}, PERHAPS),
        ("Your bill", "Good morning, how are you?", {"file_url": "https://x.example/1.pdf"}, OTHER),
        ("", "", {"file_url": "https://x.example/1.pdf"}, PERHAPS),
        ("Your bill", "Your bill", {"user_id": None}, PERHAPS),
        ("Your bill", "_Message deleted_", {}, PERHAPS),
        ("Your bill", "Your bill", {"message_type": "text", "file_url": None}, PERHAPS),  # the text alone
        ("Your bill", "Good morning, how are you?", {"message_type": "text", "file_url": None}, OTHER),
        ("", "Good morning", {"message_type": "text", "file_url": None}, OTHER),
        ("", "_Message deleted_", {"message_type": "text", "file_url": None}, PERHAPS),
        ("", None, {"message_type": None, "file_url": None}, PERHAPS),
    ],
)
def test_only_what_certainly_is_the_file_is_it_and_what_may_be_it_is_unclear(
    caption: str, text: str | None, fields: Any, expected: Likeness
) -> None:
    assert compare(caption, text, **fields) is expected


@pytest.mark.parametrize("other", ["17.pdf", "Счёт № 17.pdf", "Счёт № 7.pdf.zip", "pdf", ""])
def test_another_name_is_another(other: str) -> None:
    assert compare("Your bill", "Your bill", file_url=f"https://x.example/{other}") is PERHAPS


def test_the_digest_holds_for_each_spelling_of_a_name() -> None:
    assert name_digest("Bill (7).PDF") == name_digest("bill_7_.pdf") == name_digest("Bill%20%287%29.pdf")
    assert name_digest("bill 7.pdf") != name_digest("bill 17.pdf")

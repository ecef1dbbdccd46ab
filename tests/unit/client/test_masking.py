from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import phones
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.masking import mask_phone, mask_url, scrub


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+79161234567", "+7*****4567"),
        ("8 (916) 123-45-67", "+7*****4567"),
        ("89161234567", "+7*****4567"),
        (79161234567, "+7*****4567"),
        ("84951234567", "8*****4567"),
        ("1234567890", "1*****7890"),
        ("0009161234567", "0*****4567"),
        ("+89161234567", "+8*****4567"),
        ("79161234567.0", "+7*****4567"),
        ("1234567", "***"),
        ("", "***"),
        (None, "***"),
    ],
)
def test_a_phone_shows_its_ends(phone: Any, shown: str) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com/in/s3cret", "https://example.com/***"),
        ("https://example.com?token=s3cret", "https://example.com/***"),
        ("https://user:s3cret@example.com:8443/in", "https://example.com:8443/***"),
        ("https://example.com/#s3cret", "https://example.com"),
    ],
)
def test_an_address_shows_its_host(url: str, shown: str) -> None:
    assert mask_url(url) == shown


@pytest.mark.parametrize(
    ("words", "private", "shown"),
    [
        ("no +79161234567!", (), "no +7*****4567!"),
        ("no 8 (916) 123-45-67", (), "no +7*****4567"),
        ("order 20261128174200", (), "order 2*****4200"),
        ("79161234567,79031112233", (), "+7*****4567,+7*****2233"),
        ("channel 201, code 1234567", (), "channel 201, code 1234567"),
        ("s3cret and s3cret", ("s3cret",), "*** and ***"),
        ("abcdef abc", ("abc", "abcdef"), "*** ***"),
        ("no change", ("", "a", "no"), "no change"),
        ("line one\nline two", ("line one\nline two",), "***"),
    ],
)
def test_words_lose_what_was_sent_and_every_phone(words: str, private: tuple[str, ...], shown: str) -> None:
    assert scrub(words, private) == shown


def test_what_a_phone_must_be_is_told_as_it_is() -> None:
    """Its example is nobody's number."""
    with pytest.raises(InputError) as caught:
        phones.normalise("8 916")
    assert scrub(str(caught.value)) == str(caught.value)
    assert "e.g. +7" in str(caught.value)

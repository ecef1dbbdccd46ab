"""Which of several texts a person gets."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from airflow_provider_wahelp.delivery.mailing.variants import Share, tell_preview, variant_of
from airflow_provider_wahelp.delivery.send_options import MOST_VARIANTS

PEOPLE = [f"+7916{number:07}" for number in range(3000)]


def test_a_person_gets_the_same_one_in_any_process_and_release() -> None:
    assert [variant_of(person, 3) for person in PEOPLE[:12]] == [1, 1, 1, 0, 0, 0, 2, 1, 0, 0, 1, 2]


def test_each_text_goes_to_as_many() -> None:
    for count in (2, 3, MOST_VARIANTS):
        shares = Counter(variant_of(person, count) for person in PEOPLE)
        assert set(shares) == set(range(count))
        assert min(shares.values()) > 0.7 * len(PEOPLE) / count


def test_one_text_more_moves_nobody_between_the_others() -> None:
    for person in PEOPLE:
        assert variant_of(person, 4) in {variant_of(person, 3), 3}


def test_a_preview_says_who_gets_what(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        tell_preview([Share(1, 1, 20), Share(3, 1200, 1000)])
    assert caplog.messages == [
        "Text 1: 1 person, 20 characters at most",
        "Text 3: 1,200 people, 1,000 characters at most",
    ]

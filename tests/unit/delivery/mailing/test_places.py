"""Which number writes to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from airflow_provider_wahelp.client.models import User
from airflow_provider_wahelp.delivery.mailing.places import Places
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage

NUMBERS = ("one", "two", "three")


def person(number: int, user_id: int | None = None) -> QueuedMessage:
    return QueuedMessage(number, f"key {number}", "Hi", user_id, f"+7916{number:07}" if not user_id else "")


@pytest.fixture
def places() -> Iterator[Places]:
    made = Places(NUMBERS)
    yield made
    made.close()


def test_people_whom_no_number_knows_are_spread_evenly_and_stay(places: Places) -> None:
    given = {each: places.of(person(each)) for each in range(900)}
    assert min(Counter(given.values())[number] for number in NUMBERS) > 250
    fewer = Places(NUMBERS[:2])
    assert all(fewer.of(person(each)) == number for each, number in given.items() if number != "three")
    turned = Places(NUMBERS[::-1])
    assert all(turned.of(person(each)) == number for each, number in given.items())


def test_the_number_that_knows_somebody_writes_to_them(places: Places) -> None:
    places.add_users(
        "two", [User(id=7, phone="8 (916) 000-00-01"), User(id=8), User(phone="79160000003")], ()
    )
    assert places.of(person(1)) == places.of(person(9, user_id=7)) == "two"
    assert places.of(person(9, user_id=99)) == "one"  # of no list: it is asked there, as without others


def test_what_was_begun_stays_where_it_was(places: Places) -> None:
    places.add_users("two", [User(id=7, phone="79160000001")], ())
    assert places.is_new()
    places.add_begun("three", ["key 1"])
    assert not places.is_new()
    assert places.of(person(1)) == "three"


def test_who_has_stopped_in_one_number_has_stopped_in_all(places: Places) -> None:
    places.add_users("one", [User(id=7, phone="79160000001"), User(id=9, phone="79160000002")], ())
    places.add_users("two", [User(id=8, phone="79160000001")], {8})
    assert places.has_stopped(person(1))
    assert places.has_stopped(person(5, user_id=7))
    assert not places.has_stopped(person(2))
    assert not places.has_stopped(person(5, user_id=9))
    assert not places.has_stopped(person(5, user_id=77))

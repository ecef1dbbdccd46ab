"""The habits that other tests draw are all that there are."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import find, given

from airflow_provider_wahelp.sandbox import Habits
from tests.delivery.habits import AXES, habits, production_habits

# Set by the test that knows whom and when.
SET_BY_TESTS = {"names_files", "blocked", "quota", "quota_status", "logs_out_after"}


@given(habits())
def test_any_mixture_is_a_service(drawn: Habits) -> None:
    assert isinstance(drawn, Habits)


def test_every_habit_is_drawn() -> None:
    drawn = {name for axis in AXES for setting in axis for name in setting}
    assert drawn | SET_BY_TESTS == {field.name for field in fields(Habits)}


def test_the_simplest_service_is_that_of_production() -> None:
    assert find(habits(), lambda _: True) == find(production_habits(), lambda _: True) == Habits()

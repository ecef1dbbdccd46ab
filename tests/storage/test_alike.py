"""The three states answer alike, whatever is asked; they are held to the directory in memory."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.storage.state.directory import DirectoryState
from airflow_provider_wahelp.storage.state.interface import Limits, Rate, Seen

from .conftest import Open
from .test_state import Clock

NAMES = itertools.count()


def _limits(rates: list[Rate], gap: float, jitter: float) -> Limits:
    return Limits(tuple(rates), gap, jitter * gap)


RATES = st.lists(st.builds(Rate, st.integers(1, 6), st.integers(1, 90_000)), max_size=2)
LIMITS = st.builds(_limits, RATES, st.floats(0, 9e4), st.floats(0, 1))
PASSED = st.integers(0, 40) | st.integers(-20_000, 90_000)
ASKED = st.lists(st.tuples(st.integers(0, 1), st.floats(-1, 1), PASSED, st.booleans()), max_size=25)


@pytest.mark.parametrize("kind", ["redis", "postgres"], indirect=True)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=st.tuples(LIMITS, LIMITS), asked=ASKED)
def test_the_same_is_answered(
    opened: Open, limits: tuple[Limits, Limits], asked: list[tuple[int, float, int, bool]]
) -> None:
    clock = Clock()
    states = [DirectoryState(None, clock), opened(clock)]
    name = next(NAMES).to_bytes(16)
    seen: Seen | None = None
    for which, shift, passed, remembers in asked:
        clock.now += passed
        own, known = limits[which], seen if remembers else None
        turns = [state.take(name, own, shift * own.jitter, known) for state in states]
        assert turns[0] == turns[1]
        assert len({state.count(name, 60_000) for state in states}) == 1
        seen = turns[0].seen
    states[1].close()

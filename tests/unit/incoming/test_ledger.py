"""Which messages a run is given: each once, whatever the events' order, and again in a repetition."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from airflow_provider_wahelp.assets.event import IncomingEvent
from airflow_provider_wahelp.incoming.ledger import MARGIN, ReadState, StoredEvent

START = datetime(2026, 11, 29, 12, tzinfo=UTC)


def stored(number: int, seconds: float | None = None) -> StoredEvent:
    at = START + timedelta(seconds=number)
    event = IncomingEvent(key=f"message:{number}", id=number, kind="message", channel_uuid="c-1", at=at)
    return StoredEvent(event, at if seconds is None else START + timedelta(seconds=seconds))


def read(state: ReadState, run_id: str, events: Iterable[StoredEvent]) -> tuple[ReadState, list[int | str]]:
    """Read as a task does: from the stored state, and only what is stored since its start."""
    again = ReadState.from_json(state.to_json())
    assert again
    since = again.start(run_id)
    after, found = again.assign(run_id, [each for each in events if each.stored >= since])
    return after, [each.id for each in found]


def test_what_no_run_was_given_is_given_to_the_next_in_order() -> None:
    state, found = read(ReadState(START), "one", [stored(2), stored(1)])
    assert found == [1, 2]
    state, found = read(state, "two", [stored(3), stored(2), stored(1)])
    assert found == [3]
    assert read(state, "three", [stored(3)])[1] == []


def test_an_event_that_is_stored_later_than_a_newer_one_is_not_missed() -> None:
    state, _ = read(ReadState(START), "one", [stored(500)])
    assert read(state, "two", [stored(500), stored(1)])[1] == [1]


def test_the_same_message_is_read_once_however_often_it_is_told_of() -> None:
    state, found = read(ReadState(START), "one", [stored(1), stored(1, 5)])
    assert found == [1]
    hours_later = stored(1, 3600 * 5)
    assert read(state, "two", [hours_later])[1] == []


@pytest.mark.parametrize("later", [1, 3])
def test_a_run_that_is_repeated_is_given_the_same(later: int) -> None:
    events = [stored(1), stored(2)]
    state, found = read(ReadState(START), "one", events)
    for number in range(later):
        events.append(stored(1000 * (number + 1)))
        state, _ = read(state, f"later {number}", events)
    assert read(state, "one", events) == (state, found)


def test_in_whatever_order_events_are_stored_each_message_is_read_once() -> None:
    random = Random(1)
    state, events, found = ReadState(START), list[StoredEvent](), list[int | str]()
    for run in range(50):
        now = run * 20.0
        late = MARGIN.total_seconds() / 2
        events += [stored(run * 10 + n, now - random.uniform(0, late)) for n in range(10)]
        events += random.sample(events, 3)
        state, new = read(state, f"run {run}", events)
        found += new
        if random.random() < 0.3:
            assert read(state, f"run {run}", events)[1] == new
    assert sorted(map(int, found)) == list(range(500))


def test_the_state_stays_below_what_airflow_takes_as_one_value() -> None:
    state = ReadState(START)
    for run in range(400):
        state, found = read(state, f"run {run}", [stored(run * 600 + n) for n in range(40)])
        assert len(found) == 40
    size = len(json.dumps(state.to_json()))
    assert 50_000 < size < 64 * 1024
    assert len(state.runs) < 200


def test_what_was_read_within_the_margin_is_known_however_much_it_is() -> None:
    """A flood would be read twice otherwise."""
    state = ReadState(START)
    flood = [
        StoredEvent(replace(stored(0).event, key=f"message:{n}", id=n), START + timedelta(seconds=n / 40))
        for n in range(16_000)
    ]
    given = list[int | str]()
    for run in range(8):
        state, found = read(state, f"run {run}", flood[: (run + 1) * 2000])
        given += found
    assert sorted(map(int, given)) == list(range(16_000))


def test_few_messages_are_known_for_a_day() -> None:
    state, _ = read(ReadState(START), "one", [stored(1)])
    for hour in range(1, 24):
        state, found = read(state, f"hour {hour}", [stored(1, 3600 * hour), stored(3600 * hour)])
        assert found == [3600 * hour]

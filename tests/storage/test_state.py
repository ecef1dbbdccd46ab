"""One suite for all states: what each operation promises, on a directory, a Redis and a PostgreSQL."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import pytest

from airflow_provider_wahelp.storage.state.interface import (
    KEPT,
    Limits,
    Rate,
    Records,
    Seen,
    State,
    StateAwayError,
    Turn,
)
from demo.process import wait_until

from .conftest import Open

R = TypeVar("R")

START = 1_780_000_000_000
MINUTE = Rate(3, 60_000)
DAY = Rate(5, 86_400_000)
LIMITS = Limits((MINUTE, DAY))
NAME, OTHER = b"a channel", b"\0another\xff"


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now / 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_message_goes_where_all_rates_have_room(opened: Open, clock: Clock) -> None:
    state = opened(clock)
    assert state.take(NAME, LIMITS, 0.0) == Turn(0, START, 0, -1, Seen(START, 1))
    clock.now += 1000
    assert [state.take(NAME, LIMITS, 0.0).wait for _ in range(2)] == [0, 0]
    assert state.take(NAME, LIMITS, 0.0) == Turn(59_001, clock.now, clock.now, 0, Seen(clock.now, 3))
    assert state.take(OTHER, LIMITS, 0.0).wait == 0
    clock.now += 60_001
    assert [state.take(NAME, LIMITS, 0.0).wait for _ in range(2)] == [0, 0]
    full = state.take(NAME, LIMITS, 0.0)
    assert (full.held, full.wait) == (1, START + 86_400_001 - clock.now)
    assert (state.count(NAME, 86_400_000), state.count(NAME, 60_000), state.count(b"none", KEPT)) == (5, 2, 0)


def test_a_place_is_kept_however_far_off_it_the_message_went(opened: Open, clock: Clock) -> None:
    state, even = opened(clock), Limits((), 1000.0, 200.0)
    assert state.take(NAME, even, 150.0).wait == 0
    assert state.take(NAME, even, 150.0).wait == 1150
    clock.now += 1150
    assert state.take(NAME, even, 0.0).wait == 0
    assert state.take(NAME, even, -200.5).wait == 650  # from the place, which was 150 before, and rounded up
    clock.now += 5000
    assert state.take(NAME, even, 0.0).wait == 0
    assert state.take(NAME, even, 0.0).wait == 800  # what is more than chance is not caught up on


def test_all_see_what_one_counts(opened: Open, clock: Clock) -> None:
    one, two = opened(clock), opened(clock)
    assert [state.take(NAME, LIMITS, 0.0).wait for state in (one, two, one)] == [0, 0, 0]
    assert two.take(NAME, LIMITS, 0.0).wait == 60_001


def test_a_clock_that_is_set_back_neither_lifts_a_limit_nor_holds_for_long(
    opened: Open, clock: Clock
) -> None:
    state = opened(clock)
    assert [state.take(NAME, LIMITS, 0.0).wait for _ in range(3)] == [0, 0, 0]
    clock.now -= 7_200_000
    assert state.take(NAME, LIMITS, 0.0).wait == 60_001
    clock.now += 60_001
    assert state.take(NAME, LIMITS, 0.0).wait == 0


def test_what_a_server_has_lost_is_counted_anew_by_who_has_seen_it(opened: Open, clock: Clock) -> None:
    state = opened(clock)
    seen = Seen(START - 10_000, 3)
    lost = state.take(NAME, LIMITS, 0.0, seen)
    assert lost == Turn(50_001, START, START - 10_000, 0, seen)
    assert state.take(NAME, LIMITS, 0.0, seen) == lost, "counted once"
    assert state.take(OTHER, LIMITS, 0.0, Seen(START - 90_000_000, 3)).wait == 0, "too long ago to matter"


def test_a_log_forgets_what_no_window_reaches(opened: Open, clock: Clock) -> None:
    state = opened(clock)
    state.take(NAME, LIMITS, 0.0)
    clock.now += KEPT + 1
    state.take(NAME, LIMITS, 0.0)
    clock.now -= 1000
    assert state.count(NAME, 2 * KEPT) == 1


def test_values_are_read_as_they_were_written(opened: Open) -> None:
    state, other = opened(), opened()
    assert state.read([]) == {}
    values = {bytes([number]) * 16: bytes(range(256)) * number for number in range(5)}
    for name, content in values.items():
        state.write(name, content)
    assert other.read([*values, b"none"]) == values
    other.write(NAME, b"one")
    state.write(NAME, b"two", 1000.0)
    assert other.read([NAME]) == {NAME: b"two"}
    state.forget(NAME, b"one")
    assert other.read([NAME]) == {NAME: b"two"}
    state.forget(NAME, b"two")
    assert other.read([NAME, *values]) == values
    state.forget(next(iter(values)))
    assert len(other.read(list(values))) == 4
    many = [number.to_bytes(16) for number in range(1200)]
    state.write(many[-1], b"last")
    assert other.read(many) == {many[-1]: b"last"}


def test_a_value_ends_when_its_time_is_over(opened: Open) -> None:
    state = opened()
    state.write(NAME, b"short", 0.05)
    state.write(OTHER, b"long", 60.0)
    wait_until(lambda: not state.read([NAME]), timeout=10, what="the end of a value")
    assert state.read([NAME, OTHER]) == {OTHER: b"long"}


def test_of_all_who_claim_one_gets_it_until_its_time_is_over(opened: Open) -> None:
    states = [opened() for _ in range(8)]
    got = _at_once(states, lambda number, state: state.claim(NAME, bytes([number]), 60.0))
    assert sum(got) == 1
    first = got.index(True)
    assert states[0].read([NAME]) == {NAME: bytes([first])}
    assert states[0].claim(NAME, bytes([first]), 60.0), "who has not heard that it has it asks again"
    states[0].forget(NAME, bytes([first]))
    assert states[1].claim(NAME, b"short", 0.05)
    wait_until(lambda: states[2].claim(NAME, b"next", 60.0), timeout=10, what="the end of a claim")
    assert not states[1].claim(NAME, b"too late", 60.0)


def test_records_are_read_as_they_were_written(opened: Open) -> None:
    state = opened()

    def write(records: Records) -> None:
        records.put(NAME, b"record")
        for at, name in ((3.5, b"c"), (1.25, b"b"), (1.25, b"a")):
            records.add(b"list", name, now + at)
        assert records.get([NAME]) == {}, "what is written shows later"

    now = state.alone("scope", 10.0, 1000.0, lambda records: records.now())
    state.alone("scope", 10.0, 1000.0, write)

    def read(records: Records) -> list[object]:
        found = [(name, round(at - now, 2)) for name, at in records.members(b"list")]
        late = [name for name, _ in records.members(b"list", now + 1.26)]
        return [records.get([NAME, OTHER]), found, late, records.members(b"none")]

    members = [(b"a", 1.25), (b"b", 1.25), (b"c", 3.5)]
    assert state.alone("scope", 10.0, 1000.0, read) == [{NAME: b"record"}, members, [b"c"], []]
    assert state.alone("another", 10.0, 1000.0, read) == [{}, [], [], []]

    def change(records: Records) -> None:
        records.put(NAME, b"another")
        records.add(b"list", b"a", now + 9)
        records.drop(b"list", b"c")

    opened().alone("scope", 10.0, 1000.0, change)
    after = [{NAME: b"another"}, [(b"b", 1.25), (b"a", 9.0)], [b"a"], []]
    assert state.alone("scope", 10.0, 1000.0, read) == after


def test_many_lists_are_read_as_one_is(opened: Open, clock: Clock) -> None:
    state, now = opened(clock), START / 1000
    groups = [number.to_bytes(16) for number in range(1100)]

    def write(records: Records) -> None:
        for number, group in enumerate(groups[1:]):
            records.add(group, b"b", now + number)
            records.add(group, b"a", now + number)

    def read(records: Records) -> object:
        found = records.members_of(groups, now + 600)
        assert found[groups[700]] == records.members(groups[700], now + 600)
        return list(found) and sorted(found), found[groups[-1]], records.members_of([b"none"], 0.0)

    state.alone("scope", 10.0, 5000.0, write)
    last = [(b"a", now + 1098), (b"b", now + 1098)]
    assert state.alone("scope", 10.0, 5000.0, read) == (groups[601:], last, {})


def test_a_list_forgets_what_is_older_than_it_is_kept(opened: Open, clock: Clock) -> None:
    state = opened(clock)
    state.alone("scope", 10.0, 100.0, lambda records: records.add(b"list", b"old", records.now()))
    clock.now += 90_000
    state.alone("scope", 10.0, 100.0, lambda records: records.add(b"list", b"new", records.now()))
    clock.now += 20_000
    [(name, _)] = state.alone("scope", 10.0, 100.0, lambda records: records.members(b"list"))
    assert name == b"new"


def test_work_that_fails_writes_nothing(opened: Open) -> None:
    state = opened()

    def fail(records: Records) -> None:
        records.put(NAME, b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        state.alone("scope", 10.0, 1000.0, fail)
    assert opened().alone("scope", 10.0, 1000.0, lambda records: records.get([NAME])) == {}


def test_who_is_alone_is_alone(opened: Open) -> None:
    def count(records: Records) -> int:
        number = int(records.get([NAME]).get(NAME, b"0")) + 1
        records.put(NAME, str(number).encode())
        return number

    states = [opened() for _ in range(8)]
    numbers = _at_once(
        states, lambda _, state: [state.alone("scope", 30.0, 1000.0, count) for _ in range(10)]
    )
    assert sorted(number for each in numbers for number in each) == list(range(1, 81))


def test_whoever_waits_in_vain_is_told(opened: Open, kind: str) -> None:
    if kind == "directory":
        pytest.skip("there a second file decides: see the tests of alerts")
    one, two = opened(), opened()

    def ask(_: Records) -> None:
        with pytest.raises(StateAwayError):
            two.alone("scope", 0.1, 1000.0, lambda records: records.now())
        assert two.alone("another", 0.1, 1000.0, lambda records: records.now())

    one.alone("scope", 0.1, 1000.0, ask)


def test_what_is_asked_at_once_is_counted_once_each(opened: Open) -> None:
    states = [opened() for _ in range(8)]
    limits = Limits((Rate(50, 86_400_000),))
    turns = _at_once(states, lambda _, state: [state.take(NAME, limits, 0.0).wait == 0 for _ in range(10)])
    assert sum(got for each in turns for got in each) == 50
    assert states[0].count(NAME, 86_400_000) == 50


def test_the_time_is_the_servers(opened: Open, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real + 86_400)
    shift = 0 if kind != "directory" else 86_400  # a host has no other clock than its own
    state = opened(time.time if kind == "directory" else None)
    now = state.alone("scope", 10.0, 1000.0, lambda records: records.now())
    assert math.isclose(now, real + shift, abs_tol=300)
    assert math.isclose(state.take(NAME, LIMITS, 0.0).now / 1000, real + shift, abs_tol=300)


def _at_once(states: list[State], work: Callable[[int, State], R]) -> list[R]:
    """Let each state do some work, all at the same time."""
    results: dict[int, R] = {}
    start = threading.Barrier(len(states))

    def run(number: int) -> None:
        start.wait()
        results[number] = work(number, states[number])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(states))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in range(len(states))]

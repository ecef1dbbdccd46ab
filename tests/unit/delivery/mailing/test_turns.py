"""Loops in turns: time is driven."""

from __future__ import annotations

import contextvars
from functools import partial

import pytest

from airflow_provider_wahelp.delivery.mailing.turns import Turns

TASK: contextvars.ContextVar[str] = contextvars.ContextVar("task")


class Time:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def test_what_waits_lets_the_others_go_on(time: Time) -> None:
    turns, seen = Turns[str](time.sleep, lambda: time.now), list[tuple[float, str]]()

    def work(name: str, seconds: float, times: int) -> str:
        for _ in range(times):
            turns.sleep(seconds)
            seen.append((time.now, name))
        return name.upper()

    results = turns.run({"a": partial(work, "a", 2.0, 3), "b": partial(work, "b", 3.0, 2)})
    assert results == {"a": "A", "b": "B"}
    assert sorted(seen) == [(2, "a"), (3, "b"), (4, "a"), (6, "a"), (6, "b")]
    assert time.now == 6


def test_the_first_error_breaks_the_others_off_where_they_wait(time: Time) -> None:
    turns, left = Turns[None](time.sleep, lambda: time.now), list[str]()

    def wait() -> None:
        try:
            turns.sleep(60)
        finally:
            turns.sleep(1)  # what it tidies up may wait too
            left.append("tidy")

    def fail() -> None:
        turns.sleep(1)
        raise KeyboardInterrupt("stop")

    with pytest.raises(KeyboardInterrupt, match="stop"):
        turns.run({"wait": wait, "fail": fail})
    assert left == ["tidy"]
    turns.sleep(5)
    assert time.slept == [1, 1, 5]


def test_a_clock_that_is_set_back_makes_nobody_wait_longer(time: Time) -> None:
    turns = Turns[None](time.sleep, lambda: time.now)

    def work() -> None:
        turns.sleep(2)
        time.now -= 3600
        turns.sleep(2)

    turns.run({"one": work, "two": partial(turns.sleep, 3)})
    assert sum(time.slept) < 10


def test_each_has_the_context_of_the_task(time: Time) -> None:
    TASK.set("mine")
    assert Turns[str](time.sleep, lambda: time.now).run({"one": TASK.get}) == {"one": "mine"}

"""How many messages a person gets, on every state: at most what was asked for, whoever counts."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from airflow_provider_wahelp.delivery import send_options
from airflow_provider_wahelp.delivery.limits.per_person import People, PersonalMessage
from airflow_provider_wahelp.storage.state.interface import State

from .conftest import Open
from .test_state import Clock

DAY = 86_400_000
KEY = b"a key"


def people(state: State, limit: str | None = "3 per week") -> People:
    return People(state, KEY, "server/1", send_options.per_person(limit) if limit else None)


def messages(some: People, task: str, *persons: str) -> list[PersonalMessage]:
    return [some.message(task, "", "channel", None, person) for person in persons]


def test_a_week_has_three_messages_over_all_tasks(opened: Open) -> None:
    clock = Clock()
    states = [people(opened(clock)) for _ in range(3)]
    got: list[Sequence[bool]] = []
    for day in range(14):
        some = states[day % 3]
        got.append(some.admit(messages(some, f"task {day}", "+71", f"+7{day + 100}")))
        clock.now += DAY
    assert [one for one, _ in got] == ([True] * 3 + [False] * 5 + [True] * 3 + [False] * 3)
    assert all(other for _, other in got)


def test_a_message_counts_once_until_it_is_given_back(opened: Open) -> None:
    some = people(opened(), "1 per day")
    [one], [two] = messages(some, "one", "+71"), messages(some, "two", "+71")
    assert some.admit([one, one, two, *messages(some, "one", "+72")]) == [True, True, False, True]
    assert people(opened(), "1 per day").admit([one, two]) == [True, False]
    assert list(some.held([(one, 1), (two, 1)])) == [False, True]
    some.give_back([one])
    assert list(some.held([(two, 1), (two, 2)])) == [False, True]
    assert some.admit([two, one]) == [True, False]


def test_a_message_that_nothing_holds_back_counts(opened: Open) -> None:
    urgent, some = people(opened(), None), people(opened(), "1 per day")
    assert urgent.admit(messages(urgent, "one", "+71", "+71")) == [True, True]
    assert some.admit(messages(some, "two", "+71")) == [False]


def test_what_is_asked_at_once_is_admitted_once(opened: Open) -> None:
    tasks = [people(opened(), "5 per week") for _ in range(8)]
    got: list[bool] = []
    start = threading.Barrier(len(tasks))

    def run(number: int) -> None:
        start.wait()
        for each in range(5):
            got.extend(tasks[number].admit(messages(tasks[number], f"{number} {each}", "+71")))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), sum(got)) == (40, 5)


def test_the_state_holds_no_phone(opened: Open) -> None:
    some = people(opened())
    [message] = messages(some, "task", "+79161234567")
    assert {len(name) for name in (message.key, *message.names)} == {16}
    other = People(opened(), b"another key", "server/1", None)
    assert messages(other, "task", "+79161234567")[0].names != message.names

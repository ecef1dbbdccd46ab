"""The server's clock, as its answers show it."""

from __future__ import annotations

import pytest

from airflow_provider_wahelp.client.steps import Moment, ServerClock

HERE = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:02:00 GMT"  # two minutes later


def clock() -> ServerClock:
    return ServerClock(lambda: HERE)


def test_before_an_answer_it_is_this_hosts() -> None:
    assert clock().time() == Moment(HERE, by_host=True)


def test_a_date_tells_the_servers_time_now_and_at_another_moment() -> None:
    server = clock()
    server.learn(DATE)
    assert server.time() == Moment(HERE + 120)
    assert server.time(HERE - 5) == Moment(HERE + 115)


def test_an_older_date_does_not_put_it_back() -> None:
    server = clock()
    server.learn(DATE)
    server.learn("Fri, 15 Jan 2027 08:01:00 GMT")
    assert server.time() == Moment(HERE + 120)


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_a_server_without_dates_is_taken_to_share_our_time_and_not_asked_again(date: str | None) -> None:
    server = clock()
    server.learn(date)
    assert server.time() == Moment(HERE)


def test_what_another_process_saw_holds_until_an_answer_says_more() -> None:
    server = clock()
    server.suggest(60)
    assert server.time() == Moment(HERE + 60)
    server.learn(DATE)
    assert server.time() == Moment(HERE + 120)

"""The server's clock, as its answers show it."""

from __future__ import annotations

import pytest

from airflow_provider_wahelp.client.server_clock import Moment, ServerClock

HERE = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:02:00 GMT"  # two minutes later


class Host:
    """A host that was started a day ago, and whose clock can be set."""

    now, up = HERE, 86_400.0

    def server(self) -> ServerClock:
        return ServerClock(lambda: self.now, lambda: self.up)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.up += seconds


def clock() -> ServerClock:
    return Host().server()


def test_before_an_answer_it_is_this_hosts() -> None:
    assert clock().time() == Moment(HERE, by_host=True)


def test_a_date_tells_the_servers_time_now_and_at_another_moment() -> None:
    server = clock()
    server.learn(DATE)
    assert server.time() == Moment(HERE + 120)
    assert server.time(HERE - 5) == Moment(HERE + 115)


def test_a_date_that_was_long_on_its_way_does_not_put_it_back() -> None:
    host = Host()
    server = host.server()
    server.learn(DATE)
    asked = host.up
    host.wait(59)
    server.learn("Fri, 15 Jan 2027 08:02:01 GMT", asked)
    assert server.time() == Moment(HERE + 120 + 59)


def test_an_older_date_puts_it_back() -> None:
    server = clock()
    server.learn(DATE)
    server.learn("Fri, 15 Jan 2027 08:01:00 GMT")
    assert server.time() == Moment(HERE + 60)


@pytest.mark.parametrize("seconds", [-120, 120])
def test_a_clock_that_is_set_here_changes_nothing_there(seconds: float) -> None:
    host = Host()
    server = host.server()
    server.learn(DATE)
    host.now += seconds
    assert server.time() == Moment(HERE + 120)
    server.learn("Fri, 15 Jan 2027 08:02:01 GMT")
    assert server.time() == Moment(HERE + 121)


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_a_server_without_dates_is_taken_to_share_our_time_and_not_asked_again(date: str | None) -> None:
    server = clock()
    server.learn(date)
    assert server.time() == Moment(HERE)


def test_what_another_process_saw_holds_until_an_answer_says_otherwise() -> None:
    for date, ahead in ((DATE, 120), ("Fri, 15 Jan 2027 08:00:59 GMT", 59)):
        host = Host()
        server = host.server()
        server.suggest(60, host.now - host.up)
        assert server.time() == Moment(HERE + 60)
        server.learn(date)
        assert server.time() == Moment(HERE + ahead)


def test_what_is_shared_is_understood_by_another_process() -> None:
    host = Host()
    server, other = host.server(), host.server()
    server.learn(DATE)
    host.wait(600)
    host.now += 0.5
    other.suggest(*server.shared())
    assert other.time() == server.time() == Moment(HERE + 120 + 600)


@pytest.mark.parametrize("change", [{"now": HERE + 120}, {"now": HERE - 120}, {"up": 10.0}])
def test_what_was_seen_before_the_clock_was_set_or_the_host_restarted_is_forgotten(
    change: dict[str, float],
) -> None:
    host = Host()
    server = host.server()
    server.learn(DATE)
    shared = server.shared()
    vars(host).update(change)
    other = host.server()
    other.suggest(*shared)
    assert other.time() == Moment(host.now, by_host=True)


def test_what_was_seen_by_a_clock_that_may_have_been_set_is_forgotten() -> None:
    server = clock()
    server.suggest(120, None)
    assert server.time() == Moment(HERE, by_host=True)


def test_that_a_server_has_no_dates_is_shared_too() -> None:
    server, other = clock(), clock()
    server.learn(None)
    assert server.shared() == (None, None)
    other.suggest(*server.shared())
    assert other.time() == Moment(HERE)

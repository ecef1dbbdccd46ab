"""A server that breaks off all connections, or comes back without its memory, lifts no limit."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.storage.state.interface import Records
from demo.process import wait_until

from .conftest import Open, redis_options
from .test_state import Clock

Server = tuple[Callable[[], object], Callable[[], object]]


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest, opened: Open) -> Server:
    """Return what breaks off the connections of a server, and what makes it forget."""
    if kind == "redis":
        import redis

        client = redis.Redis(**redis_options(request.getfixturevalue("redis_server")))
        return lambda: client.client_kill_filter(_type="normal", skipme=True), client.flushdb
    import psycopg

    connection = psycopg.connect(f"postgresql://{request.getfixturevalue('postgres')}", autocommit=True)
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wahelp'"
    return lambda: connection.execute(ours), lambda: connection.execute("TRUNCATE wahelp_sent")


@pytest.mark.parametrize("kind", ["redis", "postgres"], indirect=True)
@pytest.mark.parametrize("forgets", [False, True])
def test_a_restart_lifts_no_limit(opened: Open, server: Server, forgets: bool) -> None:
    clock = Clock()
    tasks = [Pace(opened(clock), "channel", daily_cap=6) for _ in range(2)]
    break_off, forget = server
    sent, waits = 0, []
    for number in range(20):
        if number in (2, 5):
            break_off()
            if forgets:
                forget()
        waits.append(tasks[number % 2].take())
        sent += waits[-1] == 0.0
    assert sent == 6 if not forgets else 6 <= sent <= 6 + 2
    assert {wait for wait in waits if wait} == {86_401.001}, "and is no reason to wait"


@pytest.mark.parametrize("kind", ["redis", "postgres"], indirect=True)
def test_a_connection_that_was_closed_meanwhile_is_opened_again(opened: Open, server: Server) -> None:
    state = opened()
    state.write(b"name", b"content")
    server[0]()
    assert state.read([b"name"]) == {b"name": b"content"}
    server[0]()
    assert state.alone("scope", 1.0, 100.0, lambda records: records.now())


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
def test_whoever_is_alone_for_too_long_does_it_once_more(opened: Open, redis_server: str) -> None:
    import redis

    client, counts = redis.Redis(**redis_options(redis_server)), []

    def count(records: Records) -> int:
        counts.append(int(records.get([b"name"]).get(b"name", b"0")) + 1)
        records.put(b"name", str(counts[-1]).encode())
        if len(counts) == 1:
            client.delete("wahelp:{scope}:lock")  # as the lease is over
        return counts[-1]

    assert opened().alone("scope", 10.0, 100.0, count) == 1
    assert counts == [1, 1], "what it has written the first time is nowhere"
    assert opened().alone("scope", 10.0, 100.0, count) == 2


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
def test_whoever_waits_to_be_alone_is_told_and_does_not_ask_again_and_again(
    opened: Open, redis_server: str
) -> None:
    import redis

    one, two, client = opened(), opened(), redis.Redis(**redis_options(redis_server))
    waiting = threading.Thread(target=lambda: two.alone("scope", 30.0, 100.0, lambda records: records.now()))

    def blocked() -> bool:
        return bool(client.info("clients")["blocked_clients"])

    def keep_waiting(_: Records) -> None:
        waiting.start()
        wait_until(blocked, timeout=2, what="somebody who waits", every=0.01)

    one.alone("scope", 1.0, 100.0, keep_waiting)
    waiting.join(1.0)
    assert not waiting.is_alive()

"""One state of each kind, empty, as several tasks open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from airflow_provider_wahelp.storage.state.directory import DirectoryState
from airflow_provider_wahelp.storage.state.interface import State

KINDS = ("directory", "redis", "postgres")

Clock = Callable[[], float]


class Open(Protocol):
    """Opens the state as one more task does; with the clock that is to be its own, if one is given."""

    def __call__(self, clock: Clock | None = None) -> State: ...


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(kind: str, request: pytest.FixtureRequest) -> Iterator[Open]:
    make: Open = request.getfixturevalue(f"{kind}_state")
    states: list[State] = []

    def open_(clock: Clock | None = None) -> State:
        states.append(make(clock))
        return states[-1]

    yield open_
    for state in states:
        state.close()


@pytest.fixture
def directory_state(tmp_path: Path) -> Open:
    return lambda clock=None: DirectoryState(tmp_path / "state", *([clock] if clock else []))


@pytest.fixture
def redis_state(redis_server: str) -> Open:
    import redis

    from airflow_provider_wahelp.storage.state.redis_server import RedisState

    options = redis_options(redis_server)
    with redis.Redis(**options) as client:
        client.flushdb()
    return lambda clock=None: RedisState(options, clock)


@pytest.fixture
def postgres_state(postgres: str) -> Open:
    import psycopg

    from airflow_provider_wahelp.storage.state.postgres_server import PostgresState

    with psycopg.connect(f"postgresql://{postgres}", autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS wahelp_sent, wahelp_known, wahelp_listed")
    return lambda clock=None: PostgresState(postgres_parameters(postgres), clock)


def redis_options(address: str) -> dict[str, Any]:
    """Return what a client is made of, from ``:password@host:port/0``."""
    password, _, place = address[1:].partition("@")
    host, _, port = place.partition("/")[0].partition(":")
    return {"host": host, "port": int(port), "password": password}


def postgres_parameters(address: str) -> dict[str, str]:
    """Return what libpq takes, from ``user:password@host:port/database``."""
    who, _, place = address.partition("@")
    user, _, password = who.partition(":")
    where, _, database = place.partition("/")
    host, _, port = where.partition(":")
    return {"host": host, "port": port, "user": user, "password": password, "dbname": database}

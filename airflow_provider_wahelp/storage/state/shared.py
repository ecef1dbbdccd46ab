"""Which state tasks share: that of the host, or the one that ``[wahelp] state`` names."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.storage.directory import shared_directory
from airflow_provider_wahelp.storage.keys import digest_key, fernet_key
from airflow_provider_wahelp.storage.state.directory import DirectoryState
from airflow_provider_wahelp.storage.state.interface import State, StateAwayError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

ARGUMENT = "[wahelp] state"

ALONE = "what is learnt of people is remembered on this host alone"
"""What a warning says of a cache while the state is away."""

_TLS = ("sslmode", "sslcert", "sslkey", "sslrootcert", "options", "target_session_attrs", "application_name")
_REDIS_TLS = ("ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname")

log = logging.getLogger(__name__)

_KEY = b"the key of digests"
_FOR_GOOD = 10 * 365 * 86_400.0

_lock = threading.Lock()
_states: dict[str, State] = {}


def _start_anew() -> None:
    """Forget the connections of the process that this one was forked from: both would read their answers."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _states.clear()


os.register_at_fork(after_in_child=_start_anew)


def state_conn_id() -> str:
    """Return the connection that ``[wahelp] state`` names; the empty string if it names none."""
    from airflow.providers.common.compat.sdk import conf

    return (conf.get("wahelp", "state", fallback="") or "").strip()


def host_state(clock: Callable[[], float] | None = None) -> DirectoryState:
    """Return the state of this host alone."""
    return DirectoryState(shared_directory(), *([clock] if clock else []))


def shared_state(clock: Callable[[], float] | None = None) -> State:
    """Return the state that tasks share. Not for an event loop: it looks a connection up, once a process.

    :param clock: the host's, for the state of the host; another one has a clock of its own.
    :raises InputError: if the connection is none that can be used.
    """
    conn_id = state_conn_id()
    if not conn_id:
        return host_state(clock)
    with _lock:
        if conn_id not in _states:
            _states[conn_id] = _state_of(_connection(conn_id))
        return _states[conn_id]


def _connection(conn_id: str) -> Connection:
    from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise InputError(ARGUMENT, f"must name a connection: there is no {conn_id!r}") from None


def _state_of(connection: Connection) -> State:
    makers = {"redis": _redis, "rediss": _redis, "valkey": _redis, "postgres": _postgres}
    make = makers.get({"postgresql": "postgres"}.get(connection.conn_type or "", connection.conn_type or ""))
    if make is None:
        must = "must name a connection of type redis or postgres"
        raise InputError(ARGUMENT, f"{must}: {connection.conn_id!r} is of type {connection.conn_type!r}")
    try:
        return make(connection)
    except ImportError as error:
        raise InputError(ARGUMENT, f"needs a library that is not installed: {error.name}") from None


def _redis(connection: Connection) -> State:
    from airflow_provider_wahelp.storage.state.redis_server import RedisState

    extra = connection.extra_dejson
    tls = {name: extra[name] for name in _REDIS_TLS if name in extra}
    return RedisState(
        {
            "host": connection.host or "localhost",
            "port": connection.port or 6379,
            "username": connection.login or None,
            "password": connection.password or None,
            "db": int(extra.get("db") or connection.schema or 0),
            **({"ssl": True, **tls} if extra.get("ssl") or connection.conn_type == "rediss" else {}),
        }
    )


def _postgres(connection: Connection) -> State:
    from airflow_provider_wahelp.storage.state.postgres_server import PostgresState

    extra = connection.extra_dejson
    given: dict[str, Any] = {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "dbname": connection.schema,
        **{name: extra.get(name) for name in _TLS},
    }
    return PostgresState({name: value for name, value in given.items() if value})


def shared_key(state: State) -> bytes:
    """Return the key of digests in a state: Airflow's, or one that lies in the state, as in a directory."""
    if not state.shared or fernet_key():
        return digest_key()
    state.claim(_KEY, secrets.token_bytes(32), _FOR_GOOD)
    return state.read([_KEY]).get(_KEY) or digest_key()


def remembering() -> tuple[State, bytes]:
    """Return the state in which people are remembered, and the key of their digests.

    Those of the host while the state is away. Not for an event loop.
    """
    state = shared_state()
    try:
        return state, shared_key(state)
    except StateAwayError as error:
        warn_once(ALONE, str(error))
        return host_state(), digest_key()


def known_state() -> State | None:
    """Return the state that several hosts share, if this process has looked it up. It costs nothing."""
    return _states.get(state_conn_id())


@cache
def warn_once(what: str, reason: str) -> None:
    """Say once in a process that the shared state is away, and what is done without it."""
    log.warning("The shared state of [wahelp] state is away (%s): %s.", reason, what)

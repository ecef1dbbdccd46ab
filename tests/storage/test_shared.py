"""Which state it is: what `[wahelp] state` names, as a task finds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.storage.state import shared
from airflow_provider_wahelp.storage.state.directory import DirectoryState
from airflow_provider_wahelp.storage.state.interface import StateAwayError
from airflow_provider_wahelp.storage.state.shared import remembering, shared_state

from .conftest import postgres_parameters, redis_options

CONN = "AIRFLOW_CONN_WAHELP_STATE"


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shared, "_states", {})
    shared.warn_once.cache_clear()
    monkeypatch.setenv("AIRFLOW__WAHELP__STATE", "wahelp_state")
    yield
    for state in shared._states.values():
        state.close()


def test_without_a_name_it_is_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__STATE", "")
    assert isinstance(shared_state(), DirectoryState)
    assert shared.known_state() is None


@pytest.mark.parametrize("spelling", ["uri", "json"])
def test_a_redis(redis_server: str, monkeypatch: pytest.MonkeyPatch, spelling: str) -> None:
    options = redis_options(redis_server)
    fields = {"conn_type": "redis", "extra": {"db": 0}, **options}
    monkeypatch.setenv(CONN, f"redis://{redis_server}" if spelling == "uri" else json.dumps(fields))
    state, key = remembering()
    state.write(b"name", b"content")
    assert shared_state() is state, "looked up once a process"
    assert shared.known_state() is state
    assert state.read([b"name"]) == {b"name": b"content"}
    monkeypatch.setattr(shared, "_states", {})
    assert remembering()[1] == key, "without a Fernet key all hosts share that of the state"


def test_a_postgresql(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = postgres_parameters(postgres)
    fields = {"conn_type": "postgres", "schema": given.pop("dbname"), "login": given.pop("user"), **given}
    monkeypatch.setenv(
        CONN, json.dumps({**fields, "port": int(given["port"]), "extra": {"sslmode": "prefer"}})
    )
    state = shared_state()
    state.write(b"name", b"content")
    assert state.read([b"name"]) == {b"name": b"content"}


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("", "must name a connection: there is no 'wahelp_state'"),
        (
            "http://example.com",
            "must name a connection of type redis or postgres: 'wahelp_state' is of type 'http'",
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(monkeypatch: pytest.MonkeyPatch, uri: str, words: str) -> None:
    if uri:
        monkeypatch.setenv(CONN, uri)
    with pytest.raises(InputError) as caught:
        shared_state()
    assert str(caught.value) == f"[wahelp] state: {words}"


@pytest.mark.parametrize("scheme", ["redis", "postgres"])
def test_a_server_that_is_not_there_is_away_and_what_is_known_of_people_stays_on_the_host(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, scheme: str, own_state: Path
) -> None:
    pytest.importorskip({"redis": "redis", "postgres": "psycopg"}[scheme])
    monkeypatch.setenv(CONN, f"{scheme}://nobody:secret@127.0.0.1:9/0")
    state, _ = remembering()
    assert isinstance(state, DirectoryState)
    with pytest.raises(StateAwayError) as caught:
        shared_state().claim(b"name", b"content", 1.0)
    assert "secret" not in f"{caught.value!r} {caplog.text}"
    assert len(caplog.messages) == 1

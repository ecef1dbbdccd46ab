"""One login for all hosts: the token lies in the state, encrypted, and each host keeps a copy."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from airflow_provider_wahelp.client.token_store import Token
from airflow_provider_wahelp.hooks import shared_token, token_cache
from airflow_provider_wahelp.hooks.shared_token import SharedTokenStore
from airflow_provider_wahelp.hooks.wahelp import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.storage.state import shared
from airflow_provider_wahelp.storage.state.interface import State, StateAwayError
from tests.conftest import Connect

from .conftest import Open

END = 4_000_000_000.0


@pytest.fixture(autouse=True)
def _fernet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())


def host(directory: Path, state: State, cipher: Fernet) -> SharedTokenStore:
    return SharedTokenStore(directory, "k" * 32, cipher, state)


def test_what_one_host_has_got_the_others_read(opened: Open, tmp_path: Path) -> None:
    cipher = Fernet(Fernet.generate_key())
    one, two, three = (host(tmp_path / name, opened(), cipher) for name in ("one", "two", "three"))
    assert one.try_lock()
    assert (one.try_lock(), two.try_lock()) == (False, False), "one at a time, over all hosts"
    first = Token("first", END, 3600.0)
    one.write(first)
    one.unlock()
    assert two.read() == first
    assert two.try_lock()
    assert one.try_lock(), "a token that is fresh keeps nobody out of another host"
    one.unlock()
    two.unlock()
    two.discard("another")
    assert three.read() == first
    two.discard("first")
    assert (two.read(), host(tmp_path / "four", opened(), cipher).read()) == (None, None)
    assert three.try_lock()
    three.write(second := Token("second", END + 1, 3600.0))
    three.unlock()
    assert two.read() == second


def test_what_lies_in_the_state_is_encrypted(opened: Open, tmp_path: Path) -> None:
    state = opened()
    written: list[bytes] = []
    store = host(tmp_path, state, Fernet(Fernet.generate_key()))
    store.write(Token("a secret", END, 3600.0))
    written += state.read([store._name]).values()
    assert len(written) == 1
    assert b"secret" not in written[0]
    assert host(tmp_path / "other", state, Fernet(Fernet.generate_key())).read() is None, "another key"


class Away:
    """A state that is away, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        self.asked += 1
        raise StateAwayError("TimeoutError")


def test_while_the_state_is_away_each_host_logs_in_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "airflow_provider_wahelp")
    shared_token.warn_once.cache_clear()
    away = Away()
    store = host(tmp_path, away, Fernet(Fernet.generate_key()))  # type: ignore[arg-type]
    assert store.try_lock()
    assert store.read() is None
    store.write(token := Token("own", END, 3600.0))
    store.unlock()
    store.discard("another")
    assert store.read() == token
    assert away.asked == 1, "an event loop does not wait for it again and again"
    [warning] = caplog.messages
    assert warning.endswith("is away (TimeoutError): each host logs in for itself.")


@pytest.mark.parametrize("kind", ["redis", "postgres"], indirect=True)
def test_two_hosts_log_in_once(
    opened: Open,
    kind: str,
    wahelp_sandbox: Sandbox,
    connect: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect(wahelp_sandbox.url)
    monkeypatch.setenv("AIRFLOW__WAHELP__STATE", "wahelp_state")
    monkeypatch.setattr(shared, "_states", {"wahelp_state": opened()})
    token_cache._cipher.cache_clear()
    before = wahelp_sandbox.logins
    for name in ("one", "two"):
        monkeypatch.setenv("AIRFLOW__WAHELP__STATE_DIRECTORY", str(tmp_path / name))
        with WahelpHook() as hook:
            list(hook.list_projects())
    assert wahelp_sandbox.logins - before == 1
    assert list((tmp_path / "two").glob("token-*")), "and a host keeps what it has read"
    token_cache._cipher.cache_clear()

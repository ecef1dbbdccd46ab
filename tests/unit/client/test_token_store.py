"""Where a token is kept."""

from __future__ import annotations

import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from airflow_provider_wahelp.client import calls, token_store
from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.client.token_store import FileStore, MemoryStore, Token

from .wire import LOGIN, PASSWORD, Clients, Wire

NOW = 1_000_000.0
READ = calls.get_account()


@pytest.fixture(params=["memory", "file", "encrypted"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        return MemoryStore()
    return FileStore(
        tmp_path / "state", "k", Fernet(Fernet.generate_key()) if request.param == "encrypted" else None
    )


def test_a_file_that_an_earlier_version_has_written_is_read(tmp_path: Path) -> None:
    store = FileStore(tmp_path, "k")
    store.path.write_text(
        '{"value": "a", "expires_at": 1000000.0, "lifetime": 3600.0, "clock_offset": 120.0}'
    )
    assert store.read() == Token("a", NOW, 3600.0, clock_offset=120.0)


@pytest.mark.parametrize("token", [Token("a", NOW, 3600.0), Token("b")], ids=["with-an-end", "without"])
def test_a_store_gives_back_what_it_was_given(store: Any, token: Token) -> None:
    assert store.read() is None
    store.write(token)
    assert store.read() == token


def test_a_store_discards_exactly_the_token_named(store: Any) -> None:
    store.discard("a")
    store.write(Token("b"))
    store.discard("a")
    assert store.read() == Token("b")
    store.discard("b")
    assert store.read() is None


def test_a_store_lets_one_in_at_a_time(store: Any) -> None:
    assert store.try_lock()
    assert not store.try_lock()
    store.unlock()
    assert store.try_lock()


def test_two_stores_of_one_file_exclude_each_other(tmp_path: Path) -> None:
    one, other = FileStore(tmp_path, "k"), FileStore(tmp_path, "k")
    assert one.try_lock()
    assert not other.try_lock()
    assert FileStore(tmp_path, "another").try_lock()
    one.unlock()
    assert other.try_lock()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_can_read_what_lies_on_the_disk(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    store = FileStore(directory, "k")
    assert store.try_lock()
    store.write(Token("s3cret"))
    store.write(Token("s3cret-2"))
    assert mode(directory) == 0o700
    assert {path.name: mode(path) for path in directory.iterdir()} == {
        "token-k": 0o600,
        "token-k.lock": 0o600,
    }


def test_a_directory_that_exists_is_left_as_it_is_but_not_shared_with_others(tmp_path: Path) -> None:
    """Somebody may name ``/tmp`` or a home: its mode is theirs."""
    tmp_path.chmod(0o755)
    FileStore(tmp_path, "k")
    assert mode(tmp_path) == 0o755
    for shared in (0o777, 0o770, 0o702):
        tmp_path.chmod(shared)
        with pytest.raises(PermissionError, match="others may write"):
            FileStore(tmp_path, "k")
        assert mode(tmp_path) == shared


def test_an_encrypted_file_does_not_show_the_token(tmp_path: Path) -> None:
    store = FileStore(tmp_path, "k", Fernet(Fernet.generate_key()))
    store.write(Token("s3cret"))
    assert b"s3cret" not in store.path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b'{"token": "a", "expires_at": "x", "lifetime": 1}', b"\xff\xfe"],
)
@pytest.mark.parametrize("cipher", [None, Fernet(Fernet.generate_key())], ids=["plain", "encrypted"])
def test_a_damaged_file_is_as_good_as_none_and_replaced(tmp_path: Path, content: bytes, cipher: Any) -> None:
    store = FileStore(tmp_path, "k", cipher)
    store.path.write_bytes(content)
    assert store.read() is None
    store.write(Token("b"))
    assert store.read() == Token("b")


@pytest.mark.parametrize("other", [None, Fernet(Fernet.generate_key())], ids=["no-key", "another-key"])
def test_a_file_of_another_cipher_is_as_good_as_none(tmp_path: Path, other: Any) -> None:
    FileStore(tmp_path, "k", Fernet(Fernet.generate_key())).write(Token("a"))
    assert FileStore(tmp_path, "k", other).read() is None


def test_a_directory_that_vanished_is_made_again_as_private_as_before(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    store = FileStore(directory, "k")
    shutil.rmtree(directory)
    assert store.try_lock()
    store.write(Token("a"))
    store.unlock()
    assert (store.read(), mode(directory)) == (Token("a"), 0o700)


def test_a_disk_that_refuses_everything_costs_a_login_and_no_more(
    clients: Clients, wire: Wire, tmp_path: Path
) -> None:
    directory = tmp_path / "state"
    client = clients(wire.url, store=FileStore(directory, "k"))
    shutil.rmtree(directory)
    directory.write_text("not a directory")
    assert client.perform(READ).id == 1
    assert (wire.logins, wire.calls[0].token) == (1, "token-1")


def test_a_directory_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 12345)
    with pytest.raises(PermissionError):
        FileStore(tmp_path, "k")


def test_another_host_login_or_password_is_another_token() -> None:
    one = Settings(login=LOGIN, password=PASSWORD)
    changed = [replace(one, base_url="http://x"), replace(one, login="x"), replace(one, password="x")]
    keys = {token_store.store_key(settings) for settings in [one, *changed]}
    assert len(keys) == 4
    assert token_store.store_key(replace(one, timeout=1)) in keys
    assert not [key for key in keys if PASSWORD in key or LOGIN in key]


def test_the_clients_of_a_process_share_a_store() -> None:
    one, other = (Settings(login="shared", password="x", timeout=timeout) for timeout in (1, 2))
    assert token_store.process_store(one) is token_store.process_store(other)

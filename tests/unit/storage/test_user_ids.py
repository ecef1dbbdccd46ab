"""Who is who in a channel, remembered on the host."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airflow_provider_wahelp.storage import database, keys
from airflow_provider_wahelp.storage import directory as shared
from airflow_provider_wahelp.storage.keys import KEY_FILE, digest_key
from airflow_provider_wahelp.storage.state.directory import DirectoryState
from airflow_provider_wahelp.storage.user_ids import KEPT, UserIdCache, is_same_phone

PHONE, OTHER = "+79160000001", "+79160000002"
SCOPE = "https://wahelp.test/101/5f0c-channel"
KEY = b"k" * 32


@pytest.fixture(autouse=True)
def _outspoken(monkeypatch: pytest.MonkeyPatch) -> None:
    database._warn_once.cache_clear()
    shared._warn_once.cache_clear()
    monkeypatch.setattr(database, "LOCKED", 0.05)


@pytest.fixture(params=["directory", "memory"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UserIdCache]:
    opened = UserIdCache(
        DirectoryState(tmp_path / "state" if request.param == "directory" else None), KEY, SCOPE
    )
    yield opened
    opened.close()


def reopened(directory: Path, scope: str = SCOPE, key: bytes = KEY) -> dict[str, object]:
    """Return what another process knows."""
    others = UserIdCache(DirectoryState(directory), key, scope)
    try:
        return dict(others.get_many([PHONE, OTHER]))
    finally:
        others.close()


def test_a_phone_is_remembered_and_forgotten(people: UserIdCache) -> None:
    assert people.get(PHONE) is None
    people.put(PHONE, 301)
    people.put(OTHER, "u-7")
    assert people.get(PHONE) == 301
    people.put(PHONE, 302)
    assert people.get_many([OTHER, "+1", PHONE]) == {PHONE: 302, OTHER: "u-7"}
    people.forget(PHONE)
    people.forget(PHONE)
    assert people.get_many([PHONE, OTHER]) == {OTHER: "u-7"}
    people.close()
    assert people.get(OTHER) == "u-7"


def test_more_phones_than_sqlite_takes_at_a_time(people: UserIdCache) -> None:
    phones = [f"+7916{number:07}" for number in range(1200)]
    for user, phone in enumerate(phones):
        people.put(phone, user)
    assert people.get_many(phones) == {phone: user for user, phone in enumerate(phones)}


def test_another_process_knows_too_and_another_channel_or_key_does_not(tmp_path: Path) -> None:
    UserIdCache(DirectoryState(tmp_path), KEY, SCOPE).put(PHONE, 301)
    assert reopened(tmp_path) == {PHONE: 301}
    assert reopened(tmp_path, scope=SCOPE + "2") == {}
    assert reopened(tmp_path, key=b"other") == {}


def test_scope_and_phone_are_not_run_together() -> None:
    assert UserIdCache(DirectoryState(None), KEY, "a")._name("bc") != UserIdCache(
        DirectoryState(None), KEY, "ab"
    )._name("c")


def test_the_files_are_private_and_name_nobody(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        people = UserIdCache(DirectoryState(tmp_path / "state"), KEY, SCOPE)
        people.put(PHONE, 301)
    finally:
        os.umask(old)
    files = {file.name: file for file in (tmp_path / "state").iterdir()}
    assert set(files) == {"known.sqlite", "known.sqlite-wal", "known.sqlite-shm"}
    assert {file.stat().st_mode & 0o777 for file in files.values()} == {0o600}
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    content = b"".join(file.read_bytes() for file in files.values())
    assert people._name(PHONE) in content
    for readable in (PHONE[1:], PHONE[4:], "5f0c-channel", "wahelp.test"):
        assert readable.encode() not in content
    people.close()


def test_files_that_others_can_read_are_closed_to_them(tmp_path: Path) -> None:
    first = UserIdCache(DirectoryState(tmp_path), KEY, SCOPE)
    first.put(PHONE, 301)
    first.close()
    (tmp_path / "known.sqlite").chmod(0o644)
    assert reopened(tmp_path) == {PHONE: 301}
    assert (tmp_path / "known.sqlite").stat().st_mode & 0o777 == 0o600


def test_threads_share_it(people: UserIdCache) -> None:
    def work(number: int) -> bool:
        phone = f"+7917{number:07}"
        people.put(phone, number)
        return people.get(phone) == number and people.get_many([phone, PHONE]) == {phone: number}

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(work, range(640)))


def test_processes_share_it_and_create_it_at_once(tmp_path: Path) -> None:
    code = textwrap.dedent("""
        import pathlib, sys
        from airflow_provider_wahelp.storage.state.directory import DirectoryState
        from airflow_provider_wahelp.storage.user_ids import UserIdCache
        directory, number = pathlib.Path(sys.argv[1]), int(sys.argv[2])
        for step in range(20):
            people = UserIdCache(DirectoryState(directory), b"key", "scope")
            people.put(f"+{number}-{step}", number)
            assert people.get(f"+{number}-{step}") == number
            people.close()
    """)
    directory = tmp_path / "state"
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", code, directory, str(number)], stderr=subprocess.PIPE, text=True
        )
        for number in range(6)
    ]
    said = [process.communicate(timeout=120)[1] for process in begun]
    assert [process.returncode for process in begun] == [0] * 6, said
    assert not any("cannot" in words for words in said), said
    people = UserIdCache(DirectoryState(directory), b"key", "scope")
    expected = {f"+{number}-{step}": number for number in range(6) for step in range(20)}
    assert people.get_many(list(expected)) == expected
    people.close()
    assert {file.name for file in directory.iterdir()} == {"known.sqlite"}


@pytest.mark.parametrize("damage", ["header", "pages"])
def test_a_damaged_file_costs_lookups_and_is_created_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    first = UserIdCache(DirectoryState(tmp_path), KEY, SCOPE)
    for number in range(2000):
        first.put(f"+7{number}", number)
    first.put(PHONE, 301)
    first.close()
    file = tmp_path / "known.sqlite"
    content = bytearray(file.read_bytes())
    if damage == "header":
        content[:100] = b"x" * 100
    else:
        content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    second = UserIdCache(DirectoryState(tmp_path), KEY, SCOPE)
    assert second.get(PHONE) is None
    second.put(PHONE, 302)
    assert second.get(PHONE) == 302
    second.close()
    assert reopened(tmp_path) == {PHONE: 302}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "created anew" in caplog.text


def test_a_flipped_bit_does_not_make_somebody_else_of_a_phone(tmp_path: Path) -> None:
    people = UserIdCache(DirectoryState(tmp_path), KEY, SCOPE)
    people.put(PHONE, 301)
    people.put(OTHER, 302)
    people.close()
    with sqlite3.connect(tmp_path / "known.sqlite") as database:
        kept = dict(database.execute("SELECT name, content FROM wahelp_known"))
        damaged = kept[people._name(PHONE)].replace(b"301", b"309")
        database.execute("UPDATE wahelp_known SET content = ? WHERE name = ?", (damaged, people._name(PHONE)))
    database.close()
    assert reopened(tmp_path) == {OTHER: 302}


def test_a_locked_file_costs_lookups(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    people = UserIdCache(DirectoryState(tmp_path), KEY, SCOPE)
    people.put(PHONE, 301)
    other = sqlite3.connect(tmp_path / "known.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert people.get(PHONE) == 301  # reading waits for nobody
    people.put(OTHER, 302)
    people.put(PHONE, 303)
    assert people.get_many([PHONE, OTHER]) == {PHONE: 303, OTHER: 302}
    other.close()
    assert reopened(tmp_path) == {PHONE: 301}
    assert caplog.text.count("learnt again") == 1


@pytest.mark.parametrize("obstacle", ["file", "others_may_write", "directory_in_its_place"])
def test_a_directory_that_cannot_be_used_costs_lookups(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, obstacle: str
) -> None:
    directory = tmp_path / "state"
    if obstacle == "file":
        directory.write_text("")
    else:
        directory.mkdir()
    if obstacle == "others_may_write":
        directory.chmod(0o777)
    if obstacle == "directory_in_its_place":
        (directory / "known.sqlite").mkdir()
    people, again = (
        UserIdCache(DirectoryState(directory), KEY, SCOPE),
        UserIdCache(DirectoryState(directory), KEY, SCOPE),
    )
    people.put(PHONE, 301)
    assert people.get(PHONE) == 301
    assert again.get(PHONE) is None
    assert caplog.text.count("learnt again") == 1
    assert obstacle == "directory_in_its_place" or not directory.is_dir() or not list(directory.iterdir())


def test_a_directory_that_vanishes_costs_lookups(tmp_path: Path) -> None:
    people = UserIdCache(DirectoryState(tmp_path / "state"), KEY, SCOPE)
    people.put(PHONE, 301)
    for file in (tmp_path / "state").iterdir():
        file.unlink()
    (tmp_path / "state").rmdir()
    people.put(OTHER, 302)
    assert people.get(OTHER) == 302
    people.close()
    people.put(OTHER, 303)
    assert people.get(OTHER) == 303


def test_the_key_comes_from_airflow(monkeypatch: pytest.MonkeyPatch, own_state: Path) -> None:
    keys = []
    for value in ("one", "two", "two,one"):
        monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", value)
        keys.append(digest_key())
    assert keys[0] != keys[1] == keys[2]
    assert all(len(key) == 32 for key in keys)
    assert not own_state.exists()


@pytest.mark.parametrize("value", ["", "{FERNET_KEY}"])
def test_without_a_fernet_key_it_is_a_file(
    monkeypatch: pytest.MonkeyPatch, own_state: Path, value: str
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", value)
    key = digest_key()
    file = own_state / KEY_FILE
    assert digest_key() == key == file.read_bytes()
    assert len(key) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in own_state.iterdir()] == [KEY_FILE]
    file.write_bytes(b"short")
    assert digest_key() == file.read_bytes() != key


def test_the_key_is_made_once(own_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that comes second takes the key of the first."""
    create = keys.create_once

    def late(file: Path, fill: object) -> None:
        file.write_bytes(b"1" * 32)
        create(file, fill)  # type: ignore[arg-type]

    monkeypatch.setattr(keys, "create_once", late)
    assert digest_key() == b"1" * 32


def test_threads_get_one_key(own_state: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: digest_key(), range(64)))) == 1


def test_without_a_directory_the_key_is_of_this_process(own_state: Path) -> None:
    own_state.parent.mkdir(exist_ok=True)
    own_state.write_text("in the way")
    assert len(digest_key()) == 32


def test_an_id_is_remembered_for_some_days(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    people = UserIdCache(DirectoryState(tmp_path), KEY, SCOPE, lambda: now[0])
    people.put(PHONE, 301)
    now[0] += KEPT - 1
    assert people.get(PHONE) == 301
    now[0] += 2
    assert people.get(PHONE) is None
    now[0] -= 3 * KEPT  # the clock was set back
    assert people.get(PHONE) is None


@pytest.mark.parametrize("told", ["79160000001", "+7 916 000-00-01", "89160000001", "", None])
def test_an_answer_that_tells_the_same_phone_changes_nothing(people: UserIdCache, told: str | None) -> None:
    people.put(PHONE, 301)
    people.learn(301, told)
    people.learn(302, OTHER)
    people.learn(None, OTHER)
    assert people.get(PHONE) == 301


def test_an_id_that_is_another_phones_by_now_is_forgotten(people: UserIdCache) -> None:
    people.put(PHONE, 301)
    people.put(OTHER, 302)
    people.learn("301", "79169999999")
    assert people.get_many([PHONE, OTHER]) == {OTHER: 302}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("+79160000001", "8 (916) 000-00-01", True), ("+79160000001", "79160000002", False)],
)
def test_phones_are_compared_by_their_digits(one: str, other: str, same: bool) -> None:
    assert is_same_phone(one, other) is same

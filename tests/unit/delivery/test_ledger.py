"""Both ledgers: what is written is read, and files are their owner's alone."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.delivery.ledger import FileLedger, Ledger, Record, TaskStateLedger
from airflow_provider_wahelp.delivery.message.send_record import Entry
from tests.delivery.sending_task import Store

RECORD = {"began": 1.0, "digest": "digest", "user_id": 301}
MESSAGES = st.none() | st.fixed_dictionaries(
    {"id": st.integers(), "text": st.text(), "status": st.none() | st.text()}
)
ENTRIES = st.builds(
    lambda **given: asdict(Entry(**given)),
    project_id=st.integers() | st.text(),
    began=st.floats(min_value=0, max_value=4e9),
    digest=st.text(),
    user_id=st.integers() | st.text(),
    generation=st.integers(min_value=0),
    message=MESSAGES,
    others=st.lists(st.integers() | st.text()),
    by_host=st.booleans(),
    host=st.text(),
    person=st.text(),
    channel_uuid=st.text(),
)
KEYS = st.text(max_size=1000)


@pytest.fixture(scope="module", params=["file", "store"])
def ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    if request.param == "store":
        return TaskStateLedger(Store())
    return FileLedger(f"file://{tmp_path_factory.mktemp('ledger')}")


@settings(deadline=None)  # files take what the disk takes
@given(key=KEYS, entry=ENTRIES, later=ENTRIES)
def test_what_is_written_is_read_until_it_is_forgotten(
    ledger: Ledger, key: str, entry: Record, later: Record
) -> None:
    for written in (entry, later):
        ledger.write(key, written)
        assert ledger.read(key) == written
    ledger.forget(key)
    ledger.forget(key)
    assert ledger.read(key) is None


def test_another_key_is_another_entry(ledger: Ledger) -> None:
    ledger.write("one", RECORD)
    assert ledger.read("two") is None


@pytest.mark.parametrize("key", ["shop/manual__1/send/-1", "key " * 1000])
def test_a_key_fits_into_airflows_database(key: str) -> None:
    store = Store()
    TaskStateLedger(store).write(key, RECORD)
    (name,) = store.kept
    assert name.startswith("wahelp:")
    assert len(name) <= 512


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("scheme", ["file://", ""])
def test_files_are_their_owners_alone(tmp_path: Path, scheme: str) -> None:
    directory = tmp_path / "deep" / "ledger"
    FileLedger(f"{scheme}{directory}").write("key", RECORD)
    (file,) = directory.iterdir()
    assert file.name == hashlib.sha256(b"key").hexdigest() + ".json"
    assert (mode(directory), mode(file)) == (0o700, 0o600)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = FileLedger(f"file://{tmp_path}")
    ledger.write("key", RECORD)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        ledger.write("key", {**RECORD, "began": 2.0})
    assert ledger.read("key") == RECORD
    assert len(list(tmp_path.iterdir())) == 1


def test_other_object_storage_writes_in_its_own_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = FileLedger(f"file://{tmp_path}")
    monkeypatch.setattr("airflow_provider_wahelp.storage.files._LOCAL", set())
    ledger.write("key", RECORD)
    assert ledger.read("key") == RECORD
    ledger.forget("key")
    assert ledger.read("key") is None

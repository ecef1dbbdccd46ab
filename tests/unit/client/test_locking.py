"""A lock of the host keeps others out, whoever they are, until it is let go of."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from airflow_provider_wahelp.client.locking import HostLock


def test_one_holds_it_at_a_time(tmp_path: Path) -> None:
    ours, theirs = HostLock(tmp_path / "lock"), HostLock(tmp_path / "lock")
    ours.acquire()
    with pytest.raises(BlockingIOError):
        theirs.acquire()
    ours.release()
    theirs.acquire()


def test_whoever_waits_gets_it_next(tmp_path: Path) -> None:
    ours, theirs = HostLock(tmp_path / "lock"), HostLock(tmp_path / "lock")
    ours.acquire()
    waiting = Thread(target=theirs.acquire, kwargs={"wait": True}, daemon=True)
    waiting.start()
    assert waiting.is_alive()
    ours.release()
    waiting.join(10)
    with pytest.raises(BlockingIOError):
        ours.acquire()


def test_to_release_what_is_not_held_is_no_error(tmp_path: Path) -> None:
    HostLock(tmp_path / "lock").release()


def test_its_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    HostLock(tmp_path / "lock").acquire()
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600

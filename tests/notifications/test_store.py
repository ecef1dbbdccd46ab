"""Each alert once, and no storm: what is sent at once and what is held back, over real HTTP."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.delivery.alert import store
from airflow_provider_wahelp.notifications import WahelpNotifier, state
from airflow_provider_wahelp.storage.state.directory import DirectoryState
from tests.past import give_a_past

from .conftest import (
    PHONE,
    Clock,
    Rig,
    fail,
    notifier,
    of_run,
    of_task,
    run_python,
)

FILE, SPARE_FILE = (f"{name}.sqlite" for name in (store.SCOPE, f"{store.SCOPE}-spare"))


def test_the_first_goes_at_once_and_the_next_window_tells_of_the_others(rig: Rig, clock: Clock) -> None:
    fail(1)
    clock.advance(60)
    fail(4, start=1)
    assert rig.texts() == ["load 0"]
    clock.advance(8 * 60)
    fail(1, start=5)
    assert rig.texts() == ["load 0"]
    clock.advance(60)
    fail(2, start=6)
    assert rig.texts() == ["load 0", "load 6\nand 5 more since 22:06"]
    clock.advance(600)
    fail(1, start=8)
    assert rig.texts()[2:] == ["load 8\nand 1 more since 22:15"]
    clock.advance(600)
    fail(1, start=9)
    assert rig.texts()[3:] == ["load 9"]


def test_what_is_held_costs_no_request(rig: Rig, clock: Clock) -> None:
    fail(1)
    rig.sandbox.clear_requests()
    fail(5, start=1)
    assert rig.sandbox.requests == []


def test_the_same_callback_is_counted_once(rig: Rig, clock: Clock) -> None:
    fail(1)
    for _ in range(3):
        fail(1, start=1)
    clock.advance(600)
    fail(1, start=2)
    assert rig.texts() == ["load 0", "load 2\nand 1 more since 22:05"]


def test_a_callback_that_was_held_back_and_comes_again_after_the_window_does_not_count_itself(
    rig: Rig, clock: Clock
) -> None:
    fail(3)
    clock.advance(600)
    fail(1, start=1)
    assert rig.texts() == ["load 0", "load 1\nand 1 more since 22:05"]


def test_forty_failures_are_an_alert_and_a_summary(rig: Rig, clock: Clock) -> None:
    shared = WahelpNotifier(phone=PHONE, throttle=600)
    fail(39, by=shared)
    fail(1, by=shared, task_id="check")
    fail(2, by=shared, task_id="check", run_id="another run")
    assert len(rig.texts()) == 2
    shared(of_run())
    *_, summary = rig.texts()
    assert len(rig.texts()) == 3
    assert summary.startswith("Failed: shop\ntask failure\n")
    assert summary.endswith("\nheld back in this run since 22:05: load failed (38)")
    clock.advance(600)  # what was told is settled, what another run has held back is not
    fail(1, start=50, by=shared)
    fail(1, start=50, by=shared, task_id="check")
    assert "more" not in rig.texts()[3]
    assert rig.texts()[4].endswith("and 2 more since 22:05")


def test_a_summary_that_is_not_sent_settles_nothing(rig: Rig, clock: Clock) -> None:
    fail(3)
    rig.sandbox.inject("rate_limit", operation="send_message")
    over = notifier(text="over", timeout=5)
    over(of_run())
    rig.sandbox.clear_faults()
    over(of_run())
    assert rig.texts() == ["load 0", "over\nheld back in this run since 22:05: load failed (2)"]


def test_a_clock_that_is_set_back_silences_nobody_for_long(rig: Rig, clock: Clock) -> None:
    fail(1)
    clock.advance(-86_400)
    fail(1, start=1)
    assert len(rig.texts()) == 2


def test_without_a_directory_everything_is_told(rig: Rig, own_state: Path, task_log: Any) -> None:
    own_state.write_text("not a directory")
    fail(2)
    assert len(rig.texts()) == 2
    assert "cannot be used" in task_log()


def test_what_lies_on_the_disk_names_nobody_and_is_private(rig: Rig, own_state: Path) -> None:
    fail(3, by=notifier(text="a secret"))
    files = sorted(own_state.glob("alerts.sqlite*"))
    assert files
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    content = b"".join(file.read_bytes() for file in files)
    assert not [secret for secret in (PHONE[2:].encode(), b"a secret") if secret in content]


# Airflow's workers fork, too; and importing Airflow eight times takes a minute.
STORM = """
import os, sys
from tests.notifications.conftest import PHONE, of_task
from airflow_provider_wahelp.notifications import WahelpNotifier
import airflow_provider_wahelp.notifications.notification

notifier = WahelpNotifier(
    text="{{ ti.map_index }}", phone=PHONE, throttle=3600, timeout=120, raise_on_error=True
)
start, go = os.pipe()
children = []
for process in range(8):
    if not (child := os.fork()):
        os.close(go)
        os.read(start, 1)  # until all are there
        for index in range(process, 500, 8):
            notifier(of_task(map_index=index))
        os._exit(0)
    children.append(child)
os.close(go)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


def test_five_hundred_calls_of_eight_processes_at_once_are_one_alert(
    rig: Rig, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_python(STORM)
    (first,) = rig.texts()
    assert first.isdigit()

    later = time.time() + 3601
    monkeypatch.setattr(state, "host_state", lambda: DirectoryState(own_state, lambda: later))
    notifier(text="{{ ti.map_index }}", throttle=3600)(of_task(map_index=500))
    assert rig.texts()[1].startswith("500\nand 499 more since ")


@contextmanager
def locked(file: Path, seconds: float) -> Iterator[None]:
    """Keep a file locked for so long, as a host with a slow disk does, or somebody who looks into it."""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            held.set()
            over.wait(seconds)
            holder.execute("ROLLBACK")

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()


def storm(count: int, start: int = 0, **changes: Any) -> None:
    """Let so many tasks fail at once."""
    by = notifier(**changes)
    threads = [
        threading.Thread(target=by, args=(of_task(map_index=start + index),)) for index in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_storm_waits_for_a_file_that_is_busy_for_seven_seconds(rig: Rig, own_state: Path) -> None:
    fail(1)
    with locked(own_state / FILE, 7.0):
        storm(13)
    assert rig.texts() == ["load 0"]
    notifier(text="again", group_by=None, throttle=None)(of_run())
    assert rig.texts()[1].startswith("again\nheld back in this run since ")
    assert rig.texts()[1].endswith(": load failed (12)")


def test_a_file_that_stays_busy_loses_no_alert_and_lets_one_of_a_storm_through(
    rig: Rig, own_state: Path
) -> None:
    fail(1)
    with locked(own_state / FILE, 60.0):
        storm(13, timeout=5)
        storm(5, start=13, timeout=5)
        notifier(timeout=5)(of_task(task_id="check"))
    assert len(rig.texts()) == 3  # the first, one for all others of its group, and another group's
    assert (own_state / SPARE_FILE).stat().st_mode & 0o077 == 0


DYING = """
import os
from airflow_provider_wahelp.delivery.alert import sender, store
from airflow_provider_wahelp.notifications import WahelpNotifier
from tests.notifications.conftest import PHONE, of_task

def die(*_, **__):
    os._exit(9)

moments = {
    "claimed": (sender.AlertSender, "_recipient"),
    "begun": (sender, "send_message"),
    "sent": (store.Alerts, "finish"),
}
for attempt, (place, name) in enumerate(moments.values(), start=1):
    if not (child := os.fork()):
        setattr(place, name, die)
        WahelpNotifier(text="{{ ti.try_number }}", phone=PHONE, timeout=60)(of_task(try_number=attempt))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
"""


def test_a_process_that_dies_leaves_what_the_next_one_can_go_on_with(rig: Rig) -> None:
    """Before the request nothing was sent; after it the history tells."""
    rig.connect(rig.sandbox.url, timeout=1, send_timeout=1)  # then nothing is under way any more
    give_a_past(rig.sandbox, rig.channel)
    run_python(DYING)
    for attempt in (1, 2, 3):
        WahelpNotifier(text="{{ ti.try_number }}", phone=PHONE, timeout=60)(of_task(try_number=attempt))
    assert sorted(rig.texts()) == ["1", "2", "3"]
    assert len(rig.sends) == 3


@pytest.mark.parametrize("byte", range(0, 256, 15))
def test_an_event_came_up_whatever_its_alerts_are_called(byte: int) -> None:
    alerts = store.Alerts(DirectoryState(None, lambda: 100.0))
    event = bytes(32)
    other = event[:-1] + b"\1"
    key = event + bytes([byte]) * 32
    with closing(alerts):
        alerts.claim(store.Alert(key, b"group", b"run", "label"), window=0, lease=10)
        found = [alerts.came_up(event, 100), alerts.came_up(event, 101), alerts.came_up(other, 0)]
    assert found == [True, False, False]

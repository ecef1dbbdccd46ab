"""A notification: its keys, groups and counts, and that it ends in time, over real HTTP."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import (
    OutOfTimeError,
)
from airflow_provider_wahelp.delivery.alert.store import SCOPE
from airflow_provider_wahelp.hooks.base import BaseWahelpHook
from airflow_provider_wahelp.notifications import WahelpNotifier, notification

from .conftest import (
    OTHER,
    PHONE,
    SECONDS,
    SLACK,
    Clock,
    Rig,
    fail,
    notifier,
    of_run,
    of_task,
    took,
)


@pytest.mark.parametrize(
    ("first", "second", "times"),
    [
        (of_task(), of_task(), 1),
        (of_task(), of_task(try_number=2), 2),
        (of_task(), of_task(map_index=3), 2),
        (of_task(), of_task(state="up_for_retry"), 2),
        (of_task(), of_task(run_id="another"), 2),
        (of_run(), of_run(), 1),
        (of_run(), of_run("success"), 2),
        (of_run(), of_run(clear_number=1), 2),
        (of_task(), of_run(), 2),
        (of_task(state="running"), of_task(state="running"), 1),
    ],
)
def test_the_same_callback_is_told_once(rig: Rig, first: Any, second: Any, times: int) -> None:
    notifier = WahelpNotifier(text="{{ 1 }}", phone=PHONE)
    notifier(first)
    notifier(second)
    assert len(rig.texts()) == times


def test_a_clock_in_the_text_makes_no_other_alert(rig: Rig) -> None:
    notifier = WahelpNotifier(text="{{ now }}", phone=PHONE)
    notifier(of_task(now=1))
    notifier(of_task(now=2))
    assert rig.texts() == ["1"]


def test_a_task_may_tell_several_things(rig: Rig) -> None:
    notifier = WahelpNotifier(text="{{ step }}", phone=PHONE)
    for step in (1, 2, 2):
        notifier(of_task(state="running", step=step))
    assert rig.texts() == ["1", "2"]


def test_two_notifiers_of_one_callback_both_tell(rig: Rig) -> None:
    for text in ("to the team", "to the boss"):
        WahelpNotifier(text=text, phone=PHONE)(of_task())
    assert len(rig.texts()) == 2


def test_many_are_told_and_one_who_cannot_be_stops_nobody(rig: Rig, task_log: Any) -> None:
    rig.sandbox.set_messenger(PHONE, present=False)
    WahelpNotifier(text="all", to=[PHONE, OTHER, rig.user("+79163334455")])(of_task())
    assert (rig.texts(), rig.texts(OTHER), rig.texts("+79163334455")) == ([], ["all"], ["all"])
    log = task_log()
    assert "A notifier failed; nothing else is affected." in log
    assert "does not have this messenger" in log
    assert PHONE[2:] not in log


def test_tasks_kinds_people_and_channels_are_groups_of_their_own(rig: Rig, clock: Clock) -> None:
    fail(2)
    fail(2, task_id="check")
    fail(2, state="up_for_retry")
    fail(2, by=notifier(phone=OTHER))
    fail(2, by=notifier(channel_uuid=rig.second))
    assert len(rig.texts()) == 4
    assert len(rig.texts(OTHER)) == 1


def test_two_notifiers_with_one_group_and_other_people_keep_their_counts(rig: Rig, clock: Clock) -> None:
    one, two = (notifier(phone=phone, group_by="warehouse") for phone in (PHONE, OTHER))
    fail(3, by=one)
    fail(5, by=two)
    clock.advance(600)
    fail(1, start=7, by=one)
    fail(1, start=7, by=two)
    assert rig.texts()[1] == "load 7\nand 2 more since 22:05"
    assert rig.texts(OTHER)[1] == "load 7\nand 4 more since 22:05"


def test_a_group_of_ones_own_reaches_across_tasks_and_dags(rig: Rig, clock: Clock) -> None:
    group = notifier(group_by="{{ ti.dag_id }}-db")
    fail(1, by=group)
    fail(1, by=group, task_id="check")
    fail(1, by=notifier(group_by="shop-db"), dag_id="another")
    assert rig.texts() == ["load 0"]


def test_each_of_many_is_counted_for(rig: Rig, clock: Clock) -> None:
    both = notifier(phone=None, to=[PHONE, OTHER])
    fail(3, by=both)
    clock.advance(600)
    fail(1, start=3, by=both)
    assert rig.texts() == rig.texts(OTHER) == ["load 0", "load 3\nand 2 more since 22:05"]


def test_a_run_that_held_nothing_back_says_what_it_has_to_say(rig: Rig, clock: Clock) -> None:
    WahelpNotifier(text="done", phone=PHONE)(of_run("success"))
    assert rig.texts() == ["done"]


def test_a_summary_names_some_tasks_and_counts_the_others(rig: Rig, clock: Clock) -> None:
    for task in range(7):
        fail(2, task_id=f"task_{task}")
    notifier(text="over")(of_run())
    *_, summary = rig.texts()
    assert summary.startswith("over\nheld back in this run since 22:05: task_0 failed (1), ")
    assert summary.endswith(" and 2 others")


def test_quiet_hours_count_and_the_next_message_tells(rig: Rig, clock: Clock, monkeypatch: Any) -> None:
    monkeypatch.setattr(notification.time, "time", clock)
    quiet = notifier(quiet_hours="22:00-08:00", throttle=None)
    fail(3, by=quiet)
    assert rig.texts() == []
    fail(1, start=9, by=notifier(quiet_hours="22:00-08:00", throttle=None, urgent=True))
    assert rig.texts() == ["load 9\nand 3 more since 22:05"]
    fail(1, start=10, by=quiet)
    clock.advance(10 * 3600)
    fail(2, start=11, by=quiet)
    assert rig.texts()[1:] == ["load 11\nand 1 more since 22:05", "load 12"]


def test_a_count_of_days_ago_names_the_day(rig: Rig, clock: Clock) -> None:
    fail(2)
    clock.advance(2 * 86_400)
    fail(1, start=2)
    assert rig.texts()[1].endswith("and 1 more since 22 Nov 22:05")


def test_a_long_text_is_cut_so_that_the_count_stays(rig: Rig, clock: Clock) -> None:
    wordy = notifier(text="{{ 'x' * 9000 }}")
    fail(2, by=wordy)
    clock.advance(600)
    fail(1, start=2, by=wordy)
    first, second = rig.texts()
    assert (len(first), len(second)) == (4000, 4000)
    assert second.endswith("…\nand 1 more since 22:05")


def of_failed_run(own: Any, started: float = 0.0) -> Any:
    """Return what Airflow 3 tells the DAG: of the last task to fail, of which the notifier is the own one."""
    context = of_run()
    context["ti"].get_task_states = lambda **_: {}
    context["dag"] = SimpleNamespace(task_dict={"load": SimpleNamespace(on_failure_callback=own)})
    context["dag_run"].start_date = datetime.fromtimestamp(started, UTC)
    return context


SILENT = "failed without an alert of its own, probably killed: load"


def test_the_dag_names_a_task_whose_own_notifier_said_nothing(rig: Rig) -> None:
    own, whole = notifier(phone=OTHER), notifier(text="over", throttle=None)
    whole(of_failed_run(own))
    assert rig.texts() == [f"over\n{SILENT}"]


@pytest.mark.parametrize("own", [notifier(phone=OTHER), notifier(text="another")], ids=["person", "text"])
def test_a_task_that_was_told_of_is_not_named_whoever_was_told(rig: Rig, own: WahelpNotifier) -> None:
    own(of_task())
    notifier(text="over", throttle=None)(of_failed_run(own))
    assert rig.texts()[-1] == "over"


def test_a_task_that_is_told_of_by_a_summary_is_not_named_twice(rig: Rig, clock: Clock) -> None:
    own = notifier()
    own(of_task(map_index=5))
    own(of_task())
    notifier(text="over", throttle=None)(of_failed_run(own))
    assert rig.texts()[-1] == "over\nheld back in this run since 22:05: load failed (1)"


def test_what_was_told_before_the_run_was_started_again_does_not_count(rig: Rig, clock: Clock) -> None:
    own = notifier()
    own(of_task())
    clock.advance(60)
    notifier(text="over", throttle=None)(of_failed_run(own, clock.now - 1))
    assert rig.texts()[-1] == f"over\n{SILENT}"


def test_a_task_without_a_notifier_is_named_in_the_default_text_alone(rig: Rig) -> None:
    for text in (None, "over"):
        notifier(text=text, throttle=None)(of_failed_run(own=None))
    default, given = rig.texts()
    assert default.splitlines()[:2] == ["Failed: shop", "task failure: load"]
    assert given == "over"


def test_a_connection_that_takes_for_ever_to_look_up(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, task_log: Any
) -> None:
    over = threading.Event()
    monkeypatch.setattr(BaseWahelpHook, "get_connection", lambda *_, **__: over.wait(60))
    notifier = WahelpNotifier(phone=PHONE, timeout=SECONDS)
    try:
        assert took(lambda: notifier(of_task())) < SECONDS + SLACK
        assert "no time was left" in task_log()
        raising = WahelpNotifier(phone=PHONE, timeout=SECONDS, raise_on_error=True)
        with pytest.raises(OutOfTimeError):
            raising(of_task())

        async def triggerer() -> None:
            with pytest.raises(OutOfTimeError):
                await raising.async_notify(of_task())
            over.set()  # asyncio.run waits for the thread, a triggerer does not

        asyncio.run(triggerer())
    finally:
        over.set()


def test_a_database_that_somebody_else_keeps_locked(rig: Rig, own_state: Path, task_log: Any) -> None:
    WahelpNotifier(text="first", phone=PHONE)(of_task())
    with sqlite3.connect(own_state / f"{SCOPE}.sqlite") as holder:
        holder.execute("BEGIN EXCLUSIVE")
        notifier = WahelpNotifier(text="second", phone=PHONE, timeout=SECONDS)
        assert took(lambda: notifier(of_task())) < SECONDS + SLACK


def test_nothing_is_left_behind_that_keeps_the_process_from_ending(rig: Rig) -> None:
    code = """
import socket, time
from tests.notifications.conftest import of_task
from airflow_provider_wahelp.notifications import WahelpNotifier

socket.getaddrinfo = lambda *_, **__: time.sleep(60)
WahelpNotifier(user_id=301, timeout=1)(of_task())
print("done", flush=True)
"""
    rig.connect("http://wahelp.test")
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        assert any(line == "done\n" for line in process.stdout)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait()

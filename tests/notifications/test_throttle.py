"""No storm: who is told at once, and with which count, over real HTTP; what fails is counted, too."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.delivery.alert import sender
from airflow_provider_wahelp.delivery.alert import store as module
from airflow_provider_wahelp.notifications import WahelpNotifier

from .conftest import OTHER, PHONE, World, of_run, of_task

MINUTE = 60.0


class Clock:
    """The host's time, driven."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 19, 5, tzinfo=UTC).timestamp()  # 22:05 in Moscow

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    original = module.Alerts.__init__
    monkeypatch.setattr(
        module.Alerts, "__init__", lambda self, directory, given=clock: original(self, directory, given)
    )
    return clock


def notifier(**changes: Any) -> WahelpNotifier:
    known = {"text": "{{ ti.task_id }} {{ ti.map_index }}", "phone": PHONE, "throttle": 10 * MINUTE}
    return WahelpNotifier(**{**known, **changes})


def fail(count: int, start: int = 0, by: WahelpNotifier | None = None, **changes: Any) -> None:
    for index in range(start, start + count):
        (by or notifier())(of_task(map_index=index, **changes))


def test_the_first_goes_at_once_and_the_next_window_tells_of_the_others(world: World, clock: Clock) -> None:
    fail(1)
    clock.advance(60)
    fail(4, start=1)
    assert world.texts() == ["load 0"]
    clock.advance(8 * 60)
    fail(1, start=5)
    assert world.texts() == ["load 0"]
    clock.advance(60)
    fail(2, start=6)
    assert world.texts() == ["load 0", "load 6\nand 5 more since 22:06"]
    clock.advance(600)
    fail(1, start=8)
    assert world.texts()[2:] == ["load 8\nand 1 more since 22:15"]
    clock.advance(600)
    fail(1, start=9)
    assert world.texts()[3:] == ["load 9"]


def test_what_is_held_costs_no_request(world: World, clock: Clock) -> None:
    fail(1)
    world.sandbox.clear_requests()
    fail(5, start=1)
    assert world.sandbox.requests == []


def test_the_same_callback_is_counted_once(world: World, clock: Clock) -> None:
    fail(1)
    for _ in range(3):
        fail(1, start=1)
    clock.advance(600)
    fail(1, start=2)
    assert world.texts() == ["load 0", "load 2\nand 1 more since 22:05"]


def test_a_callback_that_was_held_back_and_comes_again_after_the_window_does_not_count_itself(
    world: World, clock: Clock
) -> None:
    fail(3)
    clock.advance(600)
    fail(1, start=1)
    assert world.texts() == ["load 0", "load 1\nand 1 more since 22:05"]


def test_tasks_kinds_people_and_channels_are_groups_of_their_own(world: World, clock: Clock) -> None:
    fail(2)
    fail(2, task_id="check")
    fail(2, state="up_for_retry")
    fail(2, by=notifier(phone=OTHER))
    fail(2, by=notifier(channel_uuid=world.second))
    assert len(world.texts()) == 4
    assert len(world.texts(OTHER)) == 1


def test_two_notifiers_with_one_group_and_other_people_keep_their_counts(world: World, clock: Clock) -> None:
    one, two = (notifier(phone=phone, group_by="warehouse") for phone in (PHONE, OTHER))
    fail(3, by=one)
    fail(5, by=two)
    clock.advance(600)
    fail(1, start=7, by=one)
    fail(1, start=7, by=two)
    assert world.texts()[1] == "load 7\nand 2 more since 22:05"
    assert world.texts(OTHER)[1] == "load 7\nand 4 more since 22:05"


def test_a_group_of_ones_own_reaches_across_tasks_and_dags(world: World, clock: Clock) -> None:
    group = notifier(group_by="{{ ti.dag_id }}-db")
    fail(1, by=group)
    fail(1, by=group, task_id="check")
    fail(1, by=notifier(group_by="shop-db"), dag_id="another")
    assert world.texts() == ["load 0"]


def test_each_of_many_is_counted_for(world: World, clock: Clock) -> None:
    both = notifier(phone=None, to=[PHONE, OTHER])
    fail(3, by=both)
    clock.advance(600)
    fail(1, start=3, by=both)
    assert world.texts() == world.texts(OTHER) == ["load 0", "load 3\nand 2 more since 22:05"]


def test_forty_failures_are_an_alert_and_a_summary(world: World, clock: Clock) -> None:
    shared = WahelpNotifier(phone=PHONE, throttle=600)
    fail(39, by=shared)
    fail(1, by=shared, task_id="check")
    fail(2, by=shared, task_id="check", run_id="another run")
    assert len(world.texts()) == 2
    shared(of_run())
    *_, summary = world.texts()
    assert len(world.texts()) == 3
    assert summary.startswith("Failed: shop\ntask failure\n")
    assert summary.endswith("\nheld back in this run since 22:05: load failed (38)")
    clock.advance(600)  # what was told is settled, what another run has held back is not
    fail(1, start=50, by=shared)
    fail(1, start=50, by=shared, task_id="check")
    assert "more" not in world.texts()[3]
    assert world.texts()[4].endswith("and 2 more since 22:05")


def test_a_run_that_held_nothing_back_says_what_it_has_to_say(world: World, clock: Clock) -> None:
    WahelpNotifier(text="done", phone=PHONE)(of_run("success"))
    assert world.texts() == ["done"]


def test_a_summary_names_some_tasks_and_counts_the_others(world: World, clock: Clock) -> None:
    for task in range(7):
        fail(2, task_id=f"task_{task}")
    notifier(text="over")(of_run())
    *_, summary = world.texts()
    assert summary.startswith("over\nheld back in this run since 22:05: task_0 failed (1), ")
    assert summary.endswith(" and 2 others")


def test_a_summary_that_is_not_sent_settles_nothing(world: World, clock: Clock) -> None:
    fail(3)
    world.sandbox.inject("rate_limit", operation="send_message")
    over = notifier(text="over", timeout=5)
    over(of_run())
    world.sandbox.clear_faults()
    over(of_run())
    assert world.texts() == ["load 0", "over\nheld back in this run since 22:05: load failed (2)"]


def test_whoever_was_certainly_not_sent_gives_its_claim_back(
    world: World, clock: Clock, task_log: Any
) -> None:
    world.sandbox.inject("rate_limit", operation="send_message")
    fail(1, by=notifier(timeout=5))
    assert "too many requests" in task_log()
    world.sandbox.clear_faults()
    clock.advance(1)
    fail(2, start=1)
    assert world.texts() == ["load 1\nand 1 more since 22:05"]


def test_whoever_may_have_been_sent_keeps_its_claim_and_is_looked_up(
    world: World, clock: Clock, task_log: Any
) -> None:
    fail(1)
    clock.advance(600)
    world.sandbox.inject("cut_after", operation="send_message")
    world.sandbox.inject("unavailable", operation="messages")
    fail(1, start=1, by=notifier(timeout=5))
    assert "Unknown whether the message to user " in task_log()
    assert world.texts() == ["load 0", "load 1"]
    world.sandbox.clear_faults()
    fail(1, start=1)  # Airflow calls it once more
    fail(1, start=2)
    assert world.texts() == ["load 0", "load 1"]
    assert len(world.sends) == 2


LACKING = {"operation": "send_message", "words": "Мессенджер не подключен", "count": 1}


def run_out_of_time(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, where: Any = None) -> None:
    """Have the time be up when a method is called next, with the given argument if that matters."""
    original = getattr(place, name)

    async def cut_off(*given: Any) -> Any:
        if where is None or where in given:
            monkeypatch.setattr(place, name, original)
            raise TimeoutError
        return await original(*given)

    monkeypatch.setattr(place, name, cut_off)


def test_whoever_runs_out_of_time_on_the_way_to_the_next_channel_gives_its_claim_back(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch, task_log: Any
) -> None:
    world.sandbox.inject("success_false", **LACKING)
    run_out_of_time(monkeypatch, sender.AlertSender, "_find", world.second)
    falling_back = notifier(fallback=[world.second])
    fail(1, by=falling_back)
    assert "no time was left" in task_log()
    fail(2, start=1, by=falling_back)
    assert world.texts() == ["load 1\nand 1 more since 22:05"]


def test_a_phone_that_cannot_be_asked_for_does_not_cost_the_claim(
    world: World, clock: Clock, task_log: Any
) -> None:
    world.connect(world.sandbox.url, retries=0)
    world.sandbox.inject("success_false", **LACKING)
    world.sandbox.inject("error_after", operation="user", count=1)
    falling_back = notifier(phone=None, user_id=world.user(), fallback=[world.second])
    fail(1, by=falling_back)
    assert "Nothing was carried out; it may be repeated." in task_log()
    fail(2, start=1, by=falling_back)
    assert world.texts() == ["load 1\nand 1 more since 22:05"]


def test_whoever_runs_out_of_time_looking_somebody_up_anew_gives_its_claim_back(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender._remember(f"{world.sandbox.url}/{world.project}/{world.channel}", PHONE, 987654)
    run_out_of_time(monkeypatch, sender.AlertSender, "_resolve")
    fail(1)
    assert world.sends[0].endswith("/987654")
    fail(2, start=1)
    assert world.texts() == ["load 1\nand 1 more since 22:05"]


def test_whoever_runs_out_of_time_before_the_request_leaves_gives_its_claim_back(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = module.Alerts.begin

    def too_late(*given: Any) -> None:
        monkeypatch.setattr(module.Alerts, "begin", begin)
        begin(*given)
        raise TimeoutError

    monkeypatch.setattr(module.Alerts, "begin", too_late)
    fail(1)
    assert world.sends == []
    fail(2, start=1)
    assert world.texts() == ["load 1\nand 1 more since 22:05"]


def test_whoever_may_have_been_sent_through_the_next_channel_keeps_its_claim(
    world: World, clock: Clock
) -> None:
    world.connect(world.sandbox.url, retries=0)
    world.sandbox.inject("success_false", **LACKING)
    world.sandbox.inject("cut_after", operation="send_message", count=1)
    world.sandbox.inject("unavailable", operation="messages")
    falling_back = notifier(fallback=[world.second])
    fail(1, by=falling_back)
    world.sandbox.clear_faults()
    fail(3, by=falling_back)
    assert world.texts() == ["load 0"]
    assert len(world.sends) == 2


def test_what_the_history_does_not_have_was_not_sent(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "LOOKS", (0.0,))
    world.connect(world.sandbox.url, retries=0)
    world.sandbox.inject("cut_before", operation="send_message")
    world.sandbox.inject("unavailable", operation="messages")
    fail(1)
    world.sandbox.clear_faults()
    run_out_of_time(monkeypatch, sender.AlertSender, "_find")
    fail(1)
    fail(2, start=1)
    assert world.texts() == ["load 1\nand 1 more since 22:05"]


def test_a_lost_answer_is_looked_up_at_once(world: World, clock: Clock) -> None:
    world.sandbox.inject("cut_after", operation="send_message", count=1)
    fail(1)
    assert world.texts() == ["load 0"]
    assert len(world.sends) == 1


def test_a_message_that_was_cut_off_before_it_counted_goes_out(world: World, clock: Clock) -> None:
    world.sandbox.inject("cut_before", operation="send_message", count=1)
    fail(1)
    assert world.texts() == ["load 0"]
    assert len(world.sends) == 2


def test_quiet_hours_count_and_the_next_message_tells(world: World, clock: Clock, monkeypatch: Any) -> None:
    from airflow_provider_wahelp.notifications import notification

    monkeypatch.setattr(notification.time, "time", clock)
    quiet = notifier(quiet_hours="22:00-08:00", throttle=None)
    fail(3, by=quiet)
    assert world.texts() == []
    fail(1, start=9, by=notifier(quiet_hours="22:00-08:00", throttle=None, urgent=True))
    assert world.texts() == ["load 9\nand 3 more since 22:05"]
    fail(1, start=10, by=quiet)
    clock.advance(10 * 3600)
    fail(2, start=11, by=quiet)
    assert world.texts()[1:] == ["load 11\nand 1 more since 22:05", "load 12"]


def test_a_count_of_days_ago_names_the_day(world: World, clock: Clock) -> None:
    fail(2)
    clock.advance(2 * 86_400)
    fail(1, start=2)
    assert world.texts()[1].endswith("and 1 more since 22 Nov 22:05")


def test_a_clock_that_is_set_back_silences_nobody_for_long(world: World, clock: Clock) -> None:
    fail(1)
    clock.advance(-86_400)
    fail(1, start=1)
    assert len(world.texts()) == 2


def test_a_long_text_is_cut_so_that_the_count_stays(world: World, clock: Clock) -> None:
    wordy = notifier(text="{{ 'x' * 9000 }}")
    fail(2, by=wordy)
    clock.advance(600)
    fail(1, start=2, by=wordy)
    first, second = world.texts()
    assert (len(first), len(second)) == (4000, 4000)
    assert second.endswith("…\nand 1 more since 22:05")


def test_without_a_directory_everything_is_told(world: World, own_state: Path, task_log: Any) -> None:
    own_state.write_text("not a directory")
    fail(2)
    assert len(world.texts()) == 2
    assert "cannot be used" in task_log()


def test_what_lies_on_the_disk_names_nobody_and_is_private(world: World, own_state: Path) -> None:
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

DYING = """
import os
from airflow_provider_wahelp.delivery.alert import sender, store
from airflow_provider_wahelp.notifications import WahelpNotifier
from tests.notifications.conftest import PHONE, of_task

def die(*_, **__):
    os._exit(9)

moments = {
    "claimed": (sender.AlertSender, "_find"),
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


def run(code: str) -> None:
    """Run some code in a process of its own."""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_five_hundred_calls_of_eight_processes_at_once_are_one_alert(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(STORM)
    (first,) = world.texts()
    assert first.isdigit()

    later = time.time() + 3601
    original = module.Alerts.__init__
    monkeypatch.setattr(
        module.Alerts, "__init__", lambda self, directory: original(self, directory, lambda: later)
    )
    notifier(text="{{ ti.map_index }}", throttle=3600)(of_task(map_index=500))
    assert world.texts()[1].startswith("500\nand 499 more since ")


def test_a_process_that_dies_leaves_what_the_next_one_can_go_on_with(world: World) -> None:
    """Before the request nothing was sent; after it the history tells."""
    run(DYING)
    for attempt in (1, 2, 3):
        WahelpNotifier(text="{{ ti.try_number }}", phone=PHONE)(of_task(try_number=attempt))
    assert sorted(world.texts()) == ["1", "2", "3"]
    assert len(world.sends) == 3

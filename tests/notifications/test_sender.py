"""Sending an alert: who it reaches, through which channel, and what becomes of its claim if it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import (
    NoChannelWorkedError,
)
from airflow_provider_wahelp.delivery.alert import sender, store
from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.storage.state.shared import remembering
from airflow_provider_wahelp.storage.user_ids import UserIdCache

from .conftest import (
    PHONE,
    Clock,
    Rig,
    fail,
    notifier,
    of_task,
)


def test_a_person_who_is_known_costs_one_request(rig: Rig) -> None:
    notifier = WahelpNotifier(phone=PHONE)
    notifier(of_task())
    rig.sandbox.clear_requests()
    notifier(of_task(try_number=2))
    assert [entry["path"].rpartition("/")[0].rpartition("/")[2] for entry in rig.sandbox.requests] == [
        "send_message"
    ]


def test_whoever_the_host_remembers_wrongly_is_looked_up_anew(rig: Rig) -> None:
    notifier = WahelpNotifier(phone=PHONE)
    notifier(of_task())
    rig.sandbox.reset()
    anew = Rig(rig.sandbox, rig._connect)
    assert anew.channel != rig.channel
    WahelpNotifier(phone=PHONE)(of_task(try_number=2))
    assert len(anew.texts()) == 1


def test_who_lacks_the_messenger_is_told_through_the_next_channel(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_it = iter([False])  # in the first channel: in the sandbox a phone lacks the messenger in all
    core = type(rig.sandbox._state._core)
    monkeypatch.setattr(core, "has_messenger", lambda self, phone: next(has_it, True))
    notifier = WahelpNotifier(text="hello", phone=PHONE, fallback=[rig.second], raise_on_error=True)
    notifier(of_task())
    notifier(of_task())  # Airflow calls it once more
    (line,) = rig.sandbox.conversation(PHONE)
    assert (line["text"], line["channel_uuid"]) == ("hello", rig.second)


def test_who_lacks_the_messenger_everywhere_is_not_told(rig: Rig) -> None:
    rig.sandbox.set_messenger(PHONE, present=False)
    notifier = WahelpNotifier(text="hello", phone=PHONE, fallback=[rig.second], raise_on_error=True)
    with pytest.raises(NoChannelWorkedError):
        notifier(of_task())
    assert [path for path in (entry["path"] for entry in rig.sandbox.requests) if rig.second in path]


def test_whoever_was_certainly_not_sent_gives_its_claim_back(rig: Rig, clock: Clock, task_log: Any) -> None:
    rig.sandbox.inject("rate_limit", operation="send_message")
    fail(1, by=notifier(timeout=5))
    assert "too many requests" in task_log()
    rig.sandbox.clear_faults()
    clock.advance(1)
    fail(2, start=1)
    assert rig.texts() == ["load 1\nand 1 more since 22:05"]


def test_whoever_may_have_been_sent_keeps_its_claim_and_is_looked_up(
    rig: Rig, clock: Clock, task_log: Any
) -> None:
    fail(1)
    clock.advance(600)
    rig.sandbox.inject("cut_after", operation="send_message")
    rig.sandbox.inject("unavailable", operation="messages")
    fail(1, start=1, by=notifier(timeout=5))
    assert "Unknown whether the message to user " in task_log()
    assert rig.texts() == ["load 0", "load 1"]
    rig.sandbox.clear_faults()
    fail(1, start=1)  # Airflow calls it once more
    fail(1, start=2)
    assert rig.texts() == ["load 0", "load 1"]
    assert len(rig.sends) == 2


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
    rig: Rig, clock: Clock, monkeypatch: pytest.MonkeyPatch, task_log: Any
) -> None:
    rig.sandbox.inject("success_false", **LACKING)
    run_out_of_time(monkeypatch, sender.AlertSender, "_recipient", rig.second)
    falling_back = notifier(fallback=[rig.second])
    fail(1, by=falling_back)
    assert "no time was left" in task_log()
    fail(2, start=1, by=falling_back)
    assert rig.texts() == ["load 1\nand 1 more since 22:05"]


def test_a_phone_that_cannot_be_asked_for_does_not_cost_the_claim(
    rig: Rig, clock: Clock, task_log: Any
) -> None:
    rig.connect(rig.sandbox.url, retries=0)
    rig.sandbox.inject("success_false", **LACKING)
    rig.sandbox.inject("error_after", operation="user", count=1)
    falling_back = notifier(phone=None, user_id=rig.user(), fallback=[rig.second])
    fail(1, by=falling_back)
    assert "Nothing was carried out; it may be repeated." in task_log()
    fail(2, start=1, by=falling_back)
    assert rig.texts() == ["load 1\nand 1 more since 22:05"]


def test_whoever_runs_out_of_time_looking_somebody_up_anew_gives_its_claim_back(
    rig: Rig, clock: Clock, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = f"{rig.sandbox.url}/{rig.project}/{rig.channel}"
    UserIdCache(*remembering(), scope).put(PHONE, 987654)
    run_out_of_time(monkeypatch, sender.AlertSender, "_resolve")
    fail(1)
    assert rig.sends[0].endswith("/987654")
    fail(2, start=1)
    assert rig.texts() == ["load 1\nand 1 more since 22:05"]


def test_whoever_runs_out_of_time_before_the_request_leaves_gives_its_claim_back(
    rig: Rig, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = store.Alerts.begin

    def too_late(*given: Any) -> None:
        monkeypatch.setattr(store.Alerts, "begin", begin)
        begin(*given)
        raise TimeoutError

    monkeypatch.setattr(store.Alerts, "begin", too_late)
    fail(1)
    assert rig.sends == []
    fail(2, start=1)
    assert rig.texts() == ["load 1\nand 1 more since 22:05"]


def test_whoever_may_have_been_sent_through_the_next_channel_keeps_its_claim(rig: Rig, clock: Clock) -> None:
    rig.connect(rig.sandbox.url, retries=0)
    rig.sandbox.inject("success_false", **LACKING)
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    rig.sandbox.inject("unavailable", operation="messages")
    falling_back = notifier(fallback=[rig.second])
    fail(1, by=falling_back)
    rig.sandbox.clear_faults()
    fail(3, by=falling_back)
    assert rig.texts() == ["load 0"]
    assert len(rig.sends) == 2


def test_what_the_history_does_not_have_was_not_sent(
    rig: Rig, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "LOOKS", (0.0,))
    rig.connect(rig.sandbox.url, retries=0, timeout=1, send_timeout=1)  # then nothing is under way any more
    rig.sandbox.inject("cut_before", operation="send_message")
    rig.sandbox.inject("unavailable", operation="messages")
    fail(1)
    rig.sandbox.clear_faults()
    run_out_of_time(monkeypatch, sender.AlertSender, "_recipient")
    fail(1)
    fail(2, start=1)
    assert rig.texts() == ["load 1\nand 1 more since 22:05"]


def test_a_lost_answer_is_looked_up_at_once(rig: Rig, clock: Clock) -> None:
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    fail(1)
    assert rig.texts() == ["load 0"]
    assert len(rig.sends) == 1


def test_a_message_that_was_cut_off_before_it_counted_goes_out(rig: Rig, clock: Clock) -> None:
    rig.sandbox.inject("cut_before", operation="send_message", count=1)
    fail(1)
    assert rig.texts() == ["load 0"]
    assert len(rig.sends) == 2

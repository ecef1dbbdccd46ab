"""Manners: what a number sends in a day, and a person gets in a week. Each test drives a week."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException, TaskDeferred

from airflow_provider_wahelp.client.errors import InputError, RejectedError, TooManyFailuresError
from airflow_provider_wahelp.delivery.limits.admission import Admission
from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.delivery.send_options import per_person
from airflow_provider_wahelp.operators import SendMessageOperator
from airflow_provider_wahelp.storage.state.directory import DirectoryState
from airflow_provider_wahelp.storage.state.shared import host_state
from tests.delivery import sending_task
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import Killed, Rig

START = 1_780_000_000.0
DAY = 86_400.0


class Number:
    """A number whose tasks send all that they may."""

    def __init__(self, directory: Path) -> None:
        self.now = START
        self._directory = directory

    def pace(self, **limits: Any) -> Pace:
        return Pace(DirectoryState(self._directory, lambda: self.now), "channel", **limits)

    def sends(self, pace: Pace) -> int:
        """Return how many messages a task sends now."""
        count = 0
        while not pace.take():
            count += 1
        return count


@pytest.fixture
def number(tmp_path: Path) -> Number:
    return Number(tmp_path / "state")


def week(number: Number, pace: Callable[[], Pace]) -> list[int]:
    """Return how many messages go on each of eight days, by a task that begins each day."""
    sent = []
    for _ in range(8):
        one = pace()
        sent.append(number.sends(one))
        one.close()
        number.now += DAY + 2
    return sent


def test_a_week_of_a_number_has_the_cap_each_day(number: Number) -> None:
    assert week(number, lambda: number.pace(daily_cap=30)) == [30] * 8


def test_a_new_number_sends_more_from_day_to_day_up_to_the_cap(number: Number) -> None:
    daily = week(number, lambda: number.pace(daily_cap=210, warm_up=True))
    assert daily == [100, 120, 140, 160, 180, 200, 210, 210]


def test_one_task_of_a_week_warms_up_as_several_do(number: Number) -> None:
    one = number.pace(daily_cap=210, warm_up=True)
    assert week(number, lambda: one) == [100, 120, 140, 160, 180, 200, 210, 210]


def test_a_number_that_has_sent_without_a_cap_is_not_new(number: Number) -> None:
    uncapped = number.pace()
    uncapped.count()
    number.now += 6 * DAY + 10
    assert number.pace(daily_cap=210, warm_up=True).room(number.now) == 210


def test_what_goes_in_any_case_takes_room_from_the_others(number: Number) -> None:
    capped, urgent = number.pace(daily_cap=3), number.pace()
    urgent.count()
    assert number.sends(capped) == 2
    urgent.count()
    assert number.sends(capped) == 0
    number.now += DAY + 2
    assert number.sends(capped) == 3


class Limited(sending_task.Operator):
    """A task that counts by the rig's clock."""

    rig: Rig

    def _admission(self) -> Admission:
        return replace(super()._admission(), open_state=lambda: host_state(self.rig.now))


class Send(sending_task.Task):
    """A send of its own, under the default limits unless others are given."""

    until: datetime
    method: str

    def operator(self, kill: str = "", where: str = "") -> Limited:
        made = super().operator(kill, where)
        made.__class__ = Limited
        assert isinstance(made, Limited)
        made.rig = self.rig
        return made

    def attempt(self, *args: Any, resumed: bool = False, **kwargs: Any) -> dict[str, Any] | None:  # type: ignore[override]
        try:
            return self.resume() if resumed else super().attempt(*args, **kwargs)
        except TaskDeferred as deferred:
            self.until, self.method = deferred.trigger.moment, deferred.method_name
            return None

    def resume(self) -> dict[str, Any]:
        """Go on as Airflow does after a deferral."""
        operator = self.operator()
        operator.__dict__["hook"] = hook = self.rig.hook()
        try:
            found: dict[str, Any] = operator.resume_execution(self.method, {"event": None}, self.context)
            return found
        finally:
            hook.close()


def ahead(rig: Rig, until: datetime) -> float:
    """Return how far a moment is ahead, where the operator's clock is the real one."""
    return (until - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize("ledger", ["store", "none"])
def test_a_single_send_waits_for_the_day_to_have_room(
    rig: Rig, ledger: str, task_log: Callable[[], str]
) -> None:
    sends = [Send(rig, ledger, {"daily_cap": 3}) for _ in range(4)]
    assert all(send.attempt() for send in sends[:3])
    assert sends[3].attempt() is None
    assert "Not sent yet: the channel's day is full (daily_cap); urgent=True passes it" in task_log()
    assert DAY - 60 < ahead(rig, sends[3].until) < DAY + 60
    assert rig.sends() == 3
    urgent = Send(rig, ledger, {"daily_cap": 3, "urgent": True})
    assert urgent.attempt()
    rig.sleep(DAY + 2)
    assert sends[3].attempt(resumed=True)
    assert (rig.sends(), set(rig.delivered().values())) == (5, {1})


def test_a_week_of_single_sends_keeps_to_the_cap_of_each_day(rig: Rig) -> None:
    """Five are wanted each day, two may go: the others go on later, each once."""
    waiting: list[Send] = []
    for day in range(1, 8):
        begun = [Send(rig, given={"daily_cap": 2}) for _ in range(5 if day < 4 else 0)]
        waiting = [send for send in waiting if send.attempt(resumed=True) is None]
        waiting += [send for send in begun if send.attempt() is None]
        assert (rig.sends(), set(rig.delivered().values())) == (2 * day, {1})
        rig.sleep(DAY + 2)
    assert len(waiting) == 1


def test_a_new_number_holds_single_sends_and_mailings_back(rig: Rig, tmp_path: Path) -> None:
    path, hook = tmp_path / "report.jsonl", rig.hook()
    channel = f"{hook.get_conn().settings.base_url}/{rig.project_id}/{rig.channel['channel_uuid']}"
    number = Pace(host_state(rig.now), channel)
    for _ in range(99):
        number.count()
    new = {"daily_cap": 300, "warm_up": True}
    assert Send(rig, given=new).attempt()
    assert Send(rig, given=new).attempt() is None
    rows = [{"phone": f"+791630000{n:02}", "text": f"Mail {n}"} for n in range(100)]
    rows += [{"phone": f"+791630001{n:02}", "text": f"Mail {n}"} for n in range(100)]
    given = {**new, "report_path": str(path), "dry_run": True}
    assert MailingTask(rig, rows, given=given).attempt()
    reasons = {json.loads(line)["reason"] for line in path.read_text().splitlines()}
    ends = moscow(rig.now() + 2 * DAY)  # none today, then 120, then 80
    assert reasons == {f"not sent yet; the mailing will not end today: its last message goes about {ends}"}


def test_single_sends_and_mailings_share_the_day_of_a_channel(rig: Rig) -> None:
    mailing = MailingTask(
        rig, [{"phone": phone, "text": "Mail"} for phone in sending_task.PHONES], given={"daily_cap": 5}
    )
    assert all(Send(rig).attempt() for _ in range(3))
    assert mailing.attempt() is None
    assert rig.sends() == 5
    held = Send(rig, given={"daily_cap": 5})
    assert held.attempt() is None
    assert mailing.resume()
    assert rig.delivered()["Mail"] == 4
    rig.sleep(60)
    assert held.attempt(resumed=True) is not None


def test_a_mailing_of_days_says_before_it_begins_when_it_ends(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "airflow_provider_wahelp.delivery")
    path, rows = (
        tmp_path / "report.jsonl",
        [{"phone": f"+7916300000{n}", "text": f"Mail {n}"} for n in range(9)],
    )
    given = {"daily_cap": 2, "report_path": str(path)}
    dry = MailingTask(rig, rows, given={**given, "dry_run": True}).attempt()
    assert dry
    assert dry["deferred"] == 9
    assert rig.sends() == 0
    ends = moscow(rig.now() + 4 * DAY)
    [told] = [line for line in caplog.messages if "will not end today" in line]
    assert told == f"The mailing to 9 people will not end today: its last message goes about {ends}"
    reasons = {json.loads(line)["reason"] for line in path.read_text().splitlines()}
    assert reasons == {f"not sent yet; the mailing will not end today: its last message goes about {ends}"}
    mailing, runs = MailingTask(rig, rows, given=given), list[Any]([None])
    assert mailing.attempt() is None
    assert rig.sends() == 2
    while runs[-1] is None:
        runs.append(mailing.resume())
    assert (runs[-1]["sent"], len(runs), moscow(rig.now())) == (9, 5, ends)
    assert [line for line in caplog.messages if "will not end today" in line] == [
        f"The mailing to {left} people will not end today: its last message goes about {ends}"
        for left in (9, 9, 7, 5, 3)
    ]


def mail(rig: Rig, phones: Sequence[str] = sending_task.PHONES, **given: Any) -> MailingTask:
    """Return a mailing of a task of its own."""
    task = MailingTask(rig, [{"phone": phone, "name": "Anna"} for phone in phones], given=given, text="x")
    task.text = f"Mail of {task.task.name}"
    return task


def sent(totals: Mapping[str, int] | None) -> tuple[int, int]:
    """Return how many got it, and how many were held back."""
    assert totals
    return totals["sent"], totals["suppressed"]


@pytest.mark.parametrize("ledger", ["store", "none"])
def test_a_person_gets_two_messages_a_week_from_whichever_task(
    rig: Rig, ledger: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "airflow_provider_wahelp.delivery")
    path, weekly = tmp_path / "report.jsonl", {"per_person": "2 per week"}
    first, *others = sending_task.PHONES
    assert Send(rig, ledger, {"phone": first, "name": "Anna", **weekly}).attempt()  # Monday
    rig.sleep(DAY)
    assert sent(mail(rig, **weekly).attempt()) == (4, 0)  # Tuesday
    rig.sleep(DAY)
    dry = mail(rig, **weekly, dry_run=True, report_path=str(path)).attempt()
    assert dry
    assert (dry["deferred"], dry["suppressed"]) == (3, 1)
    [held] = [row for row in map(json.loads, path.read_text().splitlines()) if row["outcome"] == "suppressed"]
    assert (held["phone"], held["reason"]) == (first, "held back by per_person (2 per week)")
    assert "Not written to: 1 held back by per_person (2 per week)" in caplog.messages
    caplog.clear()
    assert sent(mail(rig, **weekly).attempt()) == (3, 1)
    assert "Not written to: 1 held back by per_person (2 per week)" in caplog.messages
    with pytest.raises(AirflowSkipException, match=r"^Not sent: held back by per_person \(2 per week\)"):
        Send(rig, ledger, {"phone": others[0], **weekly}).attempt()
    assert Send(rig, ledger, {"phone": others[0], **weekly, "urgent": True}).attempt()
    assert sent(mail(rig, **weekly, urgent=True).attempt()) == (4, 0)
    assert sent(mail(rig).attempt()) == (4, 0)  # another's, that names no limit
    rig.sleep(5 * DAY + 1)  # Monday again: what is older than a week counts no more
    assert sent(mail(rig, **weekly).attempt()) == (0, 4)
    rig.sleep(2 * DAY)
    assert sent(mail(rig, **weekly).attempt()) == (4, 0)


def test_rows_of_one_person_count_and_a_retry_counts_once(rig: Rig) -> None:
    twice = [
        {"phone": phone, "text": text}
        for text in ("One", "Two", "Three")
        for phone in sending_task.PHONES[:2]
    ]
    mailing = MailingTask(rig, twice, given={"per_person": "2 per day", "concurrency": 1})
    with pytest.raises(Killed):
        mailing.attempt(6)
    assert sent(mailing.attempt()) == (4, 2)
    assert set(rig.delivered().values()) == {2}
    assert sent(mailing.attempt()) == (4, 2)
    mailing.task.clear()
    assert sent(mailing.attempt()) == (4, 2)


def test_what_did_not_go_is_not_counted(rig: Rig) -> None:
    phone = sending_task.PHONES[0]
    rig.sandbox.inject("error_before", operation="send_message", status=422, count=1)
    with pytest.raises(TooManyFailuresError):
        mail(rig, [phone], per_person="1 per day").attempt()
    assert sent(mail(rig, [phone], per_person="1 per day").attempt()) == (1, 0)
    rig.sleep(DAY + 1)
    rig.sandbox.inject("error_before", operation="send_message", status=422, count=1)
    with pytest.raises(RejectedError):
        Send(rig, given={"phone": phone, "per_person": "1 per day"}).attempt()
    full = Send(rig, given={"phone": phone, "per_person": "1 per day", "daily_cap": 1})
    assert full.attempt() is None
    assert Send(rig, given={"phone": phone, "per_person": "1 per day"}).attempt()


def test_all_tasks_keep_to_what_the_configuration_says(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__PER_PERSON", "1 per day")
    assert sent(mail(rig).attempt()) == (4, 0)
    with pytest.raises(AirflowSkipException):
        Send(rig, given={"phone": sending_task.PHONES[0]}).attempt()
    assert sent(mail(rig, per_person="2 per day").attempt()) == (4, 0)
    monkeypatch.setenv("AIRFLOW__WAHELP__PER_PERSON", "often")
    with pytest.raises(InputError, match=r"^per_person: must be so many messages in a time"):
        mail(rig).attempt()


def test_a_user_and_their_phone_are_one_person_and_channels_are_told_apart_by_phone(rig: Rig) -> None:
    phone, daily = sending_task.PHONES[1], {"per_person": "1 per day"}
    assert Send(rig, given={"user_id": rig.users[0], **daily}).attempt()
    assert sent(mail(rig, **daily).attempt()) == (3, 1)
    with pytest.raises(AirflowSkipException):
        Send(rig, given={"user_id": rig.users[1], **daily}).attempt()
    other = str(rig.sandbox._state.channels.create(rig.project_id, {"name": "B", "type": "telegram"})["uuid"])  # type: ignore[arg-type]
    rig.sandbox.scan(other)
    with pytest.raises(AirflowSkipException):
        Send(rig, given={"phone": phone, "channel_uuid": other, **daily}).attempt()


def moscow(seconds: float) -> str:
    """Return a day as the log says it."""
    day = datetime.fromtimestamp(seconds, ZoneInfo("Europe/Moscow"))
    return f"{day:%a} {day.day} {day:%b %Y}"


def test_what_falls_back_is_not_held_and_is_sent_once(rig: Rig) -> None:
    other = str(rig.sandbox._state.channels.create(rig.project_id, {"name": "B", "type": "telegram"})["uuid"])
    rig.sandbox.scan(other)
    rig.sandbox.configure(delivered_after=None)
    given = {"fallback": [other], "fallback_after": 1, "wait_timeout": 2, "poll_interval": 1, "daily_cap": 1}
    blocker = Send(rig, given={"channel_uuid": other, "user_id": None, "phone": sending_task.PHONES[1]})
    assert blocker.attempt()
    task = Send(rig, "none", given)
    with pytest.raises(Exception, match="reach the person"):
        task.attempt()
    assert sorted(rig.delivered().values()) == [1, 2]  # once through each channel, though the other was full


@pytest.mark.parametrize(("argument", "value"), [("warm_up", "no"), ("urgent", 1), ("daily_cap", 0)])
def test_what_is_no_limit_is_refused(argument: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{argument}: "):
        SendMessageOperator(task_id="t", text="Hello", user_id=1, **{argument: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spelt", "most", "days"),
    [("3 per week", 3, 7), (" 1  per Day ", 1, 1), ("5 per 30 days", 5, 30), ("2 per 12 hours", 2, 0.5)],
)
def test_a_limit_is_spelt_as_it_is_said(spelt: str, most: int, days: float) -> None:
    limit = per_person(spelt)
    assert (limit.most, limit.seconds) == (most, days * DAY)


@pytest.mark.parametrize(
    "spelt",
    ["3", 3, "0 per day", "three per day", "1 per 0 days", "1 per 91 days", "1 per 9999999999 days", True],
)
def test_what_is_no_limit_of_a_person_is_refused(spelt: object) -> None:
    with pytest.raises(InputError, match=r"^per_person: "):
        per_person(spelt)

"""Workers with a receiver: hints spare them requests, and tell them of opt-outs. Over real HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

pytest.importorskip("airflow.sdk", reason="before Airflow 3 there is no receiver")

from airflow_provider_wahelp.client.models import MOSCOW
from airflow_provider_wahelp.delivery.mailing.live_opt_outs import MOST_MESSAGES, LiveOptOuts
from airflow_provider_wahelp.delivery.mailing.opt_outs import OptOuts
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.incoming.heard import PatientLooks, about_message
from airflow_provider_wahelp.incoming.hearing import HEARING_SECONDS, net_interval
from airflow_provider_wahelp.incoming.hints import Hint, board_name
from airflow_provider_wahelp.operators import SendMessagesOperator
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.storage.state.directory import DirectoryState
from airflow_provider_wahelp.triggers.news import NewsTrigger
from tests.heard import RECEIVER, Heard

PHONE = "+79161234567"


class Place:
    """A channel of the sandbox, its receiver, and the time."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = sandbox
        self.hook = WahelpHook()
        self.project = self.hook.create_project("Shop").id
        self.uuid = str(self.hook.create_channel("Support", project_id=self.project).uuid)
        sandbox.scan(self.uuid)
        self.heard = Heard(monkeypatch, sandbox.url, self.project)
        self.now = 0.0

    def write(self, text: str) -> Any:
        """Let a person write, a second after what was written before; return the message."""
        self.sandbox.advance(1)
        message = self.sandbox.receive(PHONE, text, self.uuid)
        self.now += HEARING_SECONDS + 1
        return message

    def hear(self, message: Any) -> None:
        self.heard.tell(Hint(self.uuid, "message", str(message["id"]), str(message["user_id"])))

    def opt_outs(self) -> LiveOptOuts:
        return LiveOptOuts(
            OptOuts(DirectoryState(None), "scope"), self.hook, self.project, self.uuid, lambda: self.now
        )

    @property
    def requests(self) -> int:
        return len(self.sandbox.requests)


@pytest.fixture
def place(wahelp_sandbox: Sandbox, connect: Any, monkeypatch: pytest.MonkeyPatch) -> Place:
    connect(wahelp_sandbox.url, extra={**RECEIVER, "retries": 0})
    return Place(wahelp_sandbox, monkeypatch)


def test_a_stop_word_counts_in_the_middle_of_a_mailing_and_a_start_word_too(place: Place) -> None:
    opt_outs = place.opt_outs()
    user = (first := place.write("Стоп"))["user_id"]
    assert user not in opt_outs  # nobody has heard of it
    place.now += HEARING_SECONDS + 1
    place.hear(first)
    assert user in opt_outs
    place.hear(place.write("Старт"))
    assert user not in opt_outs


def test_a_complaint_is_counted_as_soon_as_it_is_heard_of(place: Place) -> None:
    opt_outs = place.opt_outs()
    began = datetime.fromisoformat(place.write("Здравствуйте")["created_at"]).replace(tzinfo=MOSCOW)
    place.hear(place.write("Стоп"))
    assert len(opt_outs.stops(began.timestamp())) == 1
    assert not opt_outs.stops(began.timestamp() + 60)


def test_an_invented_stop_opts_nobody_out(place: Place) -> None:
    opt_outs = place.opt_outs()
    message = place.write("Здравствуйте")
    place.hear(message)
    place.hear({"id": 987654, "user_id": message["user_id"]})
    assert message["user_id"] not in opt_outs


def test_many_messages_are_one_reading(place: Place) -> None:
    opt_outs = place.opt_outs()
    for number in range(MOST_MESSAGES + 1):
        place.hear(message := place.write(f"Привет {number}" if number else "Стоп"))
    place.sandbox.clear_requests()
    assert message["user_id"] in opt_outs
    assert place.requests <= 2  # a page, and one that proves the end


def test_what_cannot_be_read_now_is_read_later(place: Place) -> None:
    opt_outs = place.opt_outs()
    place.hear(message := place.write("Стоп"))
    place.sandbox.inject("error_before", path="*/messages/*", count=1)
    assert message["user_id"] not in opt_outs
    assert message["user_id"] in opt_outs


def test_a_worker_looks_at_hints_and_else_rarely(place: Place) -> None:
    looks = PatientLooks(place.hook, place.project, about_message(place.uuid, 7), lambda: place.now)
    due, before = [], place.requests
    for second in range(0, 2 * int(net_interval(20)), 20):
        place.now = float(second)
        if second == 100:
            place.heard.tell(Hint(place.uuid, "status", "7", None), Hint(place.uuid, "status", "8", None))
        if looks.is_due(20):
            due.append(second)
    assert due[:3] == [0, 100, 120]
    assert place.requests == before


def test_without_a_receiver_each_look_is_due(place: Place, connect: Any) -> None:
    connect(place.sandbox.url)
    looks = PatientLooks(WahelpHook(), place.project, about_message(place.uuid, 7), lambda: place.now)
    assert all(looks.is_due(20) for _ in range(5))


def mailing(place: Place, **options: Any) -> TaskDeferred:
    """Mail somebody, and return how the task waits for what becomes of it."""
    operator = SendMessagesOperator(
        task_id="mail",
        recipients=[{"phone": PHONE}],
        text="Hello",
        channel_uuid=place.uuid,
        project_id=place.project,
        wait_for="delivered",
        **options,
    )
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute({})
    return deferred.value


def test_a_mailing_waits_for_news_and_else_long(place: Place) -> None:
    place.heard.tell(Hint(place.uuid, "status", "7", None))
    trigger = mailing(place, poll_interval=20).trigger
    assert isinstance(trigger, NewsTrigger)
    times = (datetime.fromisoformat(each) for each in (trigger.until, trigger.not_before))
    until, soon = ((time - datetime.now(UTC)).total_seconds() for time in times)
    assert 10 < soon < 21
    assert 150 < until < net_interval(20) + 1
    assert (trigger.channel_uuids, trigger.count) == ([place.uuid], 1)


@pytest.mark.parametrize("hint", [("status", True), ("message", False)], ids=str)
@pytest.mark.parametrize("elsewhere", [True, False])
def test_news_are_reports_of_the_channel(place: Place, hint: tuple[str, bool], elsewhere: bool) -> None:
    kind, is_news = hint
    board = board_name(place.sandbox.url.removeprefix("http://"), place.project)
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    trigger = NewsTrigger(later.isoformat(), now.isoformat(), [place.uuid], board, place.heard.board.count)
    place.heard.tell(Hint("elsewhere" if elsewhere else place.uuid, kind, "7", None))

    async def has_ended() -> bool:
        running = asyncio.ensure_future(anext(trigger.run()))
        ended, _ = await asyncio.wait([running], timeout=0.5)
        running.cancel()
        return bool(ended)

    assert asyncio.run(has_ended()) == (is_news and not elsewhere)


def test_a_mailing_without_a_receiver_waits_for_a_moment(place: Place, connect: Any) -> None:
    connect(place.sandbox.url)
    assert type(mailing(place).trigger).__name__ == "DateTimeTrigger"

"""What a service refuses one person, and what it answers in place of a message: each way to send, alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import (
    ForbiddenError,
    PaymentRequiredError,
    RecipientRefusedError,
    UnreadableAnswerError,
    WahelpError,
)
from airflow_provider_wahelp.delivery.alert import sender
from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.storage.state.shared import remembering
from airflow_provider_wahelp.storage.user_ids import UserIdCache
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Rig, Task
from tests.front import Front
from tests.notifications.conftest import of_task

TEXT = "Hello"
SEND = "POST .*/send_message/"
MAINTENANCE = {"message": "Service is under maintenance"}
BLOCKED = {"success": False, "message": "blocked by the user"}


@pytest.fixture
def front(rig: Rig, connect: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """Put a server with habits before the sandbox."""
    monkeypatch.setattr(sender, "LOOKS", (0.0,))
    with Front(rig.sandbox.url) as running:
        connect(running.url, extra=rig.channel)
        yield running


def by_operator(rig: Rig, fallback: list[str]) -> Any:
    waits: dict[str, Any] = {"fallback": fallback, "wait_for": "delivered"} if fallback else {}
    return Task(rig, text=TEXT, given={"phone": PHONES[0], **waits}).attempt()


def by_hook(rig: Rig, fallback: list[str]) -> Any:
    return rig.hook().send_message(TEXT, phone=PHONES[0]).to_dict()


def by_alert(rig: Rig, fallback: list[str]) -> None:
    WahelpNotifier(text=TEXT, phone=PHONES[0], fallback=fallback or None, raise_on_error=True, timeout=60)(
        of_task()
    )


def by_mailing(rig: Rig, fallback: list[str]) -> None:
    waits: dict[str, Any] = {"fallback": fallback, "wait_for": "delivered"} if fallback else {}
    mailing = MailingTask(rig, [{"phone": PHONES[0], "text": TEXT}], given=waits)
    totals = mailing.attempt()
    while totals is None:
        totals = mailing.resume()


Way = Callable[[Rig, list[str]], Any]
every_way = pytest.mark.parametrize("way", [by_operator, by_hook, by_alert, by_mailing])


def lines(rig: Rig, phone: str = PHONES[0]) -> list[tuple[str, str]]:
    return [(line["text"], line["channel_uuid"]) for line in rig.sandbox.conversation(phone)]


@every_way
@pytest.mark.parametrize("carried_out", [True, False], ids=["sent", "not-sent"])
def test_a_success_that_names_no_message_is_looked_up(
    rig: Rig, front: Front, way: Way, carried_out: bool
) -> None:
    front.answers(SEND, body=MAINTENANCE, left=1, carried_out=carried_out)
    sent = way(rig, [])
    assert lines(rig) == [(TEXT, rig.channel["channel_uuid"])]
    assert sent is None or sent["id"] is not None


@every_way
def test_a_service_under_maintenance_sends_nothing_and_says_so(rig: Rig, front: Front, way: Way) -> None:
    front.answers(SEND, body=MAINTENANCE)
    with pytest.raises(WahelpError) as caught:
        way(rig, [])
    assert caught.value.temporary
    if way is not by_mailing:
        assert isinstance(caught.value, UnreadableAnswerError)
    assert lines(rig) == []


@every_way
@pytest.mark.parametrize("status", [408, 503])
@pytest.mark.parametrize("carried_out", [True, False], ids=["sent", "not-sent"])
def test_an_answer_that_tells_nothing_is_looked_up(
    rig: Rig, front: Front, connect: Any, way: Way, carried_out: bool, status: int
) -> None:
    if way is by_alert:  # it has seconds, and what may be under way is waited for
        connect(front.url, extra={**rig.channel, "timeout": 1, "send_timeout": 1})
    front.answers(SEND, status, left=1, carried_out=carried_out)
    way(rig, [])
    assert len(lines(rig)) == 1


@every_way
def test_a_quota_that_is_spent_is_the_accounts_and_costs_one_request(
    rig: Rig, front: Front, way: Way
) -> None:
    habit = front.answers(SEND, 402, {"message": "номер не подключен"})
    with pytest.raises(PaymentRequiredError) as caught:
        way(rig, [])
    assert (caught.value.temporary, habit.struck) == (True, 1)


@pytest.fixture
def second(rig: Rig) -> str:
    """Return another channel."""
    uuid = str(rig.hook().create_channel("Second", "telegram", rig.project_id).uuid)
    rig.sandbox.scan(uuid)
    rig.sandbox.configure(delivered_after=0)
    return uuid


@pytest.mark.parametrize("way", [by_operator, by_alert, by_mailing])
def test_a_person_who_is_refused_is_written_to_through_the_next_channel(
    rig: Rig, front: Front, second: str, way: Way
) -> None:
    front.answers(f"{rig.channel['channel_uuid']}/send_message/", 403, BLOCKED)
    way(rig, [second])
    assert lines(rig) == [(TEXT, second)]


@pytest.mark.parametrize("way", [by_operator, by_hook, by_alert])
def test_without_another_channel_the_person_is_named(rig: Rig, front: Front, way: Way) -> None:
    front.answers(SEND, 403, BLOCKED)
    with pytest.raises(RecipientRefusedError, match="blocked by the user"):
        way(rig, [])


@pytest.mark.parametrize("way", [by_operator, by_hook, by_alert, by_mailing])
def test_an_account_without_the_right_is_named(rig: Rig, front: Front, second: str, way: Way) -> None:
    uuid = rig.channel["channel_uuid"]
    front.answers(SEND, 403)
    front.answers(f"GET .*/channels/{uuid}$", 403)
    with pytest.raises(ForbiddenError):
        way(rig, [second] if way is not by_hook else [])
    assert lines(rig) == []


def remember_wrongly(rig: Rig, server: str) -> None:
    """Let the host take the second person for the first: in Wahelp a number was corrected since."""
    scope = f"{server}/{rig.project_id}/{rig.channel['channel_uuid']}"
    with closing(UserIdCache(*remembering(), scope)) as known:
        known.put(PHONES[0], rig.users[1])


@pytest.mark.parametrize("way", [by_mailing, by_alert])
def test_who_is_remembered_wrongly_is_forgotten_and_the_right_person_gets_it(
    rig: Rig, front: Front, way: Way, task_log: Callable[[], str]
) -> None:
    remember_wrongly(rig, front.url)
    users = rig.sandbox._state._core.registry.users

    def with_phone(answer: Any) -> Any:
        sent = rig.sandbox._state._core.registry.messages[answer["data"]["id"]]
        user = {"id": sent.user_id, "phone": users[sent.user_id].phone}
        return {**answer, "data": {**answer["data"], "user": user}}

    front.answers(SEND, body=with_phone, carried_out=True)
    way(rig, [])
    assert len(lines(rig)) == 1
    assert f"went to user {rig.users[1]}, whose phone is another one by now" in task_log()
    way(rig, [])
    assert len(lines(rig)) == 1 + (way is by_mailing)  # the same alert is told once
    assert len(lines(rig, PHONES[1])) == 1


def test_a_list_of_users_tells_before_anything_is_sent(rig: Rig, front: Front) -> None:
    remember_wrongly(rig, front.url)
    rows = [{"phone": PHONES[0], "text": TEXT}, {"user_id": rig.users[2], "text": TEXT}]
    MailingTask(rig, rows, given={"suppress": [PHONES[3]]}).attempt()
    assert [len(lines(rig, phone)) for phone in PHONES[:3]] == [1, 0, 1]


def test_another_spelling_of_a_phone_is_the_same_person(rig: Rig, front: Front) -> None:
    rig.hook().send_message("before", phone=PHONES[0])
    by_mailing(rig, [])

    def told_otherwise(answer: Any) -> Any:
        return {**answer, "data": {**answer["data"], "user": {"id": rig.users[0], "phone": "nobody knows"}}}

    front.answers(SEND, body=told_otherwise, carried_out=True)
    by_mailing(rig, [])
    assert len(lines(rig)) == 3

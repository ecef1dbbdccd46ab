"""Replies that decide tasks: a real database of Airflow's, and the sandbox over real HTTP."""

# ruff: noqa: RUF001 - Cyrillic letters that look like Latin ones are what people read

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("airflow.models.hitl", reason="Airflow asks people since 3.1")

from airflow.api_fastapi import app as api_app
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import delete, insert, select, update

from airflow_provider_wahelp.assets.uri import ChannelUri
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.events import events_in
from airflow_provider_wahelp.notifications import WahelpApprovalNotifier
from airflow_provider_wahelp.notifications.approval_record import XCOM_KEY, ApprovalRecord
from airflow_provider_wahelp.receiver import approvals
from airflow_provider_wahelp.receiver.approvals import decide_by_replies
from airflow_provider_wahelp.receiver.decisions import decide, questions
from airflow_provider_wahelp.receiver.received import Received
from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions
from tests.notifications.conftest import Rig

ANNA, BORIS, STRANGER = "+79161112233", "+79162223344", "+79163334455"
APPROVERS = {ANNA: "anna", BORIS: "boris"}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(activation_delay=0)) as sandbox:
        yield sandbox


@pytest.fixture
def rig(running: Sandbox, connect: Callable[..., None]) -> Rig:
    running.reset()
    return Rig(running, connect)


@pytest.fixture(autouse=True)
def _users(monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.fernet import Fernet

    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "anna:user,boris:admin,viktor:viewer")
    state = getattr(api_app, "_AuthManagerState", None)
    target, name = (state, "instance") if state else (api_app, "auth_manager")
    monkeypatch.setattr(target, name, SimpleAuthManager())


class Asked:
    """A task that waits for people."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.ti_id = _add_task()

    def ask(
        self, approvers: dict[str, str] = APPROVERS, options: tuple[str, ...] = ("Approve", "Reject")
    ) -> None:
        ti = SimpleNamespace(
            id=self.ti_id,
            dag_id="prices",
            run_id="r1",
            task_id="approve",
            map_index=-1,
            try_number=1,
            max_tries=0,
            state="running",
            start_date=None,
            xcom_push=self.push,
        )
        task = SimpleNamespace(subject="Publish?", body="42 prices", options=list(options))
        WahelpApprovalNotifier(approvers=approvers, raise_on_error=True).notify(
            {"ti": ti, "task_instance": ti, "task": task, "run_id": "r1", "dag": None}  # type: ignore[typeddict-item]
        )
        with create_session() as session:
            session.execute(update(HITLDetail).values(options=list(options)))

    def push(self, key: str, value: Any) -> None:
        with create_session() as session:
            XComModel.set(key, value, dag_id="prices", run_id="r1", task_id="approve", session=session)

    def reply(self, phone: str, text: str, **changes: Any) -> None:
        """Write on a phone, and let the webhook tell of it."""
        self.tell({**self.rig.sandbox.receive(phone, text, self.rig.channel), **changes})

    def tell(self, *payloads: dict[str, Any]) -> None:
        """Let webhooks come in, whatever they say."""
        events, _ = events_in([{"action": "channel.message.created", "payload": each} for each in payloads])
        place = ChannelUri("wahelp.test", str(self.rig.project), self.rig.channel)
        asyncio.run(decide_by_replies([Received("wahelp_default", place, event) for event in events]))

    def set_clock(self, asked_at: str) -> None:
        """Let the worker that has asked have had another clock."""
        with create_session() as session:
            value = json.loads(session.scalars(select(XComModel.value)).one())
        record = ApprovalRecord.read(value, self.ti_id)
        assert record
        self.push(XCOM_KEY, replace(record, asked_at=asked_at).signed(self.ti_id))

    def user_id(self, phone: str) -> int:
        """Return somebody's id in the channel, where they have written something before."""
        return int(self.rig.sandbox.receive(phone, "Привет", self.rig.channel)["user_id"])

    @property
    def decision(self) -> tuple[Any, Any]:
        with create_session() as session:
            detail = session.scalars(select(HITLDetail)).one()
            return detail.chosen_options, detail.responded_by and detail.responded_by["id"]


NOTHING = (None, None)


def _add_task() -> Any:
    from datetime import UTC, datetime

    ti_id, now = uuid.uuid4(), datetime.now(UTC)
    if not hasattr(TaskInstance.__table__.c.id.type, "as_uuid"):  # a text before Airflow 3.2
        ti_id = str(ti_id)  # type: ignore[assignment]
    with create_session() as session:
        session.merge(DagBundleModel(name="testing"))
        session.flush()
        session.add(DagModel(dag_id="prices", bundle_name="testing", fileloc="", is_paused=False))
        session.flush()
        session.add(DagRun(dag_id="prices", run_id="r1", run_type="manual", run_after=now, state="running"))
        session.flush()
        known = {
            "id": ti_id,
            "dag_id": "prices",
            "run_id": "r1",
            "task_id": "approve",
            "map_index": -1,
            "state": "deferred",
            "try_number": 1,
            "max_tries": 0,
            "pool": "default_pool",
            "pool_slots": 1,
            "queue": "default",
            "priority_weight": 1,
        }
        session.execute(insert(TaskInstance.__table__).values(**known))
        session.add(HITLDetail(ti_id=ti_id, options=["Approve", "Reject"], subject="Publish?", params={}))
    return ti_id


@pytest.fixture
def asked(rig: Rig, database: None) -> Iterator[Asked]:
    yield Asked(rig)
    with create_session() as session:
        for table in (XComModel, HITLDetail, TaskInstance, DagRun, DagModel):
            session.execute(delete(table))


def test_an_approver_is_asked_and_understood_in_russian(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__LANGUAGE", "ru")
    asked.ask()
    assert "1. Одобрить\n2. Отклонить\nОтветьте номером" in asked.rig.texts(ANNA)[0]
    asked.reply(ANNA, "отклонить")
    assert asked.decision == (["Reject"], "anna")
    assert asked.rig.texts(ANNA)[-1] == "Готово: Отклонить"


@pytest.mark.parametrize(("text", "option"), [("1", "Approve"), ("2", "Reject"), ("Да, конечно", "Approve")])
def test_an_approver_decides_as_their_airflow_user_and_is_told(asked: Asked, text: str, option: str) -> None:
    asked.ask()
    assert "1. Approve\n2. Reject" in asked.rig.texts(ANNA)[0]
    asked.reply(ANNA, text)
    assert asked.decision == ([option], "anna")
    assert asked.rig.texts(ANNA)[-1] == f"Done: {option}"


def test_no_phone_is_in_the_clear_in_the_database(asked: Asked) -> None:
    asked.ask()
    with create_session() as session:
        assert "9161112233" not in str(session.scalars(select(XComModel.value)).all())


def test_a_stranger_decides_nothing(asked: Asked) -> None:
    asked.ask()
    asked.reply(STRANGER, "1")
    assert asked.decision == NOTHING


def test_a_stranger_whose_webhook_names_an_approvers_phone_decides_nothing(asked: Asked) -> None:
    asked.ask()
    written = asked.rig.sandbox.receive(STRANGER, "1", asked.rig.channel)
    asked.tell({**written, "user": {**(written.get("user") or {}), "phone": ANNA}})
    asked.tell(
        {**written, "user_id": asked.user_id(ANNA), "user": {"id": asked.user_id(ANNA), "phone": ANNA}}
    )
    assert asked.decision == NOTHING


def test_a_message_that_the_api_does_not_have_decides_nothing(asked: Asked) -> None:
    asked.ask()
    anna = {"id": asked.user_id(ANNA), "phone": ANNA}
    asked.tell(
        {
            "id": 999999,
            "user_id": anna["id"],
            "channel_id": 1,
            "message": "1",
            "destination": "from",
            "user": anna,
        }
    )
    assert asked.decision == NOTHING


def test_only_what_the_api_says_was_written_counts(asked: Asked) -> None:
    asked.ask()
    asked.reply(ANNA, "Сколько стоит?", message="1")
    assert asked.decision == NOTHING


def test_a_message_of_another_channel_decides_nothing(asked: Asked) -> None:
    asked.ask()
    asked.tell(asked.rig.sandbox.receive(ANNA, "1", asked.rig.second))
    assert asked.decision == NOTHING


def test_our_own_message_decides_nothing(asked: Asked) -> None:
    asked.ask()
    own = next(line for line in asked.rig.sandbox.conversation(ANNA))
    asked.tell(
        {
            "id": own["id"],
            "user_id": asked.user_id(ANNA),
            "message": "1",
            "destination": "from",
            "user": {"phone": ANNA},
        }
    )
    assert asked.decision == NOTHING


def test_a_replayed_answer_to_an_older_question_decides_nothing(asked: Asked) -> None:
    written = asked.rig.sandbox.receive(ANNA, "1", asked.rig.channel)
    asked.ask()
    asked.tell(written)
    assert asked.decision == NOTHING


@pytest.mark.parametrize("hours", [-100, -12, 12])
def test_the_clock_of_the_worker_that_asked_makes_no_difference(asked: Asked, hours: int) -> None:
    before = asked.rig.sandbox.receive(ANNA, "2", asked.rig.channel)
    asked.ask()
    asked.set_clock((datetime.now(UTC) + timedelta(hours=hours)).isoformat())
    asked.tell(before)
    assert asked.decision == NOTHING
    asked.reply(ANNA, "1")
    assert asked.decision == (["Approve"], "anna")


def test_a_question_that_the_history_does_not_have_is_not_answered(asked: Asked) -> None:
    asked.ask()
    asked.set_clock("2099-01-01T00:00:00+00:00")
    asked.reply(ANNA, "1")
    assert asked.decision == NOTHING


def test_a_confirmation_that_a_crash_has_kept_back_goes_out_when_the_webhook_repeats(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: Any) -> None:
        raise SystemExit

    asked.ask()
    written = asked.rig.sandbox.receive(ANNA, "1", asked.rig.channel)
    with monkeypatch.context() as patch:
        patch.setattr(approvals, "tell", die)
        with pytest.raises(SystemExit):
            asked.tell(written)
    assert asked.decision == (["Approve"], "anna")
    for _ in range(2):
        asked.tell(written)
    assert asked.rig.texts(ANNA)[2:] == ["Done: Approve"]


def test_messages_of_one_batch_are_one_query_and_decide_in_order(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.ask()
    queries: list[Any] = []
    find = approvals.questions
    monkeypatch.setattr(approvals, "questions", lambda ids: queries.append(ids) or find(ids))
    strangers = [asked.rig.sandbox.receive(STRANGER, f"1{n}", asked.rig.channel) for n in range(5)]
    asked.tell(*strangers)
    assert queries == [{"wahelp_default"}]
    asked.tell(*(asked.rig.sandbox.receive(ANNA, text, asked.rig.channel) for text in ("2", "1")))
    assert asked.decision == (["Reject"], "anna")


def test_a_record_that_others_have_written_counts_for_nothing(asked: Asked) -> None:
    asked.ask()
    with create_session() as session:
        value = json.loads(session.scalars(select(XComModel.value)).one())
    others = ApprovalRecord.of({STRANGER: "boris"}, conn_id="x", channel_uuid="", options=[], asked_at="")
    asked.push(XCOM_KEY, {**value, "users": dict(others.users)})
    asked.reply(STRANGER, "1")
    assert asked.decision == NOTHING
    assert ApprovalRecord.read(value, uuid.uuid4()) is None  # nor does another try's


def test_the_second_approver_is_too_late_and_is_told_once(asked: Asked) -> None:
    asked.ask()
    asked.reply(ANNA, "1")
    asked.reply(BORIS, "2")
    asked.reply(BORIS, "2")
    assert asked.decision == (["Approve"], "anna")
    assert [text for text in asked.rig.texts(BORIS) if "Too late" in text] == [asked.rig.texts(BORIS)[2]]


def test_of_two_approvers_at_once_one_decides(asked: Asked) -> None:
    asked.ask()
    [question] = questions({"wahelp_default"})["wahelp_default"]
    with ThreadPoolExecutor(2) as pool:
        said = [("Approve", "anna"), ("Reject", "boris")]
        outcomes = list(pool.map(lambda one: decide(question, *one), said))
    assert sorted(outcomes) == ["decided", "late"]
    option, user = said[outcomes.index("decided")]
    assert asked.decision == ([option], user)


@pytest.mark.parametrize("user", ["viktor", "nobody"])
def test_a_user_whom_airflow_does_not_let_decides_nothing(asked: Asked, user: str) -> None:
    asked.ask({ANNA: user})
    asked.reply(ANNA, "1")
    assert asked.decision == NOTHING
    assert "may not decide" in asked.rig.texts(ANNA)[-1]


def test_a_task_that_is_assigned_to_others_stays_theirs(asked: Asked) -> None:
    asked.ask()
    with create_session() as session:
        session.execute(update(HITLDetail).values(assignees=[{"id": "boris", "name": "boris"}]))
    asked.reply(ANNA, "1")
    assert asked.decision == NOTHING
    asked.reply(BORIS, "1")
    assert asked.decision == (["Approve"], "boris")


def test_an_unclear_reply_decides_nothing_and_is_answered_once(asked: Asked) -> None:
    asked.ask()
    asked.reply(ANNA, "Да или нет?")
    asked.reply(ANNA, "Кто там?")
    assert asked.decision == NOTHING
    assert len([text for text in asked.rig.texts(ANNA) if "did not understand" in text]) == 1


@pytest.mark.parametrize(
    "approvers", [{}, None, {"123": "anna"}, {ANNA: ""}, {ANNA: "a", "+7 916 111-22-33": "b"}]
)
def test_approvers_are_refused_early_by_name(approvers: Any) -> None:
    with pytest.raises(InputError, match="approvers"):
        WahelpApprovalNotifier(approvers=approvers)


def test_who_is_asked_several_things_names_one_of_them(asked: Asked) -> None:
    asked.ask()
    [question] = questions({"wahelp_default"})["wahelp_default"]
    asked.reply(ANNA, "#9999 1" if question.code != "9999" else "#9998 1")
    assert asked.decision == NOTHING
    asked.reply(ANNA, f"#{question.code} 2")
    assert asked.decision == (["Reject"], "anna")


def test_a_reply_whose_process_died_decides_with_the_next_event_of_the_channel(asked: Asked) -> None:
    asked.rig.sandbox.receive(ANNA, "2", asked.rig.channel)
    asked.ask()
    asked.rig.sandbox.receive(ANNA, "1", asked.rig.channel)  # answered 200, and no more
    asked.reply(STRANGER, "Сколько стоит?")
    assert asked.decision == (["Approve"], "anna")
    assert asked.rig.texts(ANNA)[-1] == "Done: Approve"


def test_a_channel_is_searched_for_such_replies_once(asked: Asked) -> None:
    asked.ask()
    asked.reply(STRANGER, "Сколько стоит?")
    asked.rig.sandbox.clear_requests()
    asked.reply(STRANGER, "Алло?")
    assert asked.rig.sandbox.requests == []


def test_a_search_in_vain_is_made_again(asked: Asked) -> None:
    asked.ask()
    asked.rig.sandbox.receive(ANNA, "1", asked.rig.channel)
    asked.rig.sandbox.inject("error_before", path="*/messages", status=403, count=1)
    asked.reply(STRANGER, "Сколько стоит?")
    assert asked.decision == NOTHING
    asked.reply(STRANGER, "Алло?")
    assert asked.decision == (["Approve"], "anna")

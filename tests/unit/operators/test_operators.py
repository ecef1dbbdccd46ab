"""Operators: arguments, templates, XCom. What they do with the API is in ``tests/contract``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from airflow_provider_wahelp import operators, sensors
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.operators import (
    AskOperator,
    CreateChannelOperator,
    CreateProjectOperator,
    CreateUserOperator,
    GetMessagesOperator,
    SendMessageOperator,
    SetWebhookOperator,
)
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.sensors import ChannelActiveSensor, MessageStatusSensor

PHONE = "+71234567890"
EXAMPLES: list[tuple[type, dict[str, Any]]] = [
    (CreateProjectOperator, {"name": "Shop"}),
    (CreateChannelOperator, {"name": "Support"}),
    (CreateUserOperator, {"name": "Anna", "phone": PHONE}),
    (SendMessageOperator, {"text": "Hello", "user_id": 1}),
    (SendMessageOperator, {"text": "Hello", "phone": PHONE}),
    (AskOperator, {"question": "Do you come?", "user_id": 1}),
    (SetWebhookOperator, {"url": "https://example.com/in"}),
    (GetMessagesOperator, {}),
    (ChannelActiveSensor, {}),
]


class Ti:
    """The part of a task instance that operators use."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.fixture
def project(wahelp_sandbox: Sandbox, connect: Any) -> dict[str, Any]:
    connect(wahelp_sandbox.url)
    return {"project_id": CreateProjectOperator(task_id="project", name="Shop").execute({})["id"]}


@pytest.fixture
def channel(project: dict[str, Any], wahelp_sandbox: Sandbox) -> dict[str, Any]:
    made = CreateChannelOperator(task_id="channel", name="Support", **project).execute({})
    wahelp_sandbox.scan(made["uuid"])
    return {**project, "channel_uuid": made["uuid"]}


@pytest.mark.parametrize(
    ("operator", "arguments", "named"),
    [
        (CreateProjectOperator, {"name": " "}, "name"),
        (CreateProjectOperator, {"name": "Shop", "if_exists": "maybe"}, "if_exists"),
        (CreateChannelOperator, {"name": "Support", "channel_type": "pigeon"}, "channel_type"),
        (CreateChannelOperator, {"name": "Support", "project_id": "shop"}, "project_id"),
        (CreateChannelOperator, {"name": "Support", "project_id": 0}, "project_id"),
        (CreateUserOperator, {"name": "Anna", "phone": "no phone"}, "phone"),
        (CreateUserOperator, {"name": "Anna", "phone": "123"}, "phone"),
        (CreateUserOperator, {"name": "Anna", "phone": "1" * 16}, "phone"),
        (SendMessageOperator, {"text": "Hello"}, "user_id, phone"),
        (SendMessageOperator, {"text": "Hello", "user_id": 1, "phone": PHONE}, "user_id, phone"),
        (SendMessageOperator, {"text": "", "user_id": 1}, "text"),
        (SendMessageOperator, {"text": None, "user_id": 1}, "text"),
        (SendMessageOperator, {"text": "Hello", "user_id": 1, "if_unclear": None}, "if_unclear"),
        (SendMessageOperator, {"text": "Hello", "user_id": 1, "on_rerun": None}, "on_rerun"),
        (SendMessageOperator, {"text": "Hello", "user_id": 1, "wait_timeout": None}, "wait_timeout"),
        (CreateProjectOperator, {"name": None}, "name"),
        (CreateChannelOperator, {"name": "Support", "channel_type": None}, "channel_type"),
        (CreateUserOperator, {"name": "Anna", "phone": None}, "phone"),
        (SetWebhookOperator, {"url": None}, "url"),
        (SetWebhookOperator, {}, "url"),
        (SetWebhookOperator, {"url": "https://example.com", "receiver": "wahelp_default"}, "url"),
        (SetWebhookOperator, {"url": "https://example.com", "entities": None}, "entities"),
        (MessageStatusSensor, {"message_id": None}, "message_id"),
        (MessageStatusSensor, {"message_id": 1, "status": None}, "status"),
        (ChannelActiveSensor, {"wahelp_conn_id": None}, "wahelp_conn_id"),
        (GetMessagesOperator, {"wahelp_conn_id": None}, "wahelp_conn_id"),
        (SendMessageOperator, {"text": "Hello", "user_id": 1, "channel_uuid": "a/b"}, "channel_uuid"),
        (SendMessageOperator, {"text": "Hello", "user_id": 1, "idempotency_key": " "}, "idempotency_key"),
        (SendMessageOperator, {"text": "Hello", "user_id": 1, "idempotency_key": True}, "idempotency_key"),
        (SetWebhookOperator, {"url": "example.com/in"}, "url"),
        (SetWebhookOperator, {"url": "https://example.com:port/"}, "url"),
        (SetWebhookOperator, {"url": "https://example.com", "api": "post"}, "api"),
        (SetWebhookOperator, {"url": "https://example.com", "entities": []}, "entities"),
        (GetMessagesOperator, {"limit": -1}, "limit"),
        (GetMessagesOperator, {"since": "yesterday"}, "since"),
        (GetMessagesOperator, {"until": "2026-01-01T00:00:00Z"}, "until"),
        (ChannelActiveSensor, {"channel_uuid": ""}, "channel_uuid"),
    ],
)
def test_a_bad_literal_is_refused_when_the_dag_is_parsed(
    operator: type, arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=rf"^{named}: ") as caught:
        operator(task_id="task", **arguments)
    assert "no phone" not in str(caught.value)


@pytest.mark.parametrize(("operator", "arguments"), EXAMPLES)
def test_every_argument_may_be_a_template(operator: type, arguments: dict[str, Any]) -> None:
    with DAG("templates", start_date=datetime(2026, 1, 1, tzinfo=UTC), schedule=None):
        task = (
            operator(
                task_id="task",
                **{name: f"{{{{ params['{name}'] }}}}" for name in arguments},
                project_id="{{ params['project_id'] }}",
                wahelp_conn_id="{{ params['conn'] }}",
            )
            if operator is not CreateProjectOperator
            else operator(task_id="task", name="{{ params['name'] }}", wahelp_conn_id="{{ params['conn'] }}")
        )
    params = {**arguments, "project_id": 7, "conn": "other"}
    task.render_template_fields({"params": params})
    assert task.wahelp_conn_id == "other"
    assert {name: getattr(task, name) for name in arguments} == {
        name: str(value) for name, value in arguments.items()
    }


def test_a_bad_value_of_a_template_is_refused_before_any_request(
    channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    task = SendMessageOperator(task_id="task", text="Hello", phone="{{ params.phone }}", **channel)
    task.render_template_fields({"params": {"phone": "none"}})
    wahelp_sandbox.clear_requests()
    with pytest.raises(InputError, match=r"^phone: must be"):
        task.execute({})
    assert wahelp_sandbox.requests == []


def test_all_public_names_are_importable_from_their_package() -> None:
    for package in (operators, sensors):
        assert all(isinstance(getattr(package, name), type) for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'NoSuchOperator'"):
        _ = operators.NoSuchOperator  # type: ignore[attr-defined]


def test_results_are_plain_json_and_ids_are_xcoms_of_their_own(channel: dict[str, Any]) -> None:
    ti = Ti()
    user = CreateUserOperator(task_id="user", name="Anna", phone=PHONE, **channel).execute({"ti": ti})
    assert json.loads(json.dumps(user)) == user
    assert (user["name"], user["phone"]) == ("Anna", "71234567890")
    assert ti.pushed == {"id": user["id"], **conversation(channel, user["id"])}

    ti = Ti()
    sent = SendMessageOperator(task_id="send", text="Hello", phone=PHONE, **channel).execute({"ti": ti})
    assert json.loads(json.dumps(sent)) == sent
    assert {"id", "user_id", "text", "status", "created_at"} <= set(sent)
    assert datetime.fromisoformat(sent["created_at"]).utcoffset() == UTC.utcoffset(None)
    assert ti.pushed == {"id": sent["id"], **conversation(channel, sent["user_id"])}


def conversation(channel: dict[str, Any], user_id: object) -> dict[str, str]:
    """Return what leads from a task to the page of a conversation: ids, no phone."""
    place = f"project_id={channel['project_id']}&channel_uuid={channel['channel_uuid']}"
    page = f"wahelp/conversations?conn_id=wahelp_default&{place}&user_id={user_id}"
    return {"wahelp_conversation_link": page} if AIRFLOW_V_3_1_PLUS else {}


def test_a_question_links_to_all_who_were_asked(channel: dict[str, Any]) -> None:
    from airflow.providers.common.compat.sdk import TaskDeferred

    ti = Ti()
    phones = [PHONE, "+79161112233"]
    task = AskOperator(task_id="ask", question="Do you come?", phones=phones, deferrable=True, **channel)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute({"ti": ti})
    people = [each["user_id"] for each in deferred.value.trigger.serialize()[1]["question"]["people"]]
    assert len(people) == 2
    assert ti.pushed == conversation(channel, "&user_id=".join(map(str, people)))


def test_no_page_is_linked_where_xcom_is_not_wanted(channel: dict[str, Any]) -> None:
    ti = Ti()
    send = SendMessageOperator(task_id="s", text="Hello", phone=PHONE, do_xcom_push=False, **channel)
    send.execute({"ti": ti})
    assert ti.pushed == {}


def test_an_id_that_is_not_there_is_no_xcom(project: dict[str, Any]) -> None:
    """Airflow 3.0 answers 422 to an XCom of ``None``, and the task fails."""
    ti = Ti()
    hook = SetWebhookOperator(task_id="hook", url="https://example.com/in", **project).execute({"ti": ti})
    assert hook["uuid"] is None
    assert ti.pushed == {}


def test_a_created_channel_is_linked_to(project: dict[str, Any]) -> None:
    ti = Ti()
    made = CreateChannelOperator(task_id="channel", name="Support", **project).execute({"ti": ti})  # type: ignore[typeddict-item]
    where = f"conn_id=wahelp_default&project_id={project['project_id']}&channel_uuid={made['uuid']}"
    link = {"wahelp_channel_link": f"wahelp/channels?{where}"} if AIRFLOW_V_3_1_PLUS else {}
    assert ti.pushed == {**link, "id": made["id"], "uuid": made["uuid"]}


def test_nothing_is_pushed_where_xcom_is_not_wanted(project: dict[str, Any]) -> None:
    ti = Ti()
    CreateProjectOperator(task_id="p", name="Shop", do_xcom_push=False).execute({"ti": ti})
    CreateProjectOperator(task_id="q", name="Shop", multiple_outputs=True).execute({"ti": ti})
    assert ti.pushed == {}  # Airflow itself pushes what multiple_outputs asks for


def test_the_log_says_which_message_to_whom_through_which_channel(
    channel: dict[str, Any], task_log: Any
) -> None:
    task = SendMessageOperator(task_id="send", text="A private text", phone=PHONE, name="Anna", **channel)
    message = task.execute({})
    said = task_log()
    assert (
        f"Sent message {message['id']} (14 characters) to user {message['user_id']} (+7*****7890) "
        f"through channel {channel['channel_uuid']}: sent"
    ) in said
    for secret in ("A private text", "1234567890", "demo@", "Anna"):
        assert secret not in said


@pytest.mark.parametrize("text", [42, 4.5])
def test_a_number_is_a_text_as_an_xcom_or_a_native_template_gives_it(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, task_log: Any, text: float
) -> None:
    task = SendMessageOperator(task_id="send", text=text, phone=PHONE, **channel)  # type: ignore[arg-type]
    assert task.execute({})["text"] == str(text)
    assert [line["text"] for line in wahelp_sandbox.conversation(PHONE)] == [str(text)]
    assert f"({len(str(text))} characters)" in task_log()


def test_sends_without_a_task_instance_are_not_taken_for_one_another(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, tmp_path: Path
) -> None:
    """Called by hand, as in a test: there is nothing to file them under, ledger or not."""
    for text in ("one", "two"):
        where = {**channel, "ledger_path": f"file://{tmp_path}/ledger"}
        SendMessageOperator(task_id="send", text=text, phone=PHONE, **where).execute({})
    assert [line["text"] for line in wahelp_sandbox.conversation(PHONE)] == ["one", "two"]


def test_the_history_is_written_for_its_owner_alone(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, tmp_path: Path
) -> None:
    SendMessageOperator(task_id="send", text="Привет", phone=PHONE, **channel).execute({})
    path = tmp_path / "new" / "history.jsonl"
    task = GetMessagesOperator(task_id="history", output_path=f"file://{path}", **channel)
    assert task.execute({}) == {"path": f"file://{path}", "count": 1}
    (row,) = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert (row["text"], row["direction"]) == ("Привет", "outgoing")
    assert path.stat().st_mode & 0o777 == 0o600
    task.execute({})  # a retry writes the file anew
    assert len(path.read_text("utf-8").splitlines()) == 1


def test_a_span_of_the_history_is_exported(
    channel: dict[str, Any], wahelp_sandbox: Sandbox, tmp_path: Path
) -> None:
    sent = SendMessageOperator(task_id="send", text="Привет", phone=PHONE, **channel).execute({})
    at = datetime.fromisoformat(sent["created_at"])
    path = f"file://{tmp_path}/history.jsonl"
    spans = [(at - timedelta(hours=1), at, 0), (at, at + timedelta(hours=1), 1)]
    for since, until, count in spans:
        task = GetMessagesOperator(
            task_id="export", since=str(since), until=until, output_path=path, **channel
        )
        assert task.execute({})["count"] == count


def test_a_webhook_secret_stays_out_of_the_log(project: dict[str, Any], task_log: Any) -> None:
    task = SetWebhookOperator(task_id="hook", url="https://example.com/in/s3cret?token=s3cret", **project)
    assert task.execute({})["url"] == "https://example.com/in/s3cret?token=s3cret"
    said = task_log()
    assert "s3cret" not in said
    assert "https://example.com/***" in said

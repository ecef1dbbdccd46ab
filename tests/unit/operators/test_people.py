"""The operators that remove and block people, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.operators import (
    BlockContactOperator,
    DeleteMessageOperator,
    DeleteUserOperator,
    ImportContactsOperator,
    UnblockContactOperator,
)
from airflow_provider_wahelp.sandbox import Sandbox

PHONE = "+79161234567"


@pytest.fixture
def anna(wahelp_sandbox: Sandbox, connect: Any) -> Any:
    uuid = wahelp_sandbox.create_channel()["uuid"]
    connect(wahelp_sandbox.url, extra={"project_id": 101, "channel_uuid": uuid, "default_region": "RU"})
    with WahelpHook() as hook:
        return hook.create_user("Anna", PHONE)


def test_a_person_is_deleted_by_phone_and_the_log_shows_none(anna: Any, task_log: Any) -> None:
    task = DeleteUserOperator(task_id="delete", phone="8 916 123-45-67")
    assert task.execute({}) == {"deleted": True}
    assert task.execute({}) == {"deleted": False}
    said = task_log()
    assert "deleted" in said
    assert "1234567" not in said.replace("-", "").replace(" ", "")


def test_a_person_is_deleted_by_id(anna: Any) -> None:
    task = DeleteUserOperator(task_id="delete", user_id="{{ user }}")
    task.render_template_fields({"user": str(anna.id)})  # type: ignore[typeddict-unknown-key, arg-type, unused-ignore]
    assert task.execute({}) == {"deleted": True}


def test_a_wahelp_that_cannot_delete_fails_the_task(anna: Any, wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.inject("error_before", operation="delete_user", status=404)
    with pytest.raises(errors.NotFoundError, match="delete user"):
        DeleteUserOperator(task_id="delete", user_id=anna.id).execute({})


def test_a_contact_is_blocked_and_unblocked(anna: Any) -> None:
    blocked = {"id": anna.contact_id, "blocked": True}
    assert BlockContactOperator(task_id="block", phone=PHONE).execute({}) == blocked
    assert BlockContactOperator(task_id="block", contact_id=anna.contact_id).execute({}) == blocked
    free = UnblockContactOperator(task_id="unblock", contact_id=str(anna.contact_id)).execute({})
    assert free == {"id": anna.contact_id, "blocked": False}


def test_a_message_is_deleted_and_contacts_are_imported(anna: Any, wahelp_sandbox: Sandbox) -> None:
    with WahelpHook() as hook:
        sent = hook.send_message("Hello", anna.id)
    task = DeleteMessageOperator(task_id="delete", message_id=str(sent.id))
    assert task.execute({}) == {"deleted": True}
    assert wahelp_sandbox.conversation(PHONE)[0]["text"] == "_Message deleted_"
    assert ImportContactsOperator(task_id="import").execute({})["total"] == 1


def test_what_an_import_tells_of_people_is_no_xcom(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"imported": 1, "ok": True, "contacts": [{"phone": PHONE}], "name": "Anna"}
    monkeypatch.setattr(WahelpHook, "import_contacts", lambda *_: answer)
    assert ImportContactsOperator(task_id="import").execute({}) == {"imported": 1}
    monkeypatch.setattr(WahelpHook, "import_contacts", lambda *_: [{"phone": PHONE}])
    assert ImportContactsOperator(task_id="import").execute({}) == {}


@pytest.mark.parametrize(
    ("kind", "given", "refused"),
    [
        (DeleteUserOperator, {}, "user_id, phone"),
        (DeleteUserOperator, {"user_id": 1, "phone": PHONE}, "user_id, phone"),
        (DeleteUserOperator, {"phone": "12"}, "phone"),
        (BlockContactOperator, {}, "contact_id, phone"),
        (UnblockContactOperator, {"contact_id": "a/b"}, "contact_id"),
        (DeleteMessageOperator, {"message_id": None}, "message_id"),
    ],
)
def test_a_dag_file_shows_bad_input_by_its_name(kind: Any, given: Any, refused: str) -> None:
    with pytest.raises(errors.InputError, match=f"^{refused}: "):
        kind(task_id="task", **given)

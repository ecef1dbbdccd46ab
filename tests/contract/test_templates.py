"""Templates of WhatsApp Business, through both hooks and the operators, against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.operators import CreateTemplateOperator, ListTemplatesOperator
from airflow_provider_wahelp.sandbox import Sandbox


@pytest.fixture
def waba(hook: Any, project: int) -> dict[str, Any]:
    return {"channel_uuid": hook.create_channel("Shop", "waba", project).uuid, "project_id": project}


def test_a_template_from_its_creation_to_its_end(hook: Any, waba: dict[str, Any]) -> None:
    fields = {"language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hello"}]}
    made = hook.create_template("hello", fields, **waba)
    assert (made.name, made.language, made.category, made.status) == ("hello", "en", "UTILITY", "PENDING")
    assert made.extra == {"components": fields["components"]}
    assert hook.create_template("hello", fields, **waba) == made
    assert hook.get_template(str(made.id), **waba) == made
    assert [each.id for each in hook.list_templates(**waba)] == [made.id]
    assert hook.import_templates(**waba) == {"imported": 0, "total": 1}
    assert hook.delete_template(made.id, **waba) is True
    assert hook.delete_template(made.id, **waba) is False
    with pytest.raises(errors.NotFoundError):
        hook.get_template(made.id, **waba)
    assert hook.create_template("hello", fields, **waba).id != made.id


def test_other_channels_have_none(hook: Any, channel: dict[str, Any]) -> None:
    with pytest.raises(errors.RejectedError):
        hook.create_template("hello", **channel)
    with pytest.raises(errors.InputError, match=r"^template_id: must be"):
        hook.get_template("a/b", **channel)


def test_a_template_is_created_once_though_its_answer_is_lost(
    hook: Any, waba: dict[str, Any], wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_wahelp.client.reconcile.CREATION_LOOKS", (0.0,))
    wahelp_sandbox.inject("cut_after", operation="create_template", count=1)
    made = hook.create_template("hello", {"language": "en"}, **waba)
    assert [each.id for each in hook.list_templates(**waba)] == [made.id]


def test_the_operators_create_and_read(hook: Any, waba: dict[str, Any]) -> None:
    task = CreateTemplateOperator(
        task_id="create", name="{{ name }}", fields={"language": "{{ 'en' }}"}, **waba
    )
    task.render_template_fields({"name": "hello"})  # type: ignore[typeddict-unknown-key, arg-type, unused-ignore]
    made = task.execute({})
    assert (made["name"], made["language"]) == ("hello", "en")
    assert ListTemplatesOperator(task_id="read", import_first=True, **waba).execute({}) == [made]
    with pytest.raises(errors.InputError, match=r"^fields: must be a dict"):
        CreateTemplateOperator(task_id="create", name="hello", fields=["en"])  # type: ignore[arg-type]

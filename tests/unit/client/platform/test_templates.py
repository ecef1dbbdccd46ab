"""Templates of WhatsApp Business: their calls, and that none is created twice."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.platform import templates
from tests.unit.client.script import CHANNEL, data, fails, outcome, play
from tests.unit.client.wire import TEXT, answer

PATH = f"{CHANNEL}/waba_templates"
LIST, CREATE = f"GET {PATH}", f"POST {PATH}"
NEW = {"name": "hello", "body": TEXT}
ROWS = [{"id": 3, "name": "hello", "language": "en"}, {"id": 4, "name": "hello", "language": "ru"}]


@pytest.mark.parametrize(
    ("call", "line", "json", "repeatable"),
    [
        (templates.list_templates(1, "c", 2), LIST, None, True),
        (templates.create_template(1, "c", "hello", {"body": TEXT}), CREATE, NEW, False),
        (templates.get_template(1, "c", 3), f"GET {PATH}/3", None, True),
        (templates.delete_template(1, "c", "../3"), f"DELETE {PATH}/..%2F3", None, True),
        (templates.import_templates(1, "c"), f"POST {PATH}/import", None, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_call_is_what_the_list_says(call: Call[Any], line: str, json: Any, repeatable: bool) -> None:
    assert (f"{call.method} {call.path}", call.json, call.repeatable) == (line, json, repeatable)
    assert call.project_id == 1
    with pytest.raises(errors.RejectedError) as caught:
        call.result(answer({"success": False, "message": f"bad: {TEXT}"}, 422))
    assert json is None or TEXT not in f"{call!r} {caught.value}"


def ensure(if_exists: Any = "reuse", **fields: Any) -> Any:
    return templates.ensure_template(1, "c", "hello", fields, if_exists)


def test_a_template_is_known_by_name_and_language() -> None:
    script = (LIST, data(ROWS)), (LIST, data([]))
    assert play(ensure(language="ru"), *script).id == 4
    assert play(ensure(), *script).id == 3
    assert type(outcome(ensure("fail"), *script)) is errors.ExistsError
    assert play(ensure(language="de"), *script, (CREATE, data({"id": 5}))).id == 5
    assert play(ensure("create"), *script, (CREATE, data({"id": 5}))).id == 5


def test_a_template_is_created_once() -> None:
    script = (LIST, data([])), (CREATE, fails(502)), (LIST, data(ROWS)), (LIST, data([]))
    assert play(ensure(language="en"), *script).id == 3


def test_what_the_api_says_beside_the_guesses_is_kept() -> None:
    template = templates.get_template(1, "c", 3).result(data({"id": 3, "components": [1], "name": ["x"]}))
    assert (template.name, template.to_dict()["components"]) == (None, [1])

"""AskOperator: what its arguments must be, as a literal and as a template."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.operators import AskOperator

PHONE = "+71234567890"
GIVEN: dict[str, Any] = {"task_id": "ask", "question": "Do you come?", "phone": PHONE}

BAD: list[tuple[dict[str, Any], str]] = [
    ({"question": " "}, "question"),
    ({"question": None}, "question"),
    ({"answers": {"yes": []}}, "answers"),
    ({"answers": {"yes": ["sure"], "no": ["Sure!"]}}, "answers"),
    ({"answers": None}, "answers"),
    ({"phone": None}, "user_id, phone, phones"),
    ({"user_id": 1}, "user_id, phone, phones"),
    ({"phones": [PHONE]}, "user_id, phone, phones"),
    ({"phone": None, "phones": [PHONE, "no phone"]}, "phone"),
    ({"phone": None, "phones": 7}, "phones"),
    ({"phone": "no phone"}, "phone"),
    ({"decide": "last"}, "decide"),
    ({"on_unclear": None}, "on_unclear"),
    ({"max_repeats": -1}, "max_repeats"),
    ({"max_repeats": 1.5}, "max_repeats"),
    ({"max_repeats": True}, "max_repeats"),
    ({"wait_timeout": 0}, "wait_timeout"),
    ({"wait_timeout": None}, "wait_timeout"),
    ({"reminder_after": timedelta(0)}, "reminder_after"),
    ({"reminder_text": ""}, "reminder_text"),
    ({"unclear_text": " "}, "unclear_text"),
    ({"voice_text": "\ud800"}, "voice_text"),
    ({"default": "maybe"}, "default"),
    ({"branches": {"yes": "book"}}, "branches"),
    ({"branches": {"yes": "book", "no": "cancel", "maybe": "wait"}}, "branches"),
    ({"branches": {"yes": "book", "no": 7}}, "branches"),
    ({"branches": ["book", "cancel"]}, "branches"),
    ({"poll_interval": "often"}, "poll_interval"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD)
def test_a_bad_literal_is_refused_when_the_dag_is_parsed(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=rf"^{re.escape(named)}: ") as caught:
        AskOperator(**{**GIVEN, **arguments})
    assert "no phone" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"answers": ("yes", "no"), "default": "no"},
        {"answers": {"a": [], "b": "word"}, "branches": {"a": "one", "b": ["two", "three"]}},
        {"answers": ["yes", "no"], "branches": {"yes": "one", "no": []}},
        {"phone": None, "phones": [PHONE, "+7 123 456-78-91"], "decide": "all"},
        {"phone": None, "phones": "{{ ti.xcom_pull('people') }}"},
        {"phone": "{{ params.phone }}", "answers": "{{ params.answers }}", "default": "{{ params.other }}"},
        {"max_repeats": 0, "reminder_after": 60, "wait_timeout": timedelta(hours=4)},
    ],
)
def test_what_may_be_right_is_taken(arguments: dict[str, Any]) -> None:
    AskOperator(**{**GIVEN, **arguments})


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"answers": "yes or no"}, "answers"),
        ({"default": "maybe"}, "default"),
        ({"phones": [PHONE]}, "user_id, phone, phones"),
        ({"branches": {"yes": "book"}}, "branches"),
    ],
)
def test_a_template_is_checked_before_anything_is_sent(
    arguments: dict[str, Any], named: str, connect: Any
) -> None:
    connect("http://127.0.0.1:1", extra={"project_id": 1, "channel_uuid": "c-1"})
    task = AskOperator(**GIVEN)
    for name, value in arguments.items():
        setattr(task, name, value)  # as Airflow renders it
    with pytest.raises(InputError, match=rf"^{named}: "):
        task.execute({})

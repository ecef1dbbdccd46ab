"""Rows do not show in Airflow's rendered templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.serialization.helpers import serialize_template_field

from airflow_provider_wahelp.operators import SendMessagesOperator

PHONE = "+79161234567"
ROWS = [{"phone": PHONE, "name": "Anna"}, {"phone": PHONE, "name": "{{ ds }}"}]


def operator(**given: Any) -> SendMessagesOperator:
    return SendMessagesOperator(**{"task_id": "mail", "text": "Hello", "recipients": (), **given})


def stored(task: SendMessagesOperator) -> str:
    """Return what Airflow keeps of the rendered templates."""
    return str({name: serialize_template_field(getattr(task, name), name) for name in task.template_fields})


@pytest.mark.parametrize("name", ["recipients", "suppress"])
@pytest.mark.parametrize("rows", [ROWS, tuple(ROWS), str(ROWS), iter(ROWS), [PHONE]])
def test_what_templates_became_does_not_show_people(name: str, rows: Any) -> None:
    task = operator()
    setattr(task, name, rows)
    assert PHONE[1:] not in stored(task)
    assert "rows, not shown)" in stored(task)
    assert PHONE[1:] not in repr(getattr(task, name))


def test_literal_rows_are_rendered_first() -> None:
    task = operator(recipients=ROWS)
    task.render_template_fields({"ds": "2026-01-01"})  # type: ignore[arg-type]
    assert [row["name"] for row in task.rows()] == ["Anna", "2026-01-01"]  # type: ignore[index]
    assert "(2 rows, not shown)" in stored(task)


@pytest.mark.parametrize("path", ["s3://bucket/people.csv", Path("people.csv"), None])
def test_paths_show(path: Any) -> None:
    task = operator()
    task.recipients = path
    assert task.recipients == path


def test_rows_rendered_twice_stay_what_they_are() -> None:
    task = operator()
    task.recipients = ROWS
    task.recipients = task.recipients
    assert list(task.rows()) == ROWS

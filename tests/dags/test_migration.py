"""The page of migration: what stands under *After* is code that works."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_wahelp import operators
from airflow_provider_wahelp.notifications import WahelpNotifier
from airflow_provider_wahelp.sandbox import Sandbox

PAGE = (Path(__file__).parents[2] / "docs/migration.md").read_text("utf-8")
AFTER = re.findall(r"### After\n\n```python\n(.*?)```", PAGE, re.DOTALL)
BEFORE = re.findall(r"### Before\n\n```python\n(.*?)```", PAGE, re.DOTALL)


def run(code: str) -> tuple[DAG, dict[str, Any]]:
    """Run the code of a DAG file; return the DAG, and the names that are defined."""
    names: dict[str, Any] = {}
    with DAG("moved", schedule=None, start_date=datetime(2026, 1, 1), params={"order": "B-7"}) as dag:
        exec(compile(code, "docs/migration.md", "exec"), names)
    return dag, names


def test_each_has_a_before_an_after_and_what_is_gained() -> None:
    assert len(AFTER) == len(BEFORE) == PAGE.count("### Gained") == 5


@pytest.mark.parametrize("code", BEFORE, ids=range(len(BEFORE)))
def test_what_stands_before_is_python(code: str) -> None:
    compile(code, "docs/migration.md", "exec")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (AFTER[0], operators.SendMessageOperator),
        (AFTER[1], operators.WahelpApiOperator),
        (AFTER[3], operators.SendMessagesOperator),
    ],
)
def test_an_operator_is_made(code: str, kind: type) -> None:
    dag, _ = run(code)
    assert list(map(type, dag.tasks)) == [kind]


def test_a_notifier_is_made() -> None:
    _, names = run(AFTER[2])
    assert isinstance(names["default_args"]["on_failure_callback"], WahelpNotifier)


@pytest.mark.usefixtures("wahelp_connection")
def test_a_task_with_the_hook_sends(wahelp_sandbox: Sandbox) -> None:
    _, names = run(AFTER[4])
    assert names["send"].function("+71234567890", "Hello") > 0
    assert [line["text"] for line in wahelp_sandbox.conversation("+71234567890")] == ["Hello"]
